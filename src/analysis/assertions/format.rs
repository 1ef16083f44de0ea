//! The file of promises.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::authn::Principal;
use crate::kube::{LabelSelector, SubjectKind};
use crate::text::yaml::{self, Spanned};

/// What is wrong with a file of promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct FormatError {
    /// `file:line`
    pub place: String,
    /// What is wrong.
    pub message: String,
}

/// The promises of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promises {
    /// The file.
    pub file: String,
    /// The promises, in the order of the file.
    pub promises: Vec<Promise>,
}

/// One promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// What it is called.
    pub name: String,
    /// The line on which it begins.
    pub line: u64,
    /// What it says.
    pub asserted: Asserted,
}

/// What a promise says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asserted {
    /// Someone can do something, everywhere it speaks of.
    Can(Who, Request),
    /// Someone can't do something, anywhere it speaks of.
    Cannot(Who, Request),
    /// No one but these subjects can.
    OnlyThese(Request, BTreeSet<Principal>),
    /// No one can.
    NoOne(Request),
}

/// Who.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The user.
    pub user: String,
    /// The user's groups.
    pub groups: Vec<String>,
}

/// What.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The verbs.
    pub verbs: Vec<String>,
    /// The resource as on kubectl's command line, or a URL.
    pub resource: String,
    /// The subresource.
    pub subresource: String,
    /// The name.
    pub name: String,
    /// Where.
    pub namespaces: Namespaces,
}

/// Where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Namespaces {
    /// In each of these.
    Named(Vec<String>),
    /// In every namespace that the input knows.
    Every,
    /// In every Namespace with these labels.
    Labelled(LabelSelector),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    promises: Vec<Spanned<RawPromise>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawPromise {
    name: Option<String>,
    can: Option<RawRequest>,
    cannot: Option<RawRequest>,
    only_these: Option<RawRequest>,
    no_one: Option<RawRequest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawRequest {
    #[serde(rename = "as")]
    user: Option<String>,
    groups: Option<Vec<String>>,
    verb: Option<String>,
    verbs: Option<Vec<String>>,
    resource: String,
    subresource: Option<String>,
    resource_name: Option<String>,
    namespace: Option<String>,
    namespaces: Option<Vec<String>>,
    every_namespace: Option<bool>,
    namespace_selector: Option<RawSelector>,
    subjects: Option<Vec<RawSubject>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawSelector {
    match_labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawSubject {
    kind: String,
    name: String,
    namespace: Option<String>,
}

impl Promises {
    /// Reads a file of promises. The form is documented in `docs/promises.md`.
    ///
    /// # Errors
    /// If the text isn't of that form, with its line.
    pub fn read(file: &str, text: &str) -> Result<Self, FormatError> {
        let error = |line: u64, message: String| FormatError {
            place: format!("{file}:{line}"),
            message,
        };
        let raw: RawFile = yaml::document(text)
            .and_then(|document| document.read())
            .map_err(|problem| error(problem.span().line.into(), problem.to_string()))?;
        if raw.promises.is_empty() {
            return Err(error(1, "it holds no promise".to_owned()));
        }
        let mut promises = Vec::new();
        for located in raw.promises {
            let line = located.span.line.into();
            promises.push(promise(located.value, line).map_err(|message| error(line, message))?);
        }
        Ok(Promises {
            file: file.to_owned(),
            promises,
        })
    }
}

fn promise(raw: RawPromise, line: u64) -> Result<Promise, String> {
    let given = [&raw.can, &raw.cannot, &raw.only_these, &raw.no_one];
    if given.iter().filter(|given| given.is_some()).count() != 1 {
        return Err(
            "a promise says exactly one of `can`, `cannot`, `onlyThese`, `noOne`".to_owned(),
        );
    }
    let asserted = if let Some(raw) = raw.can {
        let (who, request) = with_who(raw)?;
        Asserted::Can(who, request)
    } else if let Some(raw) = raw.cannot {
        let (who, request) = with_who(raw)?;
        Asserted::Cannot(who, request)
    } else if let Some(mut raw) = raw.only_these {
        let subjects = raw.subjects.take();
        let subjects = subjects.ok_or("`onlyThese` lists its `subjects`")?;
        let subjects: Result<_, String> = subjects.into_iter().map(subject).collect();
        Asserted::OnlyThese(without_who(raw)?, subjects?)
    } else {
        let raw = raw.no_one.ok_or("a promise says something")?;
        Asserted::NoOne(without_who(raw)?)
    };
    Ok(Promise {
        name: raw.name.unwrap_or_else(|| format!("line {line}")),
        line,
        asserted,
    })
}

fn with_who(raw: RawRequest) -> Result<(Who, Request), String> {
    if raw.subjects.is_some() {
        return Err("`subjects` belongs to `onlyThese`".to_owned());
    }
    let who = Who {
        user: raw
            .user
            .clone()
            .filter(|user| !user.is_empty())
            .ok_or("`as` says who asks")?,
        groups: raw.groups.clone().unwrap_or_default(),
    };
    Ok((who, request(raw)?))
}

fn without_who(raw: RawRequest) -> Result<Request, String> {
    if raw.user.is_some() || raw.groups.is_some() || raw.subjects.is_some() {
        return Err("`as`, `groups` and `subjects` don't belong here".to_owned());
    }
    request(raw)
}

fn request(raw: RawRequest) -> Result<Request, String> {
    let verbs = match (raw.verb, raw.verbs) {
        (Some(verb), None) => vec![verb],
        (None, Some(verbs)) if !verbs.is_empty() => verbs,
        _ => return Err("say either `verb` or `verbs`".to_owned()),
    };
    let namespaces = match (
        raw.namespace,
        raw.namespaces,
        raw.every_namespace,
        raw.namespace_selector,
    ) {
        (None, None, None | Some(false), None) => Namespaces::Named(vec!["default".to_owned()]),
        (Some(namespace), None, None | Some(false), None) => Namespaces::Named(vec![namespace]),
        (None, Some(names), None | Some(false), None) if !names.is_empty() => {
            Namespaces::Named(names)
        }
        (None, None, Some(true), None) => Namespaces::Every,
        (None, None, None | Some(false), Some(selector)) => Namespaces::Labelled(LabelSelector {
            match_labels: selector.match_labels.into_iter().collect(),
            match_expressions: Vec::new(),
        }),
        _ => {
            return Err(
                "say one of `namespace`, `namespaces`, `everyNamespace`, `namespaceSelector`"
                    .to_owned(),
            );
        }
    };
    Ok(Request {
        verbs,
        resource: raw.resource,
        subresource: raw.subresource.unwrap_or_default(),
        name: raw.resource_name.unwrap_or_default(),
        namespaces,
    })
}

fn subject(raw: RawSubject) -> Result<Principal, String> {
    let kind = match &*raw.kind {
        "User" => SubjectKind::User,
        "Group" => SubjectKind::Group,
        "ServiceAccount" => SubjectKind::ServiceAccount,
        other => {
            return Err(format!(
                "a subject is a `User`, `Group` or `ServiceAccount`, not a `{other}`"
            ));
        }
    };
    let namespace = raw.namespace.unwrap_or_default();
    if kind == SubjectKind::ServiceAccount && namespace.is_empty() {
        return Err(format!("ServiceAccount {} needs a `namespace`", raw.name));
    }
    Ok(Principal::new(kind, &namespace, &raw.name))
}

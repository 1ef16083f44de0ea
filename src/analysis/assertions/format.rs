//! The file of assertions.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::ask::Who;
use crate::authn::Principal;
use crate::kube::{LabelSelector, SubjectKind};
use crate::text::yaml::{self, NodeSpan, Spanned};

/// What is wrong with a file of assertions, and on which line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct FormatError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub problem: FormatProblem,
}

/// What is wrong with a file of assertions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatProblem {
    /// It isn't YAML of this form.
    #[error("{0}")]
    Yaml(String),
    /// It has no list of assertions.
    #[error("missing field `assertions`")]
    NoList,
    /// It has a list under each name.
    #[error("say either `assertions` or `promises`, which means the same")]
    TwoLists,
    /// The list is empty.
    #[error("it holds no assertion")]
    Empty,
    /// The file has more lines than are counted.
    #[error("the file has too many lines")]
    TooManyLines,
    /// An assertion expects nothing, or several things.
    #[error("an assertion says exactly one of `can`, `cannot`, `onlyThese`, `noOne`")]
    NotOneExpectation,
    /// `onlyThese` without subjects.
    #[error("`onlyThese` lists its `subjects`")]
    NoSubjects,
    /// Subjects of `can` or `cannot`.
    #[error("`subjects` belongs to `onlyThese`")]
    SubjectsMisplaced,
    /// `can` or `cannot` without someone who asks.
    #[error("`as` says who asks")]
    NoAsker,
    /// Someone who asks, or subjects, where everyone is meant.
    #[error("`as`, `groups` and `subjects` don't belong here")]
    AskerMisplaced,
    /// No verb, or both forms.
    #[error("say either `verb` or `verbs`")]
    NotOneVerbForm,
    /// Several forms of namespaces.
    #[error("say one of `namespace`, `namespaces`, `everyNamespace`, `namespaceSelector`")]
    NotOnePlace,
    /// A URL with what only an object has.
    #[error("a URL has no `subresource` and no `resourceName`")]
    ObjectFieldsOfUrl,
    /// A subject of another kind.
    #[error("a subject is a `User`, `Group` or `ServiceAccount`, not a `{0}`")]
    SubjectKind(String),
    /// A ServiceAccount without its namespace.
    #[error("ServiceAccount {0} needs a `namespace`")]
    NoSubjectNamespace(String),
}

/// The assertions of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertionFile {
    /// The name of the file.
    pub name: String,
    /// The assertions, in the order of the file.
    pub assertions: Vec<Assertion>,
}

/// One assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// What it is called.
    pub name: String,
    /// The line on which it begins.
    pub line: u32,
    /// What it expects.
    pub expectation: Expectation,
    /// Everyone whom it names, in the order of the file.
    pub named: Vec<AssertedSubject>,
}

/// Someone whom an assertion names: who asks, a group of theirs, or a subject of `onlyThese`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertedSubject {
    /// Who.
    pub subject: Principal,
    /// Where the name, or for `onlyThese` the subject, stands.
    pub place: NodeSpan,
}

/// What an assertion expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// Someone can make every request.
    Can(Who, AssertedRequests),
    /// Someone can make none of the requests.
    Cannot(Who, AssertedRequests),
    /// No one but these subjects can.
    OnlyThese(AssertedRequests, BTreeSet<Principal>),
    /// No one can.
    NoOne(AssertedRequests),
}

/// The requests of an assertion: each verb in each namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertedRequests {
    /// The verbs.
    pub verbs: Vec<String>,
    /// The resource as on kubectl's command line, or a URL.
    pub resource: String,
    /// The subresource; empty for none.
    pub subresource: String,
    /// The name; empty for none.
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
    assertions: Option<Vec<Spanned<RawAssertion>>>,
    /// What assertions were called at first.
    promises: Option<Vec<Spanned<RawAssertion>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawAssertion {
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
    user: Option<Spanned<String>>,
    groups: Option<Vec<Spanned<String>>>,
    verb: Option<String>,
    verbs: Option<Vec<String>>,
    resource: String,
    subresource: Option<String>,
    resource_name: Option<String>,
    namespace: Option<String>,
    namespaces: Option<Vec<String>>,
    every_namespace: Option<bool>,
    namespace_selector: Option<RawNamespaceSelector>,
    subjects: Option<Vec<Spanned<RawAllowedSubject>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawNamespaceSelector {
    match_labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawAllowedSubject {
    kind: String,
    name: String,
    namespace: Option<String>,
}

impl AssertionFile {
    /// Reads a file of assertions. The form is documented in `docs/assertions.md`.
    ///
    /// # Errors
    /// If the text isn't of that form, with its line.
    pub fn read(name: &str, text: &str) -> Result<Self, FormatError> {
        let error = |line: u64, problem: FormatProblem| FormatError {
            file: name.to_owned(),
            line,
            problem,
        };
        let raw: RawFile = yaml::document(text)
            .and_then(|document| document.read())
            .map_err(|problem| {
                let line = problem.span().line.into();
                error(line, FormatProblem::Yaml(problem.to_string()))
            })?;
        let list = match (raw.assertions, raw.promises) {
            (Some(list), None) | (None, Some(list)) => list,
            (None, None) => return Err(error(1, FormatProblem::NoList)),
            (Some(_), Some(_)) => return Err(error(1, FormatProblem::TwoLists)),
        };
        if list.is_empty() {
            return Err(error(1, FormatProblem::Empty));
        }
        let mut assertions = Vec::new();
        for located in list {
            let line = located.span.line.into();
            assertions
                .push(assertion(located.value, line).map_err(|problem| error(line, problem))?);
        }
        Ok(AssertionFile {
            name: name.to_owned(),
            assertions,
        })
    }
}

fn assertion(raw: RawAssertion, line: u64) -> Result<Assertion, FormatProblem> {
    let mut named = Vec::new();
    let expectation = match (raw.can, raw.cannot, raw.only_these, raw.no_one) {
        (Some(raw), None, None, None) => {
            let (who, requests) = with_who(raw, &mut named)?;
            Expectation::Can(who, requests)
        }
        (None, Some(raw), None, None) => {
            let (who, requests) = with_who(raw, &mut named)?;
            Expectation::Cannot(who, requests)
        }
        (None, None, Some(mut raw), None) => {
            let subjects = raw.subjects.take().ok_or(FormatProblem::NoSubjects)?;
            for raw in subjects {
                named.push(AssertedSubject {
                    subject: subject(raw.value)?,
                    place: raw.span,
                });
            }
            let subjects = named.iter().map(|named| named.subject.clone()).collect();
            Expectation::OnlyThese(without_who(raw)?, subjects)
        }
        (None, None, None, Some(raw)) => Expectation::NoOne(without_who(raw)?),
        _ => return Err(FormatProblem::NotOneExpectation),
    };
    Ok(Assertion {
        name: raw.name.unwrap_or_else(|| format!("line {line}")),
        line: u32::try_from(line).map_err(|_| FormatProblem::TooManyLines)?,
        expectation,
        named,
    })
}

fn with_who(
    raw: RawRequest,
    named: &mut Vec<AssertedSubject>,
) -> Result<(Who, AssertedRequests), FormatProblem> {
    if raw.subjects.is_some() {
        return Err(FormatProblem::SubjectsMisplaced);
    }
    let user = raw.user.as_ref().filter(|user| !user.value.is_empty());
    let user = user.ok_or(FormatProblem::NoAsker)?;
    let groups = raw.groups.as_deref().unwrap_or_default();
    let who = Who {
        name: user.value.clone(),
        groups: groups.iter().map(|group| group.value.clone()).collect(),
    };
    let mut name = |kind, word: &Spanned<String>| {
        named.push(AssertedSubject {
            subject: Principal::new(kind, "", &word.value),
            place: word.span,
        });
    };
    name(SubjectKind::User, user);
    for group in groups {
        name(SubjectKind::Group, group);
    }
    Ok((who, requests(raw)?))
}

fn without_who(raw: RawRequest) -> Result<AssertedRequests, FormatProblem> {
    if raw.user.is_some() || raw.groups.is_some() || raw.subjects.is_some() {
        return Err(FormatProblem::AskerMisplaced);
    }
    requests(raw)
}

fn requests(raw: RawRequest) -> Result<AssertedRequests, FormatProblem> {
    let verbs = match (raw.verb, raw.verbs) {
        (Some(verb), None) => vec![verb],
        (None, Some(verbs)) if !verbs.is_empty() => verbs,
        _ => return Err(FormatProblem::NotOneVerbForm),
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
        _ => return Err(FormatProblem::NotOnePlace),
    };
    let subresource = raw.subresource.unwrap_or_default();
    let name = raw.resource_name.unwrap_or_default();
    if raw.resource.starts_with('/') && !(subresource.is_empty() && name.is_empty()) {
        return Err(FormatProblem::ObjectFieldsOfUrl);
    }
    Ok(AssertedRequests {
        verbs,
        resource: raw.resource,
        subresource,
        name,
        namespaces,
    })
}

fn subject(raw: RawAllowedSubject) -> Result<Principal, FormatProblem> {
    let kind = match &*raw.kind {
        "User" => SubjectKind::User,
        "Group" => SubjectKind::Group,
        "ServiceAccount" => SubjectKind::ServiceAccount,
        _ => return Err(FormatProblem::SubjectKind(raw.kind)),
    };
    let namespace = raw.namespace.unwrap_or_default();
    if kind == SubjectKind::ServiceAccount && namespace.is_empty() {
        return Err(FormatProblem::NoSubjectNamespace(raw.name));
    }
    Ok(Principal::new(kind, &namespace, &raw.name))
}

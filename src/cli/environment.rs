//! Environments: what each cluster that a repository is for gets.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::kube::is_dns_label;
use crate::text::excerpt;
use crate::text::yaml::Spanned;

/// One cluster, as `.rbac-eval.yaml` names it. Paths are relative to that file's folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Environment {
    /// What it is called.
    pub(super) name: String,
    /// Folders that kustomize renders.
    #[serde(default, skip_serializing_if = "OneOrMany::is_empty")]
    pub(super) kustomize: OneOrMany<PathBuf>,
    /// Charts that Helm renders.
    #[serde(default, skip_serializing_if = "OneOrMany::is_empty")]
    pub(super) helm: OneOrMany<Chart>,
    /// Files and folders that are read as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) files: Vec<PathBuf>,
    /// What the cluster has beside the repository, laid under it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) with: Vec<PathBuf>,
    /// What objects without a namespace get, as by `kubectl -n`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<String>,
    /// Which Kubernetes the cluster runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kubernetes_version: Option<String>,
    /// As `--defaults`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) defaults: Option<String>,
    /// As `--directory`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) directory: Vec<PathBuf>,
    /// Files of assertions, for `test`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tests: Vec<PathBuf>,
    /// Findings that `check` ignores.
    #[serde(default, skip_serializing)]
    pub(super) ignore: Vec<IgnoreEntry>,
}

/// A finding that `check` ignores. Where it stands is no part of what it says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `code`, `object` and `reason`"
)]
pub(super) struct IgnoreEntry {
    /// The code, with its place.
    pub(super) code: Placed,
    /// The object, as findings print it.
    pub(super) object: String,
    /// Why.
    #[serde(default)]
    pub(super) reason: Option<String>,
}

impl IgnoreEntry {
    /// Whether two entries ignore the same findings.
    pub(super) fn is_like(&self, other: &IgnoreEntry) -> bool {
        self.code == other.code && self.object.trim() == other.object.trim()
    }
}

/// A word of the settings, and where it stands.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Spanned<String>")]
pub(super) struct Placed {
    pub(super) word: String,
    pub(super) line: u32,
    pub(super) column: u32,
}

impl From<Spanned<String>> for Placed {
    fn from(spanned: Spanned<String>) -> Self {
        Placed {
            word: spanned.value,
            line: spanned.span.line,
            column: spanned.span.column,
        }
    }
}

impl PartialEq for Placed {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word
    }
}

impl Eq for Placed {}

/// A chart, and how it is installed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with `chart`")]
pub(super) struct Chart {
    /// Its folder.
    pub(super) chart: PathBuf,
    /// The name of the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) release: Option<String>,
    /// The namespace of the release; else the environment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<String>,
    /// Files of values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) values: Vec<PathBuf>,
}

/// A list, or one thing that stands for a list of it alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OneOrMany<T>(pub(super) Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        OneOrMany(Vec::new())
    }
}

impl<T> OneOrMany<T> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Serialize> Serialize for OneOrMany<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &*self.0 {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrManyVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrManyVisitor<T> {
            type Value = OneOrMany<T>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("one of them, or a list")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                T::deserialize(StrDeserializer::new(text)).map(|one| OneOrMany(vec![one]))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|one| OneOrMany(vec![one]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut many = Vec::new();
                while let Some(one) = seq.next_element()? {
                    many.push(one);
                }
                Ok(OneOrMany(many))
            }
        }
        deserializer.deserialize_any(OneOrManyVisitor(PhantomData))
    }
}

impl Environment {
    /// All paths that it names.
    pub(super) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let charts = self.helm.0.iter();
        let charts = charts.flat_map(|chart| std::iter::once(&chart.chart).chain(&chart.values));
        let lists = [&self.kustomize.0, &self.files, &self.with];
        let lists = lists.into_iter().chain([&self.directory, &self.tests]);
        lists.flatten().chain(charts)
    }

    /// The same, with its paths seen from another folder.
    #[must_use]
    pub(super) fn seen_from(mut self, folder: &Path) -> Self {
        let lists = [&mut self.kustomize.0, &mut self.files, &mut self.with];
        let lists = lists
            .into_iter()
            .chain([&mut self.directory, &mut self.tests]);
        let mut charts = self.helm.0.iter_mut();
        let of_charts = charts
            .by_ref()
            .flat_map(|chart| std::iter::once(&mut chart.chart).chain(chart.values.iter_mut()));
        for path in lists.flatten().chain(of_charts) {
            *path = folder.join(&*path);
        }
        self
    }
}

/// The most environments of a file. Each is an answer of its own, and whoever changes a repository names
/// them.
const MOST: usize = 1000;

/// The most folders of all of them together that kustomize or Helm renders, each of which is a run.
const MOST_RENDERED: usize = 1000;

/// Refuses environments that can't be told apart, or say nothing of what a cluster gets.
pub(super) fn check(environments: &[Environment]) -> Result<(), String> {
    if environments.len() > MOST {
        return Err(format!(
            "it names {} environments, where {MOST} are the most",
            environments.len()
        ));
    }
    let rendered = environments.iter();
    let rendered = rendered.map(|one| one.kustomize.0.len() + one.helm.0.len());
    let rendered: usize = rendered.sum();
    if rendered > MOST_RENDERED {
        return Err(format!(
            "its environments name {rendered} folders for kustomize and Helm, where {MOST_RENDERED} are \
             the most"
        ));
    }
    let mut names = BTreeSet::new();
    for environment in environments {
        let name = &*environment.name;
        let shown = excerpt(name);
        if !is_name(name) {
            return Err(format!(
                "environment `{shown}`: a name is made of up to 63 letters, digits and `-_.`, and begins \
                 with a letter or digit"
            ));
        }
        if !names.insert(name) {
            return Err(format!("environment `{name}` is named twice"));
        }
        let Environment {
            kustomize,
            helm,
            files,
            namespace,
            ..
        } = environment;
        let charts = helm.0.iter().filter_map(|chart| chart.namespace.as_ref());
        let mut namespaces = namespace.iter().chain(charts);
        if let Some(namespace) = namespaces.find(|name| !is_dns_label(name)) {
            return Err(format!(
                "environment `{name}`: `{}` can't be the name of a namespace",
                excerpt(namespace)
            ));
        }
        if kustomize.is_empty() && helm.is_empty() && files.is_empty() {
            return Err(format!(
                "environment `{name}` doesn't say what the cluster gets; give `kustomize`, `helm` or `files`"
            ));
        }
    }
    Ok(())
}

/// Whether a word can be told from a flag and a path.
fn is_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    name.len() <= 63
        && name.bytes().all(is_inner)
        && name
            .as_bytes()
            .first()
            .is_some_and(u8::is_ascii_alphanumeric)
}

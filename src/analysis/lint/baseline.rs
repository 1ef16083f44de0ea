//! The findings that are known already: a baseline, as a file that is kept.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::may_be_ignored;
use crate::diagnostic::{Diagnostic, codes};
use crate::text::yaml::{self, NodeSpan, Spanned};
use crate::text::{Files, Quotes, excerpt, write_yaml};

/// The version of the form.
const VERSION: u32 = 1;

/// What makes two findings the same one, wherever they stand and however they are worded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct FindingKey {
    /// The code.
    pub code: String,
    /// The object; empty where the finding is about none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub object: String,
    /// The file of a finding that is about no object.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// What of the object it is about; empty for all of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub part: String,
}

impl FindingKey {
    /// The key of a finding whose places are in `files`.
    pub fn of(files: &Files, finding: &Diagnostic) -> Self {
        let object = finding.object.as_ref().map(ToString::to_string);
        let file = finding.span.filter(|_| object.is_none());
        let file = file.map(|span| files.place(span).file.to_owned());
        FindingKey {
            code: finding.code.id.to_owned(),
            object: object.unwrap_or_default(),
            file: file.unwrap_or_default(),
            part: finding.part.clone().unwrap_or_default(),
        }
    }
}

/// Findings that are known: which, and how often each.
pub type KnownFindings = BTreeMap<FindingKey, usize>;

/// The known findings of each environment; of an input that is none, under an empty name.
///
/// ```
/// use rbac_eval::analysis::lint::Baseline;
///
/// let text = "version: 1\nfindings:\n- {code: RBAC017, object: Role shop/reader}\n";
/// let baseline = Baseline::read("known.yaml", text)?;
/// assert_eq!(baseline.of("").values().sum::<usize>(), 1);
/// assert_eq!(Baseline::read("known.yaml", &baseline.written()?).unwrap(), baseline);
///
/// let error = Baseline::read("known.yaml", "version: 2\nfindings: []\n").unwrap_err();
/// assert!(error.to_string().starts_with("known.yaml:1:10: "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline(BTreeMap<String, KnownFindings>);

/// A baseline that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {why}; `check --write-baseline` writes such a file")]
pub struct BaselineError {
    file: String,
    line: u32,
    column: u32,
    why: String,
}

/// An entry as it is written.
#[derive(Serialize)]
struct WrittenEntry<'b> {
    #[serde(skip_serializing_if = "str::is_empty")]
    environment: &'b str,
    #[serde(flatten)]
    key: &'b FindingKey,
}

#[derive(Serialize)]
struct WrittenBaseline<'b> {
    version: u32,
    findings: Vec<WrittenEntry<'b>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadEntry {
    #[serde(default)]
    environment: String,
    code: Spanned<String>,
    #[serde(default)]
    object: String,
    #[serde(default)]
    file: String,
    #[serde(default)]
    part: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadBaseline {
    version: Spanned<u32>,
    findings: Vec<ReadEntry>,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// If it isn't one, or names codes that can't be known.
    pub fn read(file: &str, text: &str) -> Result<Self, BaselineError> {
        let told = |span: NodeSpan, why: String| BaselineError {
            file: file.to_owned(),
            line: span.line,
            column: span.column,
            why,
        };
        let read = yaml::document(text).and_then(|document| document.read::<ReadBaseline>());
        let read = read.map_err(|error| told(error.span(), error.to_string()))?;
        if read.version.value != VERSION {
            let why = format!(
                "`version: {}` isn't known; this program reads version {VERSION}",
                read.version.value
            );
            return Err(told(read.version.span, why));
        }
        let mut baseline = Baseline::default();
        for entry in read.findings {
            let id = &*entry.code.value;
            let code = codes::FINDINGS.iter().find(|code| code.id == id);
            if !code.is_some_and(|code| may_be_ignored(code)) {
                let why = match code {
                    Some(code) => format!("`{code}`, {}, can't be known before", code.title),
                    None => format!("there is no finding `{}`", excerpt(id)),
                };
                return Err(told(entry.code.span, why));
            }
            baseline.add(
                &entry.environment,
                FindingKey {
                    code: entry.code.value,
                    object: entry.object,
                    file: entry.file,
                    part: entry.part,
                },
            );
        }
        Ok(baseline)
    }

    fn add(&mut self, environment: &str, key: FindingKey) {
        let known = self.0.entry(environment.to_owned()).or_default();
        *known.entry(key).or_default() += 1;
    }

    /// Adds the findings of an environment that may be known.
    pub fn add_all<'f>(
        &mut self,
        environment: &str,
        files: &Files,
        findings: impl IntoIterator<Item = &'f Diagnostic>,
    ) {
        let findings = findings.into_iter();
        for finding in findings.filter(|finding| may_be_ignored(finding.code)) {
            self.add(environment, FindingKey::of(files, finding));
        }
    }

    /// What is known of an environment.
    pub fn of(&self, environment: &str) -> KnownFindings {
        self.0.get(environment).cloned().unwrap_or_default()
    }

    /// Whether all that this one knows another knows too.
    pub fn is_within(&self, other: &Baseline) -> bool {
        self.0.iter().all(|(environment, known)| {
            let theirs = other.0.get(environment);
            known.iter().all(|(key, count)| {
                let theirs = theirs.and_then(|theirs| theirs.get(key)).copied();
                count.cmp(&theirs.unwrap_or_default()) != Ordering::Greater
            })
        })
    }

    /// How many findings are known.
    pub fn count(&self) -> usize {
        let counts = self.0.values().flat_map(KnownFindings::values);
        counts.sum()
    }

    /// The file, sorted.
    ///
    /// # Errors
    /// If it can't be written as YAML.
    pub fn written(&self) -> Result<String, std::io::Error> {
        let entries = self.0.iter().flat_map(|(environment, known)| {
            let entries = known.iter();
            entries.flat_map(move |(key, &count)| {
                let entry = move || WrittenEntry { environment, key };
                std::iter::repeat_with(entry).take(count)
            })
        });
        let written = WrittenBaseline {
            version: VERSION,
            findings: entries.collect(),
        };
        let mut bytes = Vec::new();
        write_yaml(&written, Quotes::AsNeeded, &mut bytes).map_err(std::io::Error::other)?;
        let yaml = String::from_utf8(bytes).map_err(std::io::Error::other)?;
        Ok(format!(
            "# What `rbac-eval check --baseline` knows already.\n{yaml}"
        ))
    }
}

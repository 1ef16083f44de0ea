//! What a folder holds that is no manifest as it stands: charts and templates that nobody rendered, and
//! files without objects. One finding tells of all of a sort.
//!
//! What they would give isn't judged, which stays so for answers that compare: a change could hide a gain
//! there.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use crate::analysis::unjudged::Unjudged;
use crate::authz::rbac::RbacAuthorizer;
use crate::diagnostic::{Code, Describe, Diagnostic, NoManifest, Severity, codes};
use crate::text::{Files, Span};

/// How many are named.
const NAMED: usize = 3;

/// What of a sort is left aside.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LeftAside {
    sort: NoManifest,
    names: Vec<String>,
}

impl fmt::Display for LeftAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.names.len();
        match (self.sort, count) {
            (NoManifest::Chart, 1) => f.write_str(
                "a chart isn't rendered, so nothing of it is judged; name its folder with `-f`, or give it \
                 an environment (`rbac-eval init` does)",
            )?,
            (NoManifest::Chart, _) => write!(
                f,
                "{count} charts aren't rendered, so nothing of them is judged; name a folder with `-f`, or \
                 give each an environment (`rbac-eval init` does)"
            )?,
            (NoManifest::Template, 1) => f.write_str(
                "a template isn't rendered, so it isn't judged; give what is made of it",
            )?,
            (NoManifest::Template, _) => write!(
                f,
                "{count} templates aren't rendered, so they aren't judged; give what is made of them"
            )?,
            (NoManifest::NoObject, 1) => {
                f.write_str("a file can't be read, and holds no Kubernetes object")?;
            }
            (NoManifest::NoObject, _) => {
                write!(f, "{count} files can't be read, and hold no Kubernetes object")?;
            }
        }
        let named = self.names.iter().take(NAMED);
        let named: Vec<String> = named.map(|name| format!("`{name}`")).collect();
        write!(f, ": {}", named.join(", "))?;
        match count.saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl Describe for LeftAside {
    fn code(&self) -> &'static Code {
        match self.sort {
            NoManifest::Chart => &codes::RENDERED,
            NoManifest::Template | NoManifest::NoObject => &codes::UNREADABLE,
        }
    }

    fn severity(&self) -> Severity {
        match self.sort {
            NoManifest::Chart | NoManifest::Template => Severity::Medium,
            NoManifest::NoObject => Severity::Info,
        }
    }
}

/// Whether something is told together with others of its sort: not what the user named.
fn sort_of(diagnostic: &Diagnostic) -> Option<NoManifest> {
    diagnostic.no_manifest.filter(|_| !diagnostic.named)
}

/// Puts one finding in place of all of a sort.
pub(super) fn gather(files: &Files, findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let (aside, mut findings): (Vec<Diagnostic>, Vec<Diagnostic>) = findings
        .into_iter()
        .partition(|finding| sort_of(finding).is_some());
    findings.extend(told(files, &aside));
    findings
}

/// What an input holds that is no manifest as it stands, a line for each sort. Nobody named it, and an
/// answer of [`check`](super::check) holds these lines.
pub fn left_aside(rbac: &RbacAuthorizer) -> Vec<Diagnostic> {
    told(rbac.snapshot().files(), rbac.diagnostics())
}

fn told(files: &Files, diagnostics: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    for sort in NoManifest::ALL {
        let of_sort = diagnostics.iter();
        let of_sort = of_sort.filter(|one| sort_of(one) == Some(sort));
        let mut spans: Vec<Span> = of_sort.filter_map(|one| one.span).collect();
        spans.sort_unstable();
        // A file may hold several documents.
        spans.dedup_by_key(|span| span.file);
        let Some(&first) = spans.first() else {
            continue;
        };
        let names = spans.iter().map(|span| files.name(span.file).to_owned());
        let names = names.collect();
        told.push(Diagnostic {
            named: false,
            ..Diagnostic::new(first, LeftAside { sort, names })
        });
    }
    told
}

/// Whether it is told by [`left_aside`].
pub fn is_left_aside(diagnostic: &Diagnostic) -> bool {
    sort_of(diagnostic).is_some()
}

/// What isn't judged, with one part for all templates of a folder, and one for all its files without
/// objects. A chart is a folder by itself.
pub fn unjudged_by_folder(files: &Files, unjudged: Vec<Unjudged>) -> Vec<Unjudged> {
    let mut parts: Vec<Unjudged> = Vec::with_capacity(unjudged.len());
    // Of each sort and folder the place of its part, and the names.
    let mut groups: Vec<(NoManifest, String, usize, Vec<String>)> = Vec::new();
    let mut known = HashMap::new();
    for one in unjudged {
        let sort = one.no_manifest.filter(|sort| *sort != NoManifest::Chart);
        let (Some(sort), Some(span)) = (sort, one.span) else {
            parts.push(one);
            continue;
        };
        let name = files.name(span.file).to_owned();
        let folder = Path::new(&name).parent().unwrap_or(Path::new(""));
        let folder = folder.display().to_string();
        let at = *known.entry((sort, folder.clone())).or_insert_with(|| {
            groups.push((sort, folder, parts.len(), Vec::new()));
            parts.push(one.clone());
            groups.len() - 1
        });
        if let Some((.., names)) = groups.get_mut(at)
            && names.last() != Some(&name)
        {
            names.push(name);
        }
    }
    for (sort, _, at, names) in groups {
        if let Some(part) = parts.get_mut(at) {
            let aside = LeftAside { sort, names };
            part.severity = aside.severity();
            part.code = aside.code();
            part.object = None;
            part.reason = aside.to_string();
        }
    }
    parts
}

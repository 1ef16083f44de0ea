//! What an upgrade of Kubernetes changes beside what bindings give, in words.

use super::text::shown;
use std::collections::BTreeSet;

use crate::analysis::upgrade::{IntoPodsByGet, TypesChanged};
use crate::cluster::Snapshot;
use crate::entra::Directory;
use crate::object::Scope;

use super::view::SubjectView;
use super::words::count;

/// How many names a sentence has before the rest is counted.
const FEW: usize = 10;

/// What a report of an upgrade says beside the changes.
pub struct UpgradeNotes<'a> {
    /// The cluster before.
    pub before: &'a Snapshot,
    /// The cluster after.
    pub after: &'a Snapshot,
    /// The types that come and go.
    pub types: &'a TypesChanged,
    /// Who no longer gets into pods by `get` alone.
    pub into_pods: &'a [IntoPodsByGet],
    /// How many of the changes are losses.
    pub losses: usize,
    /// How many changes of components aren't listed.
    pub folded: usize,
    /// Names for object IDs.
    pub directory: &'a Directory,
}

impl UpgradeNotes<'_> {
    /// The first line: the changes' own verdict, and what no rule shows.
    pub fn verdict(&self, of_changes: &str, changes: usize) -> String {
        let mut verdict = match changes == 0 && self.folded > 0 {
            true => "no change in effective permissions but for components of Kubernetes and AKS",
            false => of_changes,
        }
        .to_owned();
        let subjects: BTreeSet<_> = self.into_pods.iter().map(|one| &one.principal).collect();
        if !subjects.is_empty() {
            let who = count(
                subjects.len(),
                "subject no longer gets",
                "subjects no longer get",
            );
            verdict.push_str(&format!("; {who} into pods by `get` alone"));
        }
        verdict
    }

    /// One sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let [from, to] = [self.before, self.after].map(|snapshot| snapshot.version().minor);
        let mut notes = Vec::new();
        if !self.into_pods.is_empty() {
            let who = self.into_pods.iter().map(|one| {
                let subject = SubjectView::of(&one.principal, self.directory);
                let place = match &one.scope {
                    Scope::Cluster => "cluster-wide".to_owned(),
                    Scope::Namespace(namespace) => format!("in namespace `{namespace}`"),
                };
                let what = one.subresources.join(", ");
                shown(&format!("`{subject}` ({what}; {place})")).into_owned()
            });
            notes.push(format!(
                "from 1.35 on exec, attach and portforward take `create`, where `get` was enough by a \
                 WebSocket; this takes them from {}",
                few(who)
            ));
        }
        if self.losses > 0 {
            notes.push(format!(
                "an upgraded cluster keeps what is lost here: a server adds to its default objects when \
                 it starts and removes nothing; a cluster that is made new with {to} doesn't have it"
            ));
        }
        let types = [
            (
                &self.types.gained,
                format!("{to} has types that {from} hasn't"),
            ),
            (
                &self.types.lost,
                format!("{to} no longer has types of {from}"),
            ),
        ];
        for (names, what) in types {
            if !names.is_empty() {
                notes.push(format!(
                    "{what}, which rules with `*` reach: {}",
                    few(names.iter().map(|name| format!("`{name}`")))
                ));
            }
        }
        if self.folded > 0 {
            notes.push(format!(
                "{} left out, of components of Kubernetes and AKS; `--system` shows them",
                count(self.folded, "change is", "changes are"),
            ));
        }
        notes
    }
}

fn few(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(FEW);
    let mut words: Vec<String> = names.take(FEW).collect();
    if more > 0 {
        words.push(format!("{more} more"));
    }
    words.join(", ")
}

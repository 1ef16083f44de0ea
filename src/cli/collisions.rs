//! What is said where the input holds several clusters side by side.

use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::Snapshot;
use crate::text::{Quotes, write_yaml};

use super::environment::Environment;
use super::out;
use super::proposal::Collisions;

/// The most environments that a message proposes.
const MOST: usize = 20;

/// Why an input has no one answer: two definitions of one object differ in one of its sides, and no
/// environment says which of them a cluster gets. The first line is followed by lines that belong to it.
pub(super) fn complaint<'s>(
    environment: Option<&str>,
    sides: impl IntoIterator<Item = &'s RbacAuthorizer>,
) -> Option<Vec<String>> {
    let mut snapshots = sides.into_iter().map(RbacAuthorizer::snapshot);
    let snapshot = snapshots.find(|side| !side.collisions().is_empty())?;
    environment.is_none().then(|| lines(snapshot))
}

fn lines(snapshot: &Snapshot) -> Vec<String> {
    let collisions = Collisions::of(snapshot);
    let mut lines = vec![format!(
        "{}, and nothing says which of them a cluster gets",
        defined_differently(collisions.count())
    )];
    let sides = collisions.sides();
    let in_full = out::in_full(sides.len());
    for ((a, b), count) in sides.iter().take(in_full) {
        lines.push(format!("{} and {}: {count}", a.display(), b.display()));
    }
    if sides.len() > in_full {
        lines.push(format!(
            "and {} more pairs of folders",
            sides.len() - in_full
        ));
    }
    let in_full = out::in_full(collisions.within.len());
    for (file, count) in collisions.within.iter().take(in_full) {
        lines.push(format!("{} alone: {count}", file.display()));
    }
    if collisions.within.len() > in_full {
        let more = collisions.within.len() - in_full;
        lines.push(format!("and {more} more files by themselves"));
    }
    let environments = collisions.environments();
    if !environments.is_empty() {
        lines.push(
            "if these are clusters, say so in `.rbac-eval.yaml` (`rbac-eval init` writes it):"
                .to_owned(),
        );
        let all = environments.len();
        let few: Vec<Environment> = environments.into_iter().take(MOST).collect();
        let yaml = to_yaml(&few);
        lines.extend(yaml.lines().map(str::to_owned));
        if all > MOST {
            lines.push(format!(
                "and {} more; `rbac-eval init --dry-run` prints all",
                all - MOST
            ));
        }
    }
    lines
}

fn defined_differently(count: usize) -> String {
    match count {
        1 => "1 object is defined differently in several places".to_owned(),
        count => format!("{count} objects are defined differently in several places"),
    }
}

/// The same for an answer from all definitions together. What is defined twice in one file is told where
/// that is read.
pub(super) fn note(snapshot: &Snapshot) -> Option<String> {
    if snapshot.collisions().is_empty() {
        return None;
    }
    let count: usize = Collisions::of(snapshot).sides().values().sum();
    (count > 0).then(|| {
        format!(
            "{}, and whatever one of the definitions gives counts; if they are of several clusters, \
             `rbac-eval init` names these",
            defined_differently(count)
        )
    })
}

/// Environments as `.rbac-eval.yaml` has them.
pub(super) fn to_yaml(environments: &[Environment]) -> String {
    #[derive(serde::Serialize)]
    struct SettingsFile<'e> {
        environments: &'e [Environment],
    }
    let mut yaml = Vec::new();
    match write_yaml(&SettingsFile { environments }, Quotes::AsNeeded, &mut yaml) {
        Ok(()) => String::from_utf8_lossy(&yaml).into_owned(),
        Err(_) => String::new(),
    }
}

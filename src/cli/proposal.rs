//! Environments for an input that holds several clusters side by side, made of what collides in it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::cluster::Snapshot;

use super::environment::Environment;

/// Definitions of one object that differ, by the files that hold them.
#[derive(Debug, Default)]
pub(super) struct Collisions {
    /// Pairs of files, and how many objects they define differently.
    pairs: BTreeMap<(PathBuf, PathBuf), usize>,
    /// Files that define objects twice by themselves, and how many.
    pub(super) within: BTreeMap<PathBuf, usize>,
    /// All files of objects, where any collide.
    files: BTreeSet<PathBuf>,
}

impl Collisions {
    /// Those of an input.
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let files = snapshot.files();
        let path = |span| PathBuf::from(files.place(span).file);
        let mut collisions = Collisions::default();
        for collision in snapshot.collisions() {
            let [a, b] = collision.spans.map(path);
            let count = match a.cmp(&b) {
                Ordering::Equal => collisions.within.entry(a).or_default(),
                Ordering::Less => collisions.pairs.entry((a, b)).or_default(),
                Ordering::Greater => collisions.pairs.entry((b, a)).or_default(),
            };
            *count += 1;
        }
        let pairs = collisions.pairs.keys();
        let colliding = pairs.flat_map(|(a, b)| [a.clone(), b.clone()]);
        let mut all: BTreeSet<PathBuf> = colliding.collect();
        all.extend(snapshot.objects().spans().map(path));
        if let Some(policy) = snapshot.defaults() {
            all.remove(Path::new(&policy.file_name()));
        }
        collisions.files = all;
        collisions
    }

    /// Whether nothing collides.
    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty() && self.within.is_empty()
    }

    /// How many objects are defined differently.
    pub(super) fn count(&self) -> usize {
        self.pairs.values().chain(self.within.values()).sum()
    }

    /// Pairs of files or folders side by side that define objects differently, and how many.
    pub(super) fn sides(&self) -> BTreeMap<(PathBuf, PathBuf), usize> {
        let mut sides = BTreeMap::new();
        for ((a, b), count) in &self.pairs {
            *sides.entry(parting(a, b)).or_default() += count;
        }
        sides
    }

    /// An environment for each of the files or folders that collide. What collides with none is in all.
    pub(super) fn environments(&self) -> Vec<Environment> {
        let sides = self.sides();
        let mut units: BTreeSet<&Path> = BTreeSet::new();
        for unit in sides.keys().flat_map(|(a, b)| [a, b]) {
            // What collides within a folder that collides can't be told apart with it.
            let is_below = units.iter().any(|known| unit.starts_with(known));
            if !is_below {
                units.insert(unit);
            }
        }
        let mut named: BTreeMap<String, Vec<&Path>> = BTreeMap::new();
        for unit in &units {
            let collides = |other: &&Path| {
                let key = |a: &Path, b: &Path| (a.to_owned(), b.to_owned());
                sides.contains_key(&key(unit, other)) || sides.contains_key(&key(other, unit))
            };
            let short = name_of(unit);
            let name = match named.get(&short) {
                Some(others) if others.iter().any(collides) => long_name_of(unit),
                _ => short,
            };
            named.entry(name).or_default().push(unit);
        }
        let shared = self.shared(&units);
        let environments = named.into_iter().map(|(name, units)| Environment {
            name,
            files: units
                .into_iter()
                .map(Path::to_owned)
                .chain(shared.iter().cloned())
                .collect(),
            ..Environment::default()
        });
        environments.collect()
    }

    /// All files of objects, in as few paths as hold none of others.
    pub(super) fn all_files(&self) -> BTreeSet<PathBuf> {
        self.shared(&BTreeSet::new())
    }

    /// What is in no unit, in as few paths as hold none.
    fn shared(&self, units: &BTreeSet<&Path>) -> BTreeSet<PathBuf> {
        let is_in_unit = |file: &&PathBuf| units.iter().any(|unit| file.starts_with(unit));
        let files = self.files.iter().filter(|file| !is_in_unit(file));
        let covering = files.map(|file| {
            let mut folders: Vec<&Path> = file.ancestors().collect();
            folders.retain(|folder| !folder.as_os_str().is_empty());
            let holds_unit = |folder: &&Path| units.iter().any(|unit| unit.starts_with(folder));
            let covering = folders.iter().rev().find(|folder| !holds_unit(folder));
            covering.map_or_else(|| file.clone(), |folder| (*folder).to_owned())
        });
        covering.collect()
    }
}

/// The files or folders side by side in which two paths part.
fn parting(a: &Path, b: &Path) -> (PathBuf, PathBuf) {
    let common = a.components().zip(b.components());
    let common = common.take_while(|(a, b)| a == b).count();
    let upto = |path: &Path| path.components().take(common + 1).collect();
    (upto(a), upto(b))
}

/// What an environment of a file or folder is called.
pub(super) fn name_of(path: &Path) -> String {
    let is_file = path.extension().is_some_and(|ending| {
        ["yaml", "yml", "json", "jsonl"]
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    });
    let name = match is_file {
        true => path.file_stem(),
        false => path.file_name(),
    };
    clean(&name.unwrap_or_default().to_string_lossy())
}

/// The same with the folders above it.
pub(super) fn long_name_of(path: &Path) -> String {
    let parts = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    let parts: Vec<_> = parts.collect();
    clean(&parts.join("-"))
}

/// The name made of what may stand in one.
fn clean(name: &str) -> String {
    let keep = |c: char| match c.is_ascii_alphanumeric() || "-_.".contains(c) {
        true => c,
        false => '-',
    };
    let name: String = name.chars().map(keep).collect();
    let is_joint = |c: char| !c.is_ascii_alphanumeric();
    let name = name.trim_start_matches(is_joint);
    let name = name.get(..63).unwrap_or(name).trim_end_matches(is_joint);
    match name {
        "" => "environment".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposed(pairs: &[(&str, &str)], others: &[&str]) -> Vec<(String, Vec<String>)> {
        let mut collisions = Collisions::default();
        for (a, b) in pairs {
            collisions.pairs.insert((a.into(), b.into()), 1);
            collisions
                .files
                .extend([PathBuf::from(a), PathBuf::from(b)]);
        }
        collisions.files.extend(others.iter().map(PathBuf::from));
        let environments = collisions.environments().into_iter();
        let environments = environments.map(|environment| {
            let files = environment.files.iter();
            let files = files.map(|file| file.display().to_string());
            (environment.name, files.collect())
        });
        environments.collect()
    }

    #[test]
    fn what_collides_is_parted_where_its_paths_do() {
        let found = proposed(
            &[
                ("clusters/prod/a.yaml", "clusters/staging/a.yaml"),
                ("clusters/prod/b.yaml", "clusters/staging/x/b.yaml"),
                ("apps/prod.yaml", "apps/staging.yaml"),
            ],
            &[
                "base/rbac.yaml",
                "base/more/rbac.yaml",
                "apps/all.yaml",
                "top.yaml",
            ],
        );
        let shared = ["apps/all.yaml", "base", "top.yaml"];
        let files = |own: [&str; 2]| {
            let all = own.iter().chain(&shared);
            all.map(|file| (*file).to_owned()).collect::<Vec<String>>()
        };
        assert_eq!(
            found,
            [
                (
                    "prod".to_owned(),
                    files(["apps/prod.yaml", "clusters/prod"])
                ),
                (
                    "staging".to_owned(),
                    files(["apps/staging.yaml", "clusters/staging"])
                ),
            ]
        );
    }

    #[test]
    fn names_are_such_as_settings_take() {
        for (path, name) in [
            ("clusters/prod", "prod"),
            ("a/eu west.yaml", "eu-west"),
            ("-x", "x"),
            ("###", "environment"),
        ] {
            assert_eq!(name_of(Path::new(path)), name);
        }
        let found = proposed(&[("a/prod/x.yaml", "b/prod/x.yaml")], &[]);
        let names: Vec<&str> = found.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["a", "b"]);
    }
}

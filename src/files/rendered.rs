//! Folders whose manifests kustomize or Helm makes, and what decides what they give: the files below
//! them, and those elsewhere that links and kustomizations name.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::ReadError;
use super::limits::Budget;
use super::tree::{GIT_FOLDER, Resolved, Tree, TreeEntry, is_kustomization, resolve};
use crate::text::{Fingerprint, UnreadableFile, WhyUnread};

/// A folder whose manifests another program makes.
#[derive(Debug)]
pub(super) struct RenderedFolder {
    /// As a user would write it.
    name: String,
    why: WhyUnread,
    /// Which it is among what was asked for: the number of the root, and the path below it.
    place: (usize, PathBuf),
    /// What it is made of, by paths below it, with the paths in the tree.
    files: Vec<(PathBuf, PathBuf)>,
    /// What else stands there, as it can be compared.
    others: Vec<(PathBuf, WhyUnread)>,
    /// Whether that is all of it.
    is_whole: bool,
}

impl RenderedFolder {
    /// Finds all files below a folder, whatever their names, and what its links lead to.
    pub(super) fn find(
        tree: &impl Tree,
        name: String,
        why: WhyUnread,
        place: (usize, PathBuf),
        path: &Path,
        budget: &mut Budget,
    ) -> Result<Self, ReadError> {
        let mut folder = RenderedFolder {
            name,
            why,
            place,
            files: Vec::new(),
            others: Vec::new(),
            is_whole: true,
        };
        let mut known = HashSet::new();
        let mut left = vec![(PathBuf::new(), path.to_owned())];
        while let Some((below, path)) = left.pop() {
            if !known.insert(path.clone()) {
                continue;
            }
            let Ok(entries) = tree.entries(&path) else {
                folder.is_whole = false;
                continue;
            };
            budget.look_at(entries.len(), &path)?;
            let is_top = below.as_os_str().is_empty() || path.as_os_str().is_empty();
            if !is_top && entries.iter().any(|(name, _)| name == GIT_FOLDER) {
                folder.is_whole = false;
                continue;
            }
            for (name, entry) in entries {
                let (below, path) = (below.join(&name), path.join(&name));
                if name == GIT_FOLDER || tree.hides(&path) {
                    continue;
                }
                match entry {
                    TreeEntry::Folder => left.push((below, path)),
                    TreeEntry::File => folder.files.push((below, path)),
                    TreeEntry::Link => match resolve(tree, &path, budget)? {
                        Ok(Resolved {
                            path,
                            entry: TreeEntry::Folder,
                        }) => {
                            left.push((below, path));
                        }
                        found => folder.take(below, found),
                    },
                    entry => folder.take(below, Ok(Resolved { path, entry })),
                }
            }
        }
        Ok(folder)
    }

    /// What was found under a name.
    fn take(&mut self, below: PathBuf, found: Result<Resolved, WhyUnread>) {
        match found {
            Ok(Resolved { path, entry }) => match entry {
                TreeEntry::File => self.files.push((below, path)),
                TreeEntry::Submodule(commit @ Some(_)) => {
                    self.others.push((below, WhyUnread::Submodule { commit }));
                }
                // A folder elsewhere is a base, which is a rendered folder itself.
                TreeEntry::Folder => {}
                TreeEntry::Link | TreeEntry::Submodule(None) | TreeEntry::Other(_) => {
                    self.is_whole = false;
                }
            },
            Err(
                why @ (WhyUnread::LinkOut { .. }
                | WhyUnread::DeadLink { .. }
                | WhyUnread::LinkCycle { .. }
                | WhyUnread::Missing),
            ) => self.others.push((below, why)),
            Err(_) => self.is_whole = false,
        }
    }

    /// The files that say of what kustomize makes manifests; they may name files elsewhere.
    pub(super) fn kustomizations(&self) -> Vec<PathBuf> {
        let files = self.files.iter().map(|(_, path)| path);
        files
            .filter(|path| path.file_name().is_some_and(is_kustomization))
            .cloned()
            .collect()
    }

    /// Takes the files elsewhere that a kustomization names, such as a patch of `../patches`.
    pub(super) fn draw_on(
        &mut self,
        tree: &impl Tree,
        kustomization: &Path,
        text: &[u8],
        budget: &mut Budget,
    ) -> Result<(), ReadError> {
        let text = String::from_utf8_lossy(text);
        let names: HashSet<&str> = text
            .split(ends_name)
            .filter(|name| leads_up(name))
            .collect();
        for name in names {
            let path = kustomization.with_file_name(name);
            let found = resolve(tree, &path, budget)?;
            self.take(PathBuf::from(name), found);
        }
        Ok(())
    }

    /// The paths of what it is made of.
    pub(super) fn paths(&mut self) -> Vec<PathBuf> {
        self.files.sort();
        self.files.dedup();
        self.files.iter().map(|(_, path)| path.clone()).collect()
    }

    /// As something that isn't read. `contents` are those of its paths, none where one can't be had.
    pub(super) fn unreadable(mut self, contents: Option<Vec<Fingerprint>>) -> UnreadableFile {
        self.others.sort_by(|a, b| a.0.cmp(&b.0));
        let names: Vec<&PathBuf> = self.files.iter().map(|(name, _)| name).collect();
        let content = contents.filter(|_| self.is_whole).map(|contents| {
            Fingerprint::of_value(&(&self.place, &self.why, names, contents, &self.others))
        });
        UnreadableFile {
            name: self.name,
            why: self.why,
            content,
        }
    }
}

/// Whether a character ends a path in YAML, or in the `KEY=PATH` of a generator.
fn ends_name(character: char) -> bool {
    character.is_whitespace() || matches!(character, '"' | '\'' | ',' | '[' | ']' | '{' | '}' | '=')
}

fn leads_up(name: &str) -> bool {
    name.split('/').any(|part| part == "..")
}

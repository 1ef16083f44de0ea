//! All that decides what a folder renders to, gathered before any program runs.
//!
//! A program gets to see these files and no others, so what isn't found here is drawn on by nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::kustomization::{self, DrawnOn, KustomizationFault, Meant};
use super::plugins;
use super::refusal::{NamedAt, Refusal};
use super::remote::{is_remote, looks_like_host};
use crate::files::{FolderToRender, FoundEntry, ReadError};
use crate::text::{Fingerprint, SourceText, WhyUnread, excerpt};

/// The names that a kustomization may have.
pub(super) const KUSTOMIZATIONS: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The fields that name files of patches.
const PATCHES: [&str; 3] = ["patches", "patchesJson6902", "patchesStrategicMerge"];

/// The files that decide what a folder renders to, by their paths in the tree.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) files: BTreeMap<PathBuf, Vec<u8>>,
    /// The kustomizations that are drawn on, the folder's own first.
    pub(super) layers: Vec<Layer>,
    /// The charts that are drawn on, by how Helm names them: `app/charts/sub`.
    pub(super) charts: BTreeMap<String, PathBuf>,
    /// Folders of charts that were laid into others, with where they are in the tree.
    pub(super) brought_in: Vec<(PathBuf, PathBuf)>,
    /// The files that are drawn on by name.
    pub(super) drawn_on: BTreeSet<PathBuf>,
    /// Those of them whose objects become what is rendered: no file that is mere data.
    pub(super) applied: BTreeSet<PathBuf>,
    /// What stands in the way.
    pub(super) refusals: Vec<Refusal>,
}

/// A folder with a kustomization.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) folder: PathBuf,
    /// The file that says what it draws on.
    pub(super) file: PathBuf,
    pub(super) prefix: String,
    pub(super) suffix: String,
    /// Files of objects.
    pub(super) resources: Vec<PathBuf>,
    /// Files of patches, and of whatever else is drawn on.
    pub(super) others: Vec<PathBuf>,
    /// The folders that it draws on.
    pub(super) layers: Vec<PathBuf>,
    /// The same of components, in order.
    pub(super) components: Vec<PathBuf>,
}

impl Sources {
    /// What stands for all of it where only "is it the same?" is asked; none where something can't be
    /// told.
    pub(super) fn fingerprint(&self, links: &BTreeMap<PathBuf, PathBuf>) -> Option<Fingerprint> {
        let is_whole = self.refusals.iter().all(Refusal::can_be_compared);
        is_whole.then(|| Fingerprint::of_value(&(&self.files, links, &self.refusals)))
    }

    /// Whether any of the files may make a Secret, whose content nothing may show.
    pub(super) fn hold_secrets(&self) -> bool {
        let says = |bytes: &[u8], word: &[u8]| memchr::memmem::find(bytes, word).is_some();
        self.files
            .values()
            .any(|bytes| says(bytes, b"Secret") || says(bytes, b"secretGenerator"))
    }

    /// The files as they stand in the tree, without those that were laid elsewhere.
    pub(super) fn in_tree(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.keys().filter(|path| {
            let mut brought_in = self.brought_in.iter();
            !brought_in.any(|(to, _)| path.starts_with(to))
        })
    }

    /// A file as a text of this name.
    pub(super) fn text_of(&self, path: &Path, name: String) -> SourceText {
        SourceText {
            name,
            bytes: self.files.get(path).cloned().unwrap_or_default(),
            named: false,
        }
    }

    /// The files below a folder.
    pub(super) fn below<'s>(
        &'s self,
        folder: &'s Path,
    ) -> impl Iterator<Item = (&'s PathBuf, &'s Vec<u8>)> {
        self.files
            .iter()
            .filter(move |(path, _)| path.starts_with(folder))
    }
}

/// Gathers what a folder of a tree draws on.
pub(super) struct Gathering<'f> {
    pub(super) tree: &'f mut FolderToRender,
    pub(super) sources: Sources,
    /// The folders of which everything below is known, and the links there.
    known: BTreeMap<PathBuf, Vec<PathBuf>>,
}

impl<'f> Gathering<'f> {
    pub(super) fn new(tree: &'f mut FolderToRender) -> Self {
        Gathering {
            tree,
            sources: Sources::default(),
            known: BTreeMap::new(),
        }
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.sources.refusals.push(refusal);
    }

    /// Takes all files below a folder. Returns the links there. What can't be read is told where it is
    /// drawn on.
    pub(super) fn take_below(&mut self, folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
        if let Some((_, links)) = self
            .known
            .iter()
            .find(|(known, _)| folder.starts_with(known))
        {
            let links = links.iter().filter(|link| link.starts_with(folder));
            return Ok(links.cloned().collect());
        }
        let mut content = self.tree.below(folder)?;
        content
            .files
            .retain(|path| !self.sources.files.contains_key(path));
        let read = self.tree.read(&content.files)?;
        for (path, bytes) in content.files.into_iter().zip(read) {
            if let Ok(bytes) = bytes {
                self.sources.files.insert(path, bytes);
            }
        }
        self.known.insert(folder.to_owned(), content.links.clone());
        Ok(content.links)
    }

    /// Takes a file.
    pub(super) fn take(&mut self, path: &Path) -> Result<Result<(), WhyUnread>, ReadError> {
        if self.sources.files.contains_key(path) {
            return Ok(Ok(()));
        }
        let mut read = self.tree.read(&[path.to_owned()])?;
        Ok(match read.pop() {
            Some(Ok(bytes)) => {
                self.sources.files.insert(path.to_owned(), bytes);
                Ok(())
            }
            Some(Err(why)) => Err(why),
            None => Err(WhyUnread::Missing),
        })
    }

    /// Takes a file that the user named. Returns its path in the tree.
    pub(super) fn take_named(&mut self, path: &Path) -> Result<PathBuf, ReadError> {
        let in_tree = self.tree.in_tree(path);
        let found = match &in_tree {
            Some(path) => self.tree.find(path)?,
            None => Err(WhyUnread::LinkOut {
                target: path.display().to_string(),
            }),
        };
        let taken = match found {
            Ok(FoundEntry::File(file)) => self.take(&file)?.map(|()| file),
            Ok(FoundEntry::Folder(_)) => Err(WhyUnread::NotAFile("a folder")),
            Err(why) => Err(why),
        };
        Ok(taken.unwrap_or_else(|why| {
            let file = path.display().to_string();
            self.refuse(Refusal::Unread { file, why });
            path.to_owned()
        }))
    }

    /// The text of a file that was taken, where it is one.
    pub(super) fn text(&self, path: &Path) -> Result<String, KustomizationFault> {
        let bytes = self.sources.files.get(path).map_or(&[][..], Vec::as_slice);
        let text = str::from_utf8(bytes).map_err(|_| KustomizationFault {
            line: 1,
            column: 1,
            message: "it is not UTF-8".to_owned(),
        })?;
        Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned())
    }

    /// That a file can't be understood.
    pub(super) fn refuse_fault(&mut self, file: &Path, fault: KustomizationFault) {
        let refusal = Refusal::Unreadable {
            file: self.tree.shown(file),
            line: fault.line,
            column: fault.column,
            message: fault.message,
        };
        self.refuse(refusal);
    }

    /// Gathers what a kustomization draws on. `above` are the folders that led here.
    pub(super) fn kustomization(
        &mut self,
        folder: &Path,
        above: &mut Vec<PathBuf>,
        named: Option<(&NamedAt, &str)>,
    ) -> Result<(), ReadError> {
        if self
            .sources
            .layers
            .iter()
            .any(|layer| layer.folder == folder)
        {
            return Ok(());
        }
        self.take_below(folder)?;
        let mut found = Vec::new();
        for name in KUSTOMIZATIONS {
            match self.tree.find(&folder.join(name))? {
                Ok(FoundEntry::File(path)) => found.push((name, path)),
                Ok(FoundEntry::Folder(_)) | Err(WhyUnread::Missing) => {}
                Err(why) => {
                    let file = self.tree.shown(&folder.join(name));
                    self.refuse(Refusal::Unread { file, why });
                    return Ok(());
                }
            }
        }
        let (_, file) = match (found.pop(), found.is_empty()) {
            (Some(file), true) => file,
            (Some((last, _)), false) => {
                let mut markers: Vec<String> =
                    found.iter().map(|(name, _)| (*name).to_owned()).collect();
                markers.push(last.to_owned());
                let folder = self.tree.shown(folder);
                self.refuse(Refusal::Several { folder, markers });
                return Ok(());
            }
            (None, _) => {
                if let Some((at, path)) = named {
                    let (at, path) = (at.clone(), excerpt(path).into_owned());
                    self.refuse(Refusal::NoKustomization { at, path });
                }
                return Ok(());
            }
        };
        if let Err(why) = self.take(&file)? {
            let file = self.tree.shown(&file);
            self.refuse(Refusal::Unread { file, why });
            return Ok(());
        }
        self.sources.drawn_on.insert(file.clone());
        self.sources.applied.insert(file.clone());
        let read = self.text(&file).and_then(|text| kustomization::read(&text));
        let read = match read {
            Ok(read) => read,
            Err(fault) => {
                self.refuse_fault(&file, fault);
                return Ok(());
            }
        };
        for (field, line, column) in &read.helm {
            let at = self.named_at(&file, field, *line, *column);
            self.refuse(Refusal::HelmInKustomize { at });
        }
        let number = self.sources.layers.len();
        self.sources.layers.push(Layer {
            folder: folder.to_owned(),
            file: file.clone(),
            prefix: read.prefix,
            suffix: read.suffix,
            ..Layer::default()
        });
        above.push(folder.to_owned());
        let mut drawing = Drawing {
            number,
            folder,
            file: &file,
            above,
        };
        for one in &read.draws_on {
            self.draw_on(&mut drawing, one)?;
        }
        above.pop();
        Ok(())
    }

    fn named_at(&self, file: &Path, field: &'static str, line: u32, column: u32) -> NamedAt {
        NamedAt {
            file: self.tree.shown(file),
            line,
            column,
            field,
        }
    }

    fn draw_on(&mut self, drawing: &mut Drawing<'_>, one: &DrawnOn) -> Result<(), ReadError> {
        let at = self.named_at(drawing.file, one.field, one.line, one.column);
        let is_text = matches!(one.meant, Meant::Patch | Meant::Plugin);
        if is_text && plugins::is_inline(&one.path) {
            return match one.meant {
                Meant::Plugin => self.plugins(drawing, one.field, &one.path, None, &at),
                _ => Ok(()),
            };
        }
        // What may be a secret isn't shown in full.
        let path = excerpt(&one.path).into_owned();
        if is_remote(&one.path) {
            self.refuse(Refusal::Remote { at, path });
            return Ok(());
        }
        let found = match Path::new(&one.path).is_absolute() {
            true => Err(WhyUnread::LinkOut {
                target: path.clone(),
            }),
            false => self.tree.find(&drawing.folder.join(&one.path))?,
        };
        let wanted = |is, wanted| Refusal::OtherThing {
            at: at.clone(),
            path: path.clone(),
            is,
            wanted,
        };
        match (found, one.meant) {
            (Err(WhyUnread::Missing), _) if looks_like_host(&one.path) => {
                self.refuse(Refusal::Remote { at, path });
            }
            (Err(why), _) => self.refuse(Refusal::CannotDrawOn { at, path, why }),
            (Ok(FoundEntry::File(_)), Meant::Component) => self.refuse(wanted("file", "folder")),
            (Ok(FoundEntry::Folder(_)), Meant::File | Meant::Patch) => {
                self.refuse(wanted("folder", "file"));
            }
            (Ok(FoundEntry::Folder(_)), Meant::Plugin) => {
                let what = format!("the folder `{path}`");
                self.refuse(Refusal::Plugin { at, what });
            }
            (Ok(FoundEntry::Folder(folder)), Meant::Resource | Meant::Component) => {
                if drawing.above.iter().any(|above| above.starts_with(&folder)) {
                    self.refuse(Refusal::Circle { at, path });
                    return Ok(());
                }
                if let Some(layer) = self.sources.layers.get_mut(drawing.number) {
                    match one.meant {
                        Meant::Component => layer.components.push(folder.clone()),
                        _ => layer.layers.push(folder.clone()),
                    }
                }
                self.kustomization(&folder, drawing.above, Some((&at, &one.path)))?;
            }
            (Ok(FoundEntry::File(file)), meant) => {
                if let Err(why) = self.take(&file)? {
                    self.refuse(Refusal::CannotDrawOn { at, path, why });
                    return Ok(());
                }
                self.sources.drawn_on.insert(file.clone());
                if meant == Meant::Resource || PATCHES.contains(&one.field) {
                    self.sources.applied.insert(file.clone());
                }
                if let Some(layer) = self.sources.layers.get_mut(drawing.number) {
                    match meant {
                        Meant::Resource => layer.resources.push(file.clone()),
                        _ => layer.others.push(file.clone()),
                    }
                }
                if meant == Meant::Plugin {
                    match self.text(&file) {
                        Ok(text) => self.plugins(drawing, one.field, &text, Some(&file), &at)?,
                        Err(fault) => self.refuse_fault(&file, fault),
                    }
                }
            }
        }
        Ok(())
    }

    /// Gathers what plugins draw on. `file` is where they stand, none where `at` does so itself.
    fn plugins(
        &mut self,
        drawing: &mut Drawing<'_>,
        field: &'static str,
        text: &str,
        file: Option<&Path>,
        at: &NamedAt,
    ) -> Result<(), ReadError> {
        let shown = file.map_or_else(|| at.file.clone(), |file| self.tree.shown(file));
        let place = |line, column| match file {
            Some(_) => NamedAt {
                file: shown.clone(),
                line,
                column,
                field,
            },
            None => at.clone(),
        };
        let plugins = match plugins::read(text, field) {
            Ok(plugins) => plugins,
            Err(fault) => {
                let at = place(fault.line, fault.column);
                self.refuse(Refusal::Unreadable {
                    file: at.file,
                    line: at.line,
                    column: at.column,
                    message: fault.message,
                });
                return Ok(());
            }
        };
        for (what, line, column) in plugins.others {
            let at = place(line, column);
            self.refuse(Refusal::Plugin { at, what });
        }
        for one in plugins.draws_on {
            let at = place(one.line, one.column);
            let one = DrawnOn {
                line: at.line,
                column: at.column,
                ..one
            };
            self.draw_on(drawing, &one)?;
        }
        Ok(())
    }
}

/// The kustomization that draws on something.
struct Drawing<'d> {
    /// Its number among the layers.
    number: usize,
    folder: &'d Path,
    file: &'d Path,
    above: &'d mut Vec<PathBuf>,
}

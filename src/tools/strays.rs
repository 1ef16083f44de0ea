//! What stands in a rendered folder and isn't drawn on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::RendererKind;
use super::chart::CHART;
use super::sources::{KUSTOMIZATIONS, Sources};
use crate::files::{is_manifest, rendered_by};
use crate::text::{Fingerprint, SourceText, UnreadableFile};

/// Something of a rendered folder that isn't drawn on.
#[derive(Debug, Clone)]
pub enum Stray {
    /// A manifest.
    Manifest(SourceText),
    /// A folder that is rendered by itself.
    Folder(UnreadableFile),
}

/// The folders of a chart whose files Helm takes for manifests and charts.
pub(super) const OF_CHARTS: [&str; 3] = ["templates", "crds", "charts"];

/// What stands below a folder and isn't drawn on. `shown` names a path as a user would.
pub(super) fn of(
    sources: &Sources,
    folder: &Path,
    kind: RendererKind,
    shown: impl Fn(&Path) -> String,
) -> Vec<Stray> {
    let mut strays = Vec::new();
    let mut folders: BTreeMap<PathBuf, Vec<(&Path, Fingerprint)>> = BTreeMap::new();
    for (path, bytes) in sources.below(folder) {
        let below = path.strip_prefix(folder).unwrap_or(path);
        let is_of_chart = || {
            let first = below.components().next();
            let first = first.and_then(|part| part.as_os_str().to_str());
            first.is_some_and(|first| OF_CHARTS.contains(&first))
        };
        if sources.applied.contains(path) || kind == RendererKind::Helm && is_of_chart() {
            continue;
        }
        if let Some(other) = rendered_by_itself(sources, folder, path) {
            let of_folder = folders.entry(other).or_default();
            of_folder.push((path, Fingerprint::of(bytes)));
        } else if path.file_name().is_some_and(is_manifest) {
            strays.push(Stray::Manifest(sources.text_of(path, shown(path))));
        }
    }
    strays.extend(folders.into_iter().filter_map(|(folder, files)| {
        let marker = markers().find(|name| sources.files.contains_key(&folder.join(name)))?;
        Some(Stray::Folder(UnreadableFile {
            name: shown(&folder),
            why: rendered_by(marker)?,
            content: Some(Fingerprint::of_value(&files)),
        }))
    }));
    strays
}

fn markers() -> impl Iterator<Item = &'static str> {
    KUSTOMIZATIONS.into_iter().chain([CHART])
}

/// The outermost folder below the rendered one that holds a file, is rendered by itself, and isn't drawn
/// on.
fn rendered_by_itself(sources: &Sources, folder: &Path, file: &Path) -> Option<PathBuf> {
    let above = file.ancestors().skip(1);
    let between: Vec<&Path> = above.take_while(|above| *above != folder).collect();
    let mut between = between.into_iter().rev();
    let found = between.find(|above| {
        let holds = |name: &str| sources.files.contains_key(&above.join(name));
        markers().any(holds) && !sources.layers.iter().any(|layer| layer.folder == **above)
    });
    found.map(Path::to_owned)
}

//! From a folder to what it renders to: [`Plan`].

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::chart::{CHART, PACKED};
use super::checkout::Checkout;
use super::places;
use super::printed::{objects_only, said, shell_word};
use super::refusal::Refusal;
use super::remote::is_remote;
use super::run::{self, Program, RunError, RunRules, TIME_LIMIT};
use super::sources::{Gathering, Layer, Sources};
use super::strays::{self, Stray};
use super::unknowns::{self, Unknown};
use super::version::ToolUse;
use crate::files::{FolderToRender, ReadError, ReadLimits};
use crate::text::{Fingerprint, Origins, SourceText, UnreadableFile, WhyUnread, excerpt};

/// How a chart is rendered. Kustomizations need nothing of this.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HelmOptions {
    /// The name of the release; Helm's own `release-name` where none is given.
    pub release: Option<String>,
    /// The namespace of the release; Helm's own `default` where none is given.
    pub namespace: Option<String>,
    /// Files of values, as seen from the working folder.
    pub values: Vec<PathBuf>,
}

/// The name of a release that Helm takes where none is given.
const RELEASE: &str = "release-name";

/// Makes Helm print what it installs out of `crds/`.
const INCLUDE_CRDS: &str = "--include-crds";

/// What a folder draws on, and whether it can be rendered.
#[derive(Debug)]
pub struct Plan {
    folder: FolderToRender,
    sources: Sources,
    content: Option<Fingerprint>,
    /// What of it git changes when it checks it out.
    changed: Vec<UnreadableFile>,
    /// With the paths of values as they are in the tree.
    options: HelmOptions,
}

/// What a folder renders to.
#[derive(Debug)]
pub struct RenderedText {
    /// What the tool printed, under the name of the file that says what is rendered.
    pub text: SourceText,
    /// Where its objects come from.
    pub origins: Origins,
    /// Files of objects of RBAC that were drawn on, and of which it holds none.
    pub left_out: Vec<LeftOut>,
    /// The files whose comments count in place of its own: kustomize may drop or move comments. None where
    /// its own count, as of a chart, whose templates are no YAML.
    pub commented: Option<Vec<SourceText>>,
    /// What rendered it.
    pub tool: ToolUse,
}

/// A file of which nothing is rendered, though it is drawn on.
#[derive(Debug, Clone)]
pub struct LeftOut {
    /// The file.
    pub text: SourceText,
    /// Whether it stands below the folder.
    pub is_below: bool,
}

/// What renders a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RendererKind {
    Kustomize,
    Helm,
}

impl Plan {
    /// Gathers what a folder draws on. Nothing is run.
    ///
    /// # Errors
    /// If more is to be read than the limits allow, or git fails.
    pub fn new(mut folder: FolderToRender, mut options: HelmOptions) -> Result<Self, ReadError> {
        let path = folder.path().to_owned();
        let markers = folder.markers().to_vec();
        let mut gathering = Gathering::new(&mut folder);
        match *markers {
            [ref marker] if marker == CHART => {
                gathering.chart(&path)?;
                for values in &mut options.values {
                    *values = gathering.take_named(values)?;
                }
            }
            [_] => gathering.kustomization(&path, &mut Vec::new(), None)?,
            _ => {
                gathering.take_below(&path)?;
                let folder = gathering.tree.name();
                gathering.refuse(Refusal::Several { folder, markers });
            }
        }
        let mut sources = gathering.sources;
        if is_remote(&path.to_string_lossy()) {
            sources.refusals.push(Refusal::MisleadingName);
        }
        for name in options.release.iter().chain(&options.namespace) {
            if !is_release_name(name) {
                let name = excerpt(name).into_owned();
                sources.refusals.push(Refusal::NoReleaseName { name });
            }
        }
        let content = sources.fingerprint(folder.links());
        let drawn_on: Vec<PathBuf> = match sources.layers.is_empty() {
            false => sources.drawn_on.iter().cloned().collect(),
            // What of a chart is drawn on, its templates say.
            true => sources.in_tree().cloned().collect(),
        };
        let changed = folder.changed_by_checkout(&drawn_on)?;
        Ok(Plan {
            folder,
            sources,
            content,
            changed,
            options,
        })
    }

    /// The folder as a user would write it.
    pub fn name(&self) -> String {
        self.folder.name()
    }

    /// The file that says what is rendered.
    pub fn marker(&self) -> String {
        self.folder.markers().join(" and ")
    }

    /// The namespace that a chart is installed in, where one is given: what it makes and gives no namespace
    /// is put there.
    pub fn namespace(&self) -> Option<&str> {
        let namespace = self.options.namespace.as_deref();
        namespace.filter(|_| self.is_chart())
    }

    /// Whether Helm renders it.
    pub fn is_chart(&self) -> bool {
        self.kind() == RendererKind::Helm
    }

    /// Templates that ask for what isn't known here, such as objects of the cluster, and that few charts
    /// ask for.
    pub fn unknowns(&self) -> Vec<UnreadableFile> {
        let unknowns = self.all_unknowns();
        let rare = unknowns.filter(|(_, unknown)| unknown.is_rare());
        rare.map(|(path, unknown)| self.unjudged(path, unknown.why()))
            .collect()
    }

    /// Templates that ask for what many charts ask for, such as the version of the cluster, and packed
    /// charts: told of those alone that a change brings.
    pub fn may_differ(&self) -> Vec<UnreadableFile> {
        let unknowns = self.all_unknowns();
        let common = unknowns.filter(|(_, unknown)| !unknown.is_rare());
        let common = common.map(|(path, unknown)| self.unjudged(path, unknown.why()));
        let is_packed = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == PACKED);
        let packed = self.files_of_chart().filter(is_packed);
        let packed = packed.map(|path| self.unjudged(path, WhyUnread::PackedChart));
        common.chain(packed).collect()
    }

    fn all_unknowns(&self) -> impl Iterator<Item = (&PathBuf, Unknown)> {
        let bytes = |path: &PathBuf| self.sources.files.get(path).map_or(&[][..], Vec::as_slice);
        let are_all = self
            .files_of_chart()
            .any(|path| unknowns::makes_templates(bytes(path)));
        self.files_of_chart()
            .filter(move |path| are_all || unknowns::is_template(path))
            .filter_map(move |path| Some((path, unknowns::of(bytes(path))?)))
    }

    /// The files of a chart; none of a kustomization.
    fn files_of_chart(&self) -> impl Iterator<Item = &PathBuf> {
        let is_chart = self.is_chart();
        self.sources.in_tree().filter(move |_| is_chart)
    }

    fn unjudged(&self, path: &Path, why: WhyUnread) -> UnreadableFile {
        let content = self.sources.files.get(path);
        UnreadableFile {
            name: self.folder.shown(path),
            why,
            content: content.map(|bytes| Fingerprint::of(bytes)),
        }
    }

    /// What of it is rendered as the commit has it, and git changes when it checks it out.
    pub fn changed_by_checkout(&self) -> &[UnreadableFile] {
        &self.changed
    }

    /// The folders of the kustomizations that are rendered with it, as a user would write them; none where
    /// it can't be rendered.
    pub fn folders(&self) -> BTreeSet<String> {
        let layers = self.layers().skip(1);
        layers
            .map(|layer| self.folder.shown(&layer.folder))
            .collect()
    }

    /// The files whose objects are rendered with it, as a user would write them.
    pub fn resources(&self) -> BTreeSet<String> {
        let resources = self.layers().flat_map(|layer| &layer.resources);
        resources.map(|path| self.folder.shown(path)).collect()
    }

    fn layers(&self) -> impl Iterator<Item = &Layer> {
        let is_sound = self.sources.refusals.is_empty();
        self.sources.layers.iter().filter(move |_| is_sound)
    }

    /// The manifests of the folder that it doesn't draw on, as a user would write their names; those of
    /// other folders that are rendered by themselves are told as such a folder.
    pub fn strays(&self) -> Vec<Stray> {
        strays::of(&self.sources, self.folder.path(), self.kind(), |path| {
            self.folder.shown(path)
        })
    }

    /// The files of objects and patches that it draws on, with what stands for their contents.
    pub fn contents(&self) -> impl Iterator<Item = (String, Fingerprint)> {
        self.sources.applied.iter().filter_map(|path| {
            let bytes = self.sources.files.get(path)?;
            Some((self.folder.shown(path), Fingerprint::of(bytes)))
        })
    }

    /// Renders it, or says why it isn't, one reason each.
    ///
    /// # Errors
    /// The reasons, as parts of the input that aren't judged.
    pub fn render(self, limits: ReadLimits) -> Result<RenderedText, Vec<UnreadableFile>> {
        if !self.sources.refusals.is_empty() {
            let refusals = self.sources.refusals.iter();
            return Err(refusals.map(|refusal| self.unread(refusal)).collect());
        }
        self.run(limits)
            .map_err(|refusal| vec![self.unread(&refusal)])
    }

    fn unread(&self, refusal: &Refusal) -> UnreadableFile {
        UnreadableFile {
            name: self.name(),
            why: WhyUnread::NotRendered {
                by: self.marker(),
                why: refusal.to_string(),
            },
            content: self.content,
        }
    }

    fn kind(&self) -> RendererKind {
        match self.folder.markers() {
            [marker] if marker == CHART => RendererKind::Helm,
            _ => RendererKind::Kustomize,
        }
    }

    fn run(&self, limits: ReadLimits) -> Result<RenderedText, Box<Refusal>> {
        let shown = shell_word(&self.name());
        let checkouts = self.folder.checkouts();
        let find = |name: &str| Program::find(name, &checkouts);
        let (tool, program, words) = match self.kind() {
            RendererKind::Kustomize => match (find("kubectl"), find("kustomize")) {
                (Some(program), _) => ("kubectl", program, "kubectl kustomize"),
                (None, Some(program)) => ("kustomize", program, "kustomize build"),
                (None, None) => {
                    return Err(Box::new(Refusal::NoProgram {
                        programs: "`kubectl` or `kustomize`",
                        command: format!("kubectl kustomize {shown}"),
                    }));
                }
            },
            RendererKind::Helm => match find("helm") {
                Some(program) => ("helm", program, "helm template"),
                None => {
                    return Err(Box::new(Refusal::NoProgram {
                        programs: "`helm`",
                        command: self.helm_command(&shown),
                    }));
                }
            },
        };
        let command = match self.kind() {
            RendererKind::Kustomize => format!("{words} {shown}"),
            RendererKind::Helm => self.helm_command(&shown),
        };
        let cannot_run = |error: &std::io::Error| Refusal::CannotRun {
            command: command.clone(),
            why: error.to_string(),
        };
        let laid_out = Checkout::new(&self.sources.files, self.folder.links());
        let laid_out = laid_out.map_err(|error| cannot_run(&error))?;
        let top = laid_out.top();
        let rules = RunRules {
            working_folder: &top,
            home: &laid_out.home(),
            time: TIME_LIMIT,
            bytes: limits.bytes,
        };
        let ran = run::run(&program, &self.args(words), rules).map_err(|error| match error {
            RunError::Io(error) => cannot_run(&error),
            RunError::TooSlow => Refusal::TooSlow {
                command: command.clone(),
                seconds: TIME_LIMIT.as_secs(),
            },
            RunError::TooLong => Refusal::TooLong {
                command: command.clone(),
                limit: limits.bytes,
            },
        })?;
        if !ran.status.success() {
            let said = match self.sources.hold_secrets() {
                true => String::new(),
                false => said(&ran.stderr, &top),
            };
            return Err(Box::new(Refusal::Failed { command, said }));
        }
        let text = objects_only(&ran.stdout).map_err(|line| Refusal::Garbage { command, line })?;
        let shown = |path: &Path| self.folder.shown(path);
        let (file, places) = match self.kind() {
            RendererKind::Kustomize => {
                let file = self.sources.layers.first().map(|layer| layer.file.clone());
                (file, places::of_kustomize(text, &self.sources, shown))
            }
            RendererKind::Helm => {
                let places = places::of_helm(text, &self.sources, shown);
                (Some(self.folder.path().join(CHART)), places)
            }
        };
        let left_out = places.left_out.iter().map(|path| LeftOut {
            text: self.sources.text_of(path, shown(path)),
            is_below: path.starts_with(self.folder.path()),
        });
        let commented = match self.kind() {
            RendererKind::Kustomize => {
                let applied = self.sources.applied.iter();
                Some(
                    applied
                        .map(|path| self.sources.text_of(path, shown(path)))
                        .collect(),
                )
            }
            RendererKind::Helm => None,
        };
        Ok(RenderedText {
            left_out: left_out.collect(),
            commented,
            origins: places.origins,
            text: SourceText {
                name: file.map_or_else(|| self.name(), |file| shown(&file)),
                bytes: ran.stdout,
                named: false,
            },
            tool: ToolUse::new(tool, program),
        })
    }

    /// The arguments of a tool. They never say that anything may be fetched or run.
    fn args(&self, words: &str) -> Vec<OsString> {
        let mut args: Vec<OsString> = words.split(' ').skip(1).map(OsString::from).collect();
        if self.kind() == RendererKind::Helm {
            let release = self.options.release.as_deref().unwrap_or(RELEASE);
            args.push(release.into());
        }
        args.push(path_argument(self.folder.path()));
        if self.kind() == RendererKind::Helm {
            // What stands in `crds/` is installed too, whatever its kind.
            args.push(INCLUDE_CRDS.into());
            if let Some(namespace) = &self.options.namespace {
                args.extend(["--namespace".into(), namespace.into()]);
            }
            for values in &self.options.values {
                args.extend(["-f".into(), path_argument(values)]);
            }
        }
        args
    }

    fn helm_command(&self, chart: &str) -> String {
        let release = self.options.release.as_deref().unwrap_or(RELEASE);
        let mut command = format!("helm template {release} {chart} {INCLUDE_CRDS}");
        if let Some(namespace) = &self.options.namespace {
            command += &format!(" --namespace {namespace}");
        }
        for values in &self.options.values {
            command += &format!(" -f {}", shell_word(&self.folder.shown(values)));
        }
        command
    }
}

/// A path as an argument that can be no flag and no URL.
fn path_argument(path: &Path) -> OsString {
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.is_empty() {
        return ".".into();
    }
    if bytes.starts_with(b"-") || bytes.contains(&b':') {
        return Path::new(".").join(path).into();
    }
    path.into()
}

/// Whether a word can be the name of a release or a namespace, and so no flag.
fn is_release_name(name: &str) -> bool {
    let is_end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= 63
        && name.starts_with(is_end)
        && name.ends_with(is_end)
        && name.chars().all(|c| is_end(c) || "-.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_argument_is_a_flag_or_a_url() {
        let argument = |path: &str| path_argument(Path::new(path)).into_string().unwrap();
        assert_eq!(argument(""), ".");
        assert_eq!(argument("charts/app"), "charts/app");
        assert_eq!(argument("--post-renderer=x"), "./--post-renderer=x");
        assert_eq!(argument("https:/values.yaml"), "./https:/values.yaml");
        for name in ["app", "a.b-c", "1"] {
            assert!(is_release_name(name), "{name}");
        }
        for name in ["", "-x", "--post-renderer=x", "a b", "App", "a-", "a/b"] {
            assert!(!is_release_name(name), "{name}");
        }
    }
}

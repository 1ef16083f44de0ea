//! From `-f`, `.rbac-eval.yaml` or the working folder to an authorizer, with warnings on the way.

use std::path::PathBuf;

use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::{Defaults, Snapshot};
use crate::entra::Directory;
pub(super) use crate::files::Stdin;
use crate::files::{
    AskedBy, IgnoreFiles, ReadError, ReadLimits, ReadRules, Reading, Revision, absent, read_paths,
};
use crate::kube::default_policy::DefaultPolicy;
use crate::kube::{self};
use crate::text::{Files, SourceText, UnreadableFile, WhyUnread, excerpt};
use clap::{Args, ValueEnum};

use super::config::{self, FoundConfig};
use super::diagnostics::{self, Fatal, Report};
use super::exit::Failure;
use super::progress::Progress;
use super::sides::{Compared, ComparedInput};

/// Where the policy comes from.
#[derive(Debug, Args)]
pub(super) struct InputArgs {
    /// A file, a folder with everything below it, or `-` for standard input; may be repeated
    ///
    /// Without it: the `files:` of the nearest .rbac-eval.yaml from here upward, else this folder.
    #[arg(short = 'f', long = "filename", value_name = "PATH")]
    filename: Vec<PathBuf>,

    /// The default policy that a cluster starts with: `auto`, `none`, or a version
    ///
    /// `auto` adds the newest unless the input carries a server's own default objects.
    #[arg(long, value_name = "auto|none|VERSION")]
    defaults: Option<String>,

    /// Names and memberships of Entra ID, as `az ad` or Microsoft Graph export them; may be repeated
    #[arg(long, value_name = "FILE")]
    directory: Vec<PathBuf>,

    /// The most bytes that are read, of all files together [default: 1 GiB]
    #[arg(long, value_name = "BYTES")]
    max_bytes: Option<u64>,

    /// The most files that are read [default: 100000]
    #[arg(long, value_name = "COUNT")]
    max_files: Option<usize>,

    /// Treat whatever is warned about in the input as an error
    #[arg(long)]
    strict: bool,
}

/// How a user gets something to read.
const HOW_TO_DUMP: &str = "to ask about a cluster, dump it first: kubectl get clusterroles,\
clusterrolebindings,roles,rolebindings,crd,ns,sa -A -o yaml > cluster.yaml";

/// What was read.
pub(super) struct Loaded {
    /// It lasts as long as the process: taking a large one apart takes longer than an answer.
    pub(super) rbac: &'static RbacAuthorizer,
    pub(super) directory: Directory,
}

/// Which side's settings a comparison is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SettingsSide {
    /// Those of BASE, which the change can't loosen
    Base,
    /// Those of HEAD, as if it were merged
    Head,
}

impl InputArgs {
    fn limits(&self) -> ReadLimits {
        let default = ReadLimits::default();
        ReadLimits {
            bytes: self.max_bytes.unwrap_or(default.bytes),
            files: self.max_files.unwrap_or(default.files),
        }
    }

    fn rules(&self, asked_by: AskedBy, ignore_files: IgnoreFiles, stdin: Stdin) -> ReadRules {
        ReadRules {
            asked_by,
            ignore_files,
            stdin,
            limits: self.limits(),
        }
    }
}

/// Reads everything and builds the authorizer.
pub(super) fn load(args: &InputArgs, stdin: Stdin) -> Result<Loaded, Failure> {
    load_and_report(args, stdin, Report::Everything)
}

/// The same, for a subcommand whose answer holds what is warned about.
pub(super) fn load_quietly(args: &InputArgs) -> Result<Loaded, Failure> {
    load_and_report(args, Stdin::Free, Report::ErrorsOnly)
}

fn load_and_report(args: &InputArgs, stdin: Stdin, report: Report) -> Result<Loaded, Failure> {
    let settings = Settings::new(args, config::nearest)?;
    let reading = read_one(args, &settings, stdin)?;
    let looked_at = looked_at(&settings.paths(), &reading);
    let asked_by = settings.directory_asked_by;
    let rules = args.rules(asked_by, IgnoreFiles::NotRead, Stdin::NotMeant);
    let directory = read_texts(&settings.directory, rules)?;
    let wanted = Wanted {
        reading,
        defaults: parse_defaults(settings.defaults.as_deref().unwrap_or("auto"))?,
        directory: parse_directory(&directory)?,
    };
    let loaded = build(args, wanted, report, "", "")?;
    if loaded.rbac.snapshot().input_objects() == 0 {
        return Err(no_objects(&looked_at));
    }
    Ok(loaded)
}

/// That there is nothing to answer from.
pub(super) fn no_objects(looked_at: &str) -> Failure {
    Failure::message(format!(
        "no RBAC objects found in {looked_at}; {HOW_TO_DUMP}"
    ))
}

/// Both sides of a comparison.
pub(super) struct LoadedSides {
    pub(super) base: Loaded,
    pub(super) head: Loaded,
    /// What else the reader has to know.
    pub(super) notes: Vec<String>,
}

/// Reads both sides of a comparison, by the settings of one of them. `tests` are files of assertions,
/// which are settings too; they are returned as that side has them.
///
/// A side may hold nothing, and what can't be read of it is told: history can't be mended.
pub(super) fn load_sides(
    args: &InputArgs,
    sides: &Compared,
    from: SettingsSide,
    tests: &[PathBuf],
) -> Result<(LoadedSides, Vec<SourceText>), Failure> {
    let of_base = side_settings(args, &sides.base)?;
    let of_head = side_settings(args, &sides.head)?;
    let mut differing = Vec::new();
    if of_base != of_head {
        let config = of_head.config.as_ref().or(of_base.config.as_ref());
        let name = config.map_or_else(String::new, |path| path.display().to_string());
        differing.push(differs(name, "the settings"));
    }
    let settings = match from {
        SettingsSide::Base => of_base,
        SettingsSide::Head => of_head,
    };
    let directory = side_texts(
        args,
        sides,
        &settings.directory,
        settings.directory_asked_by,
    )?;
    let tests = side_texts(args, sides, tests, AskedBy::User)?;
    for (texts, what) in [(&directory, "this directory"), (&tests, "these assertions")] {
        let differing_texts = texts.iter().filter(|texts| !texts.are_alike());
        differing.extend(differing_texts.map(|texts| differs(texts.name.clone(), what)));
    }
    let mut notes = Vec::new();
    let mut read = |side: &ComparedInput| {
        let reading = read_side(args, &settings, side)?;
        notes.extend(reading.absent.iter().map(|path| {
            let path = path.display();
            format!("{side} has no `{path}`")
        }));
        Ok::<Reading, Failure>(reading)
    };
    let before = read(&sides.base)?;
    let mut after = read(&sides.head)?;
    if from == SettingsSide::Base {
        after.unreadable.extend(differing);
    }
    let defaults = settings.defaults.as_deref().unwrap_or("auto");
    let directory: Vec<SourceText> = directory
        .into_iter()
        .flat_map(|texts| match from {
            SettingsSide::Base => texts.base,
            SettingsSide::Head => texts.head,
        })
        .collect();
    let wanted = |reading, defaults| {
        Ok::<Wanted, Failure>(Wanted {
            reading,
            defaults,
            directory: parse_directory(&directory)?,
        })
    };
    let before = wanted(before, parse_defaults(defaults)?)?;
    let base = build_side(args, before, &sides.base)?;
    // BASE decides for both: HEAD could switch the defaults off for itself.
    let decided = match base.rbac.snapshot().defaults() {
        Some(policy) => Defaults::Version(policy),
        None => Defaults::None,
    };
    let head = build_side(args, wanted(after, decided)?, &sides.head)?;
    let tests = tests.into_iter().flat_map(|texts| match from {
        // What BASE doesn't have yet is told to differ; until it is merged HEAD's is the only one.
        SettingsSide::Base if texts.base.is_empty() => texts.head,
        SettingsSide::Base => texts.base,
        SettingsSide::Head => texts.head,
    });
    Ok((LoadedSides { base, head, notes }, tests.collect()))
}

fn build_side(args: &InputArgs, wanted: Wanted, side: &ComparedInput) -> Result<Loaded, Failure> {
    let label = match side {
        ComparedInput::Revision(revision) => format!("{revision}:"),
        ComparedInput::Path(_) | ComparedInput::WorkingTree => String::new(),
    };
    build(args, wanted, Report::Everything, &side.to_string(), &label)
}

/// Reads one side of a comparison. All sides read the same paths by the same rules.
fn read_side(
    args: &InputArgs,
    settings: &Settings,
    side: &ComparedInput,
) -> Result<Reading, Failure> {
    let read = match side {
        ComparedInput::WorkingTree => {
            let asked_by = if settings.files.is_empty() || settings.config.is_some() {
                AskedBy::Repository
            } else {
                AskedBy::User
            };
            let rules = args.rules(asked_by, IgnoreFiles::Obeyed, Stdin::Free);
            read_paths(&settings.paths(), rules)
        }
        ComparedInput::Path(path) => {
            let rules = args.rules(AskedBy::User, IgnoreFiles::NotRead, Stdin::Free);
            let reading = read_paths(std::slice::from_ref(path), rules);
            reading.and_then(|reading| match reading.absent.first() {
                None => Ok(reading),
                Some(path) => Err(absent(path)),
            })
        }
        ComparedInput::Revision(revision) => {
            let reading = revision.read_to_apply(&settings.paths(), args.limits());
            reading.map(unnamed)
        }
    };
    read.map_err(|error| Failure::message(error.to_string()))
}

/// A file of a revision can't be mended, so it is told of as one below a folder.
fn unnamed(mut reading: Reading) -> Reading {
    for text in &mut reading.texts {
        text.named = false;
    }
    reading
}

/// What the settings are on one side.
fn side_settings(args: &InputArgs, side: &ComparedInput) -> Result<Settings, Failure> {
    Settings::new(args, || match side {
        ComparedInput::Revision(revision) => config::nearest_in(revision, args.limits()),
        ComparedInput::Path(_) | ComparedInput::WorkingTree => config::nearest(),
    })
}

/// That HEAD says differently how to judge. It counts as not judged until it is merged.
fn differs(name: String, what: &str) -> UnreadableFile {
    UnreadableFile {
        name,
        why: WhyUnread::SettingsDiffer(format!(
            "HEAD changes {what}; until it is merged that of BASE is used (`--settings head` takes \
             HEAD's)"
        )),
        content: None,
    }
}

/// A file or folder that says how to judge, as each side has it.
struct SideTexts {
    /// As it was named.
    name: String,
    base: Vec<SourceText>,
    head: Vec<SourceText>,
}

impl SideTexts {
    fn are_alike(&self) -> bool {
        let contents = |texts: &[SourceText]| -> Vec<Vec<u8>> {
            texts.iter().map(|text| text.bytes.clone()).collect()
        };
        contents(&self.base) == contents(&self.head)
    }
}

/// Reads what says how to judge, as each side has it. What neither BASE nor a commit of HEAD holds is
/// the user's own, which no change reaches: both have it as it is on the disk.
fn side_texts(
    args: &InputArgs,
    sides: &Compared,
    paths: &[PathBuf],
    asked_by: AskedBy,
) -> Result<Vec<SideTexts>, Failure> {
    let rules = args.rules(asked_by, IgnoreFiles::NotRead, Stdin::NotMeant);
    let committed = match (&sides.base, &sides.head) {
        (ComparedInput::Revision(_), ComparedInput::Revision(head)) => Some(head.clone()),
        (ComparedInput::Revision(_), ComparedInput::WorkingTree) => {
            Revision::find("HEAD").map_err(|error| Failure::message(format!("`HEAD`: {error}")))?
        }
        _ => None,
    };
    let in_revision = |revision: Option<&Revision>, path: &PathBuf| match revision {
        Some(revision) => texts_of(revision, path, args),
        None => Ok(None),
    };
    let texts = |path: &PathBuf| {
        let before = match &sides.base {
            ComparedInput::Revision(base) => in_revision(Some(base), path)?,
            ComparedInput::Path(_) | ComparedInput::WorkingTree => None,
        };
        let now = in_revision(committed.as_ref(), path)?;
        let on_disk = || read_texts(std::slice::from_ref(path), rules);
        let (base, head) = match (before, now, &sides.head) {
            (None, None, _) => {
                let own = on_disk()?;
                (own.clone(), own)
            }
            (before, now, ComparedInput::Revision(_)) => {
                (before.unwrap_or_default(), now.unwrap_or_default())
            }
            (before, _, _) if std::fs::symlink_metadata(path).is_err() => {
                (before.unwrap_or_default(), Vec::new())
            }
            (before, _, _) => (before.unwrap_or_default(), on_disk()?),
        };
        Ok(SideTexts {
            name: path.display().to_string(),
            base,
            head,
        })
    };
    paths.iter().map(texts).collect()
}

/// The files at a path of a revision; none where it lacks the path, or the path is beyond its
/// repository.
fn texts_of(
    revision: &Revision,
    path: &PathBuf,
    args: &InputArgs,
) -> Result<Option<Vec<SourceText>>, Failure> {
    let reading = match revision.read(std::slice::from_ref(path), args.limits()) {
        Err(ReadError::Outside(_)) => return Ok(None),
        reading => reading.map_err(|error| Failure::message(error.to_string()))?,
    };
    if !reading.absent.is_empty() {
        return Ok(None);
    }
    whole(reading).map(Some)
}

/// Files that have to be there.
pub(super) fn read_texts(paths: &[PathBuf], rules: ReadRules) -> Result<Vec<SourceText>, Failure> {
    let reading = read_paths(paths, rules);
    let reading = reading.map_err(|error| Failure::message(error.to_string()))?;
    if let Some(path) = reading.absent.first() {
        return Err(Failure::message(absent(path).to_string()));
    }
    whole(reading)
}

/// What was read, where all of it could be.
fn whole(reading: Reading) -> Result<Vec<SourceText>, Failure> {
    match reading.unreadable.first() {
        None => Ok(reading.texts),
        Some(file) => Err(Failure::message(format!(
            "cannot read `{}`: {}",
            file.name, file.why
        ))),
    }
}

/// Parses what was read and builds the authorizer over a snapshot of this name. `label` stands before
/// places in messages.
fn build(
    args: &InputArgs,
    wanted: Wanted,
    report: Report,
    name: &str,
    label: &str,
) -> Result<Loaded, Failure> {
    let Wanted {
        reading,
        defaults,
        directory,
    } = wanted;
    let mut files = Files::default();
    let progress = Progress::of(reading.texts.iter().map(|text| text.bytes.len()).sum());
    let watch = |bytes| progress.add(bytes);
    let mut manifest = kube::parse_with_progress(&mut files, &reading.texts, &watch);
    manifest.add_unreadable(&mut files, &reading.unreadable);
    progress.finish();
    drop(reading);
    let rbac = RbacAuthorizer::new(Snapshot::new(files, manifest, defaults).named(name))
        .map_err(|error| Failure::message(error.to_string()))?;
    // Why there is nothing to answer from is told whatever the answer would hold.
    let report = match rbac.snapshot().input_objects() {
        0 => Report::Everything,
        _ => report,
    };
    if diagnostics::tell(&rbac, args.strict, report, label) == Fatal::Yes {
        return Err(Failure::message(if args.strict {
            "no answer, since the input has faults and --strict is set"
        } else {
            "no answer, since the input can't be read"
        }));
    }
    Ok(Loaded {
        rbac: Box::leak(Box::new(rbac)),
        directory,
    })
}

fn parse_directory(texts: &[SourceText]) -> Result<Directory, Failure> {
    Directory::read(texts).map_err(|error| {
        Failure::message(format!(
            "{error}; a directory is what `az ad group list`, `az ad user list` or Microsoft Graph \
             print, or YAML with `groups:` and `users:`"
        ))
    })
}

struct Wanted {
    reading: Reading,
    defaults: Defaults,
    directory: Directory,
}

/// What the flags say, and for what they don't, what `.rbac-eval.yaml` says.
#[derive(PartialEq, Eq)]
struct Settings {
    /// The files and folders; none for the working folder itself.
    files: Vec<PathBuf>,
    /// The configuration that names them, if it does.
    config: Option<PathBuf>,
    defaults: Option<String>,
    directory: Vec<PathBuf>,
    /// Who names the directory.
    directory_asked_by: AskedBy,
}

impl Settings {
    fn new(
        args: &InputArgs,
        nearest: impl FnOnce() -> Result<Option<FoundConfig>, Failure>,
    ) -> Result<Self, Failure> {
        let mut settings = Settings {
            files: args.filename.clone(),
            config: None,
            defaults: args.defaults.clone(),
            directory: args.directory.clone(),
            directory_asked_by: AskedBy::User,
        };
        if settings.files.is_empty()
            && let Some(found) = nearest()?
        {
            settings.config = Some(found.path());
            let FoundConfig { folder, config } = found;
            settings.defaults = settings.defaults.or(config.defaults);
            if settings.directory.is_empty() {
                let paths = config.directory.iter();
                settings.directory = paths.map(|path| folder.join(path)).collect();
                settings.directory_asked_by = AskedBy::Repository;
            }
            settings.files = config.files.iter().map(|path| folder.join(path)).collect();
        }
        Ok(settings)
    }

    /// The files and folders that are named, else the working folder.
    fn paths(&self) -> Vec<PathBuf> {
        if self.files.is_empty() {
            return vec![PathBuf::from(".")];
        }
        self.files.clone()
    }
}

/// Reads what is wanted for one answer.
fn read_one(args: &InputArgs, settings: &Settings, stdin: Stdin) -> Result<Reading, Failure> {
    let rules = match (&settings.config, settings.files.is_empty()) {
        (_, true) => args.rules(AskedBy::User, IgnoreFiles::Obeyed, Stdin::NotMeant),
        (Some(_), false) => args.rules(AskedBy::Repository, IgnoreFiles::NotRead, Stdin::NotMeant),
        (None, false) => args.rules(AskedBy::User, IgnoreFiles::NotRead, stdin),
    };
    let named_in = match (&settings.config, settings.files.is_empty()) {
        (Some(config), false) => format!(" (named in {})", config.display()),
        _ => String::new(),
    };
    let told = |error: ReadError| Failure::message(format!("{error}{named_in}"));
    let reading = read_paths(&settings.paths(), rules).map_err(told)?;
    match reading.absent.first() {
        None => Ok(reading),
        Some(path) => Err(told(absent(path))),
    }
}

fn looked_at(paths: &[PathBuf], reading: &Reading) -> String {
    let names: Vec<String> = paths
        .iter()
        .map(|path| match path.to_str() {
            Some("-") => "standard input".to_owned(),
            Some(".") => "this folder".to_owned(),
            _ => format!("`{}`", path.display()),
        })
        .collect();
    let files = match reading.texts.len() {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    format!("{} ({files} read)", names.join(", "))
}

fn parse_defaults(defaults: &str) -> Result<Defaults, Failure> {
    match defaults {
        "auto" => Ok(Defaults::Auto),
        "none" => Ok(Defaults::None),
        version => DefaultPolicy::of_version(version)
            .map(Defaults::Version)
            .ok_or_else(|| {
                let known: Vec<&str> = DefaultPolicy::versions().collect();
                Failure::message(format!(
                    "`--defaults {}`: expected `auto`, `none`, or one of the versions {}",
                    excerpt(version),
                    known.join(", ")
                ))
            }),
    }
}

//! From `-f`, `.rbac-eval.yaml` or the working folder to an authorizer, with warnings on the way.

use crate::cluster::Snapshot;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::Defaults;
use crate::diagnostic::Diagnostic;
use crate::entra::Directory;
use crate::files::{Reading, Revision, read_folder, read_path, read_stdin};
use crate::kube::default_policy::DefaultPolicy;
use crate::kube::{self};
use crate::text::{Files, SourceText};
use clap::Args;

use super::config;
use super::exit::Failure;
use super::out;
use super::progress::Progress;

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

/// Whether standard input can be read as policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stdin {
    /// It can.
    Free,
    /// The subcommand reads it for something else.
    Taken,
}

/// Reads everything and builds the authorizer.
pub(super) fn load(args: &InputArgs, stdin: Stdin) -> Result<Loaded, Failure> {
    load_and_report(args, stdin, Report::Everything)
}

/// The same, for a subcommand whose answer holds what is warned about.
pub(super) fn load_quietly(args: &InputArgs) -> Result<Loaded, Failure> {
    load_and_report(args, Stdin::Free, Report::ErrorsOnly)
}

/// Which problems of the input are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Report {
    Everything,
    ErrorsOnly,
}

fn load_and_report(args: &InputArgs, stdin: Stdin, report: Report) -> Result<Loaded, Failure> {
    let wanted = wanted(args, stdin)?;
    let looked_at = wanted.looked_at.clone();
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

/// One side of a comparison.
#[derive(Debug)]
pub(super) enum ComparedInput {
    /// A file, folder or `-`.
    Path(PathBuf),
    /// A commit, and in it what the flags or `.rbac-eval.yaml` name.
    Revision(Revision),
    /// What the flags or `.rbac-eval.yaml` name, as it is now.
    WorkingTree,
}

impl fmt::Display for ComparedInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ComparedInput::Path(path) => write!(f, "{}", path.display()),
            ComparedInput::Revision(revision) => f.write_str(&revision.name),
            ComparedInput::WorkingTree => f.write_str("the working tree"),
        }
    }
}

/// Reads one side of a comparison, which may hold nothing. A file of a revision that doesn't parse
/// is warned about: history can't be mended.
pub(super) fn load_compared(
    args: &InputArgs,
    place: &ComparedInput,
    notes: &mut Vec<String>,
) -> Result<Loaded, Failure> {
    let (reading, label) = match place {
        ComparedInput::WorkingTree => {
            let wanted = wanted_or_gone(args, notes)?;
            return build(args, wanted, Report::Everything, &place.to_string(), "");
        }
        ComparedInput::Path(path) if path.as_os_str() == "-" => {
            let text = read_stdin().map_err(|error| Failure::message(error.to_string()))?;
            let reading = Reading {
                texts: vec![text],
                unreadable: Vec::new(),
            };
            (reading, String::new())
        }
        ComparedInput::Path(path) => {
            let reading = read_path(path).map_err(|error| Failure::message(error.to_string()))?;
            (reading, String::new())
        }
        ComparedInput::Revision(revision) => {
            let paths = named_paths(args)?;
            let found = revision
                .read(&paths)
                .map_err(|error| Failure::message(error.to_string()))?;
            notes.extend(found.absent.iter().map(|path| {
                let name = &revision.name;
                format!("{name} has no `{}`", path.display())
            }));
            let mut reading = Reading {
                texts: found.texts,
                unreadable: Vec::new(),
            };
            for text in &mut reading.texts {
                text.named = false;
            }
            (reading, format!("{}:", revision.name))
        }
    };
    let settings = Settings::new(args)?;
    let wanted = Wanted {
        reading,
        looked_at: String::new(),
        defaults: settings.defaults,
        directory: settings.directory,
    };
    build(args, wanted, Report::Everything, &place.to_string(), &label)
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
        ..
    } = wanted;
    let directory = read_directory(&directory)?;
    let defaults = parse_defaults(defaults.as_deref().unwrap_or("auto"))?;
    let mut files = Files::default();
    let progress = Progress::of(reading.texts.iter().map(|text| text.bytes.len()).sum());
    let watch = |bytes| progress.add(bytes);
    let mut manifest = kube::parse_with_progress(&mut files, &reading.texts, &watch);
    manifest.add_unreadable(&mut files, &reading.unreadable);
    progress.finish();
    drop(reading);
    let rbac = RbacAuthorizer::new(Snapshot::new(files, manifest, defaults).named(name))
        .map_err(|error| Failure::message(error.to_string()))?;
    let mut broken = false;
    for diagnostic in rbac.diagnostics() {
        let fatal = args.strict || is_fatal(diagnostic);
        let message = match diagnostic.span {
            Some(span) => {
                let place = rbac.snapshot().files().display(span);
                format!("{label}{place}: {}", diagnostic.message)
            }
            None => diagnostic.message.clone(),
        };
        if fatal {
            out::error(&message);
        } else if report == Report::Everything {
            out::warning(&message);
        }
        broken |= fatal;
    }
    if broken {
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

fn read_directory(paths: &[PathBuf]) -> Result<Directory, Failure> {
    let mut texts = Vec::new();
    for path in paths {
        let reading = read_path(path).map_err(|error| Failure::message(error.to_string()))?;
        texts.extend(reading.texts);
    }
    Directory::read(&texts).map_err(|error| {
        Failure::message(format!(
            "{error}; a directory is what `az ad group list`, `az ad user list` or Microsoft Graph \
             print, or YAML with `groups:` and `users:`"
        ))
    })
}

/// Whether a problem leaves no answer: a named file that doesn't parse.
fn is_fatal(diagnostic: &Diagnostic) -> bool {
    diagnostic.named && diagnostic.is_unreadable()
}

struct Wanted {
    reading: Reading,
    looked_at: String,
    defaults: Option<String>,
    directory: Vec<PathBuf>,
}

/// What the flags say, and for what they don't, what `.rbac-eval.yaml` says.
struct Settings {
    /// The files and folders; none for the working folder itself.
    files: Vec<PathBuf>,
    /// The configuration that names them, if it does.
    config: Option<PathBuf>,
    defaults: Option<String>,
    directory: Vec<PathBuf>,
}

impl Settings {
    fn new(args: &InputArgs) -> Result<Self, Failure> {
        let mut settings = Settings {
            files: args.filename.clone(),
            config: None,
            defaults: args.defaults.clone(),
            directory: args.directory.clone(),
        };
        if settings.files.is_empty()
            && let Some((folder, config)) = config::nearest()?
        {
            settings.defaults = settings.defaults.or(config.defaults);
            if settings.directory.is_empty() {
                let paths = config.directory.iter();
                settings.directory = paths.map(|path| folder.join(path)).collect();
            }
            settings.files = config.files.iter().map(|path| folder.join(path)).collect();
            settings.config = Some(folder.join(config::FILE_NAME));
        }
        Ok(settings)
    }
}

/// The files and folders that the flags or `.rbac-eval.yaml` name, else the working folder.
fn named_paths(args: &InputArgs) -> Result<Vec<PathBuf>, Failure> {
    let files = Settings::new(args)?.files;
    Ok(if files.is_empty() {
        vec![PathBuf::from(".")]
    } else {
        files
    })
}

/// Reads what is wanted. Of a change, what is named but gone was deleted.
fn wanted_or_gone(args: &InputArgs, notes: &mut Vec<String>) -> Result<Wanted, Failure> {
    let mut settings = Settings::new(args)?;
    let named = !settings.files.is_empty();
    settings.files.retain(|path| {
        let there = path.exists() || path == Path::new("-");
        if !there {
            notes.push(format!("the working tree has no `{}`", path.display()));
        }
        there
    });
    if named && settings.files.is_empty() {
        return Ok(Wanted {
            looked_at: String::new(),
            reading: Reading::default(),
            defaults: settings.defaults,
            directory: settings.directory,
        });
    }
    read_settings(settings, Stdin::Free)
}

/// Reads what is wanted.
fn wanted(args: &InputArgs, stdin: Stdin) -> Result<Wanted, Failure> {
    read_settings(Settings::new(args)?, stdin)
}

fn read_settings(settings: Settings, mut stdin: Stdin) -> Result<Wanted, Failure> {
    let mut reading = Reading::default();
    for path in &settings.files {
        let more = if path == Path::new("-") && settings.config.is_none() {
            if std::mem::replace(&mut stdin, Stdin::Taken) == Stdin::Taken {
                return Err(Failure::message(
                    "`-` stands for standard input, which can be read only once",
                ));
            }
            let text = read_stdin().map_err(|error| Failure::message(error.to_string()))?;
            Reading {
                texts: vec![text],
                unreadable: Vec::new(),
            }
        } else {
            read_path(path).map_err(|error| {
                let named_in = settings.config.as_ref().map_or_else(String::new, |config| {
                    format!(" (named in {})", config.display())
                });
                Failure::message(format!("{error}{named_in}"))
            })?
        };
        merge(&mut reading, more);
    }
    let mut paths = settings.files;
    if paths.is_empty() {
        paths.push(PathBuf::from("."));
        reading = read_working_folder()?;
    }
    Ok(Wanted {
        looked_at: looked_at(&paths, &reading),
        reading,
        defaults: settings.defaults,
        directory: settings.directory,
    })
}

fn read_working_folder() -> Result<Reading, Failure> {
    read_folder(Path::new(".")).map_err(|error| Failure::message(error.to_string()))
}

fn merge(reading: &mut Reading, more: Reading) {
    for text in more.texts {
        // A file that is reached twice, by name and in a folder, is read once.
        let known = reading
            .texts
            .iter_mut()
            .find(|known: &&mut SourceText| known.name == text.name);
        match known {
            Some(known) => known.named |= text.named,
            None => reading.texts.push(text),
        }
    }
    reading.unreadable.extend(more.unreadable);
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
                    "`--defaults {version}`: expected `auto`, `none`, or one of the versions {}",
                    known.join(", ")
                ))
            }),
    }
}

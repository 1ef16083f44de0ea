//! From `-f`, `.rbac-eval.yaml` or the working folder to a store, with warnings on the way.

use std::path::{Path, PathBuf};

use clap::Args;
use rbac_eval::bootstrap::DefaultPolicy;
use rbac_eval::directory::Directory;
use rbac_eval::manifest::{self, Diagnostic};
use rbac_eval::source::{Reading, SourceText, Sources, read_folder, read_path, read_stdin};
use rbac_eval::store::{Defaults, PolicyStore};

use super::config;
use super::exit::Failure;
use super::out;

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
    pub(super) store: PolicyStore,
    pub(super) directory: Directory,
}

/// Reads everything and builds the store. `stdin_is_taken` where the subcommand reads it itself.
pub(super) fn load(args: &InputArgs, stdin_is_taken: bool) -> Result<Loaded, Failure> {
    load_telling(args, stdin_is_taken, Tell::Everything)
}

/// The same, for a subcommand whose answer holds what is warned about.
pub(super) fn load_quietly(args: &InputArgs) -> Result<Loaded, Failure> {
    load_telling(args, false, Tell::ErrorsOnly)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tell {
    Everything,
    ErrorsOnly,
}

fn load_telling(args: &InputArgs, stdin_is_taken: bool, tell: Tell) -> Result<Loaded, Failure> {
    let Wanted {
        reading,
        looked_at,
        defaults,
        directory,
    } = wanted(args, stdin_is_taken)?;
    let directory = read_directory(&directory)?;
    let defaults = parse_defaults(defaults.as_deref().unwrap_or("auto"))?;
    let mut broken = false;
    for unreadable in &reading.unreadable {
        let message = format!("{}: cannot read it: {}", unreadable.path, unreadable.reason);
        if args.strict {
            out::error(&message);
        } else {
            out::warning(&message);
        }
        broken |= args.strict;
    }
    let mut sources = Sources::default();
    let manifest = manifest::parse(&mut sources, &reading.texts);
    drop(reading);
    let store = PolicyStore::new(sources, manifest, defaults);
    for diagnostic in store.diagnostics() {
        let fatal = args.strict || is_fatal(diagnostic);
        let message = format!(
            "{}: {}",
            store.sources().display(diagnostic.place),
            diagnostic.problem
        );
        if fatal {
            out::error(&message);
        } else if tell == Tell::Everything {
            out::warning(&message);
        }
        broken |= fatal;
    }
    if broken {
        return Err(Failure::told(if args.strict {
            "no answer, since the input has faults and --strict is set"
        } else {
            "no answer, since the input can't be read"
        }));
    }
    if store.input_objects() == 0 {
        return Err(Failure::told(format!(
            "no RBAC objects found in {looked_at}; {HOW_TO_DUMP}"
        )));
    }
    Ok(Loaded { store, directory })
}

fn read_directory(paths: &[PathBuf]) -> Result<Directory, Failure> {
    let mut texts = Vec::new();
    for path in paths {
        let reading = read_path(path).map_err(|error| Failure::told(error.to_string()))?;
        texts.extend(reading.texts);
    }
    Directory::read(&texts).map_err(|error| {
        Failure::told(format!(
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

/// What the flags name, and for what they don't, what `.rbac-eval.yaml` names.
fn wanted(args: &InputArgs, stdin_is_taken: bool) -> Result<Wanted, Failure> {
    let mut defaults = args.defaults.clone();
    let mut directory = args.directory.clone();
    if !args.filename.is_empty() {
        let mut reading = Reading::default();
        let mut stdin_read = stdin_is_taken;
        for path in &args.filename {
            let more = if path == Path::new("-") {
                if std::mem::replace(&mut stdin_read, true) {
                    return Err(Failure::told(
                        "`-` stands for standard input, which can be read only once",
                    ));
                }
                let text = read_stdin().map_err(|error| Failure::told(error.to_string()))?;
                Reading {
                    texts: vec![text],
                    unreadable: Vec::new(),
                }
            } else {
                read_path(path).map_err(|error| Failure::told(error.to_string()))?
            };
            merge(&mut reading, more);
        }
        return Ok(Wanted {
            looked_at: looked_at(&args.filename, &reading),
            reading,
            defaults,
            directory,
        });
    }
    let mut paths = Vec::new();
    if let Some((folder, config)) = config::nearest()? {
        defaults = defaults.or(config.defaults);
        if directory.is_empty() {
            directory = config
                .directory
                .iter()
                .map(|path| folder.join(path))
                .collect();
        }
        paths = config.files.iter().map(|path| folder.join(path)).collect();
        let mut reading = Reading::default();
        for path in &paths {
            let more = read_path(path).map_err(|error| {
                Failure::told(format!(
                    "{error} (named in {})",
                    folder.join(config::FILE_NAME).display()
                ))
            })?;
            merge(&mut reading, more);
        }
        if !paths.is_empty() {
            return Ok(Wanted {
                looked_at: looked_at(&paths, &reading),
                reading,
                defaults,
                directory,
            });
        }
    }
    paths.push(PathBuf::from("."));
    let reading = read_working_folder()?;
    Ok(Wanted {
        looked_at: looked_at(&paths, &reading),
        reading,
        defaults,
        directory,
    })
}

fn read_working_folder() -> Result<Reading, Failure> {
    read_folder(Path::new(".")).map_err(|error| Failure::told(error.to_string()))
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
                Failure::told(format!(
                    "`--defaults {version}`: expected `auto`, `none`, or one of the versions {}",
                    known.join(", ")
                ))
            }),
    }
}

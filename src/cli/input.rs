//! From `-f`, `.rbac-eval.yaml` or the working folder to an authorizer, with warnings on the way.

use std::collections::HashSet;
use std::path::PathBuf;
use std::rc::Rc;

use crate::analysis::lint::{is_left_aside, left_aside};
use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::{Assumed, Snapshot};
use crate::diagnostic::{Diagnostic, codes};
use crate::entra::Directory;
pub(super) use crate::files::Stdin;
use crate::files::{
    AskedBy, IgnoreFiles, ReadError, ReadLimits, ReadRules, Reading, absent, read_paths,
};
use crate::kube::{self, Manifest, ObjectKey};
use crate::text::{FileId, Files, SourceText};
use crate::tools::ToolUse;
use clap::Args;

use super::collisions;
use super::completion::Completes;
use super::config;
use super::diagnostics::{self, Fatal, Report};
use super::exit::Failure;
use super::out;
use super::progress::Progress;
use super::rendering::{self, RenderedReading};
use super::settings::{self, Kinds, Settings};
use super::version;

/// Where the policy comes from.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct InputArgs {
    /// A file, a folder with everything below it, or `-` for standard input; may be repeated
    ///
    /// Without it: the `environments:` or `files:` of the nearest .rbac-eval.yaml from here upward, else
    /// this folder.
    #[arg(short = 'f', long = "filename", value_name = "PATH")]
    pub(super) filename: Vec<PathBuf>,

    /// An environment of .rbac-eval.yaml; may be repeated [default: all]
    #[arg(long, value_name = "NAME", conflicts_with = "filename", add = Completes::Environment)]
    pub(super) env: Vec<String>,

    /// The version of Kubernetes that the cluster runs, such as 1.34 [default: that of the input's Nodes,
    /// else the newest known]
    ///
    /// It decides the default policy, the API resources and what differs from version to version.
    #[arg(long, value_name = "VERSION", add = Completes::KubernetesVersion)]
    pub(super) kubernetes_version: Option<String>,

    /// The default policy that a cluster starts with: `auto`, `none`, or a version
    ///
    /// `auto` adds that of the cluster's version unless the input carries a server's own default objects.
    #[arg(long, value_name = "auto|none|VERSION", add = Completes::Defaults)]
    pub(super) defaults: Option<String>,

    /// Names and memberships of Entra ID, as `az ad` or Microsoft Graph export them; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(super) directory: Vec<PathBuf>,

    /// The most bytes that are read, of all files together [default: 1 GiB]
    #[arg(long, value_name = "BYTES")]
    max_bytes: Option<u64>,

    /// The most files that are read [default: 100000]
    #[arg(long, value_name = "COUNT")]
    max_files: Option<usize>,

    /// Treat whatever is warned about in the input as an error
    #[arg(long)]
    pub(super) strict: bool,
}

/// How a user gets something to read.
const HOW_TO_DUMP: &str = "to ask about a cluster, dump it first: kubectl get clusterroles,\
clusterrolebindings,roles,rolebindings,crd,ns,sa,nodes -A -o yaml > cluster.yaml";

/// How a user gets folders rendered that hold all there is.
const HOW_TO_RENDER: &str = "folders of it aren't rendered: name one with `-f`, or let `rbac-eval init` \
write an environment for each";

/// What was read.
pub(super) struct Loaded {
    pub(super) rbac: Rc<RbacAuthorizer>,
    pub(super) directory: Directory,
    /// What rendered folders of the input.
    pub(super) tools: Vec<ToolUse>,
    /// The file of the settings, where something is to be told of it.
    pub(super) settings_file: Option<FileId>,
}

impl Loaded {
    /// The same, to last as long as the process: taking a large one apart takes longer than an answer. Of
    /// several each has to go, or all would have to fit side by side.
    #[must_use]
    pub(super) fn kept(self) -> Self {
        std::mem::forget(Rc::clone(&self.rbac));
        self
    }
}

/// What makes up one input.
pub(super) struct Wanted<'s> {
    pub(super) reading: RenderedReading,
    /// What the cluster has beside it.
    pub(super) with: &'s [SourceText],
    pub(super) settings: &'s Settings,
    /// The file of the settings, where something is to be told of it.
    pub(super) settings_file: Option<&'s PathBuf>,
    pub(super) assumed: Assumed,
    pub(super) directory: Directory,
}

/// The same, with its texts read as objects.
#[derive(Clone)]
pub(super) struct Parsed {
    files: Files,
    pub(super) manifest: Manifest,
    /// What is laid under it.
    beside: Manifest,
    pub(super) assumed: Assumed,
    directory: Directory,
    tools: Vec<ToolUse>,
    settings_file: Option<FileId>,
}

impl Wanted<'_> {
    /// Reads its texts as objects.
    pub(super) fn parse(self) -> Parsed {
        let Wanted {
            mut reading,
            with,
            settings,
            settings_file,
            assumed,
            directory,
        } = self;
        let mut files = Files::default();
        let texts = std::mem::take(&mut reading.reading.texts);
        let bytes = texts.iter().chain(with).map(|text| text.bytes.len());
        let progress = Progress::of(bytes.sum());
        let watch = |bytes| progress.add(bytes);
        let namespaces = 0..texts.len();
        let namespaces: Vec<Option<&str>> =
            namespaces.map(|text| reading.namespace(text)).collect();
        // Mostly all of them at once: charts alone have namespaces of their own.
        let mut rest = &*texts;
        let parts = namespaces.chunk_by(|a, b| a == b).map(|same| {
            let (texts, others) = rest.split_at(same.len());
            rest = others;
            let registry = settings.registry(same.first().copied().flatten());
            kube::parse_with_progress(&registry, &mut files, texts, &watch)
        });
        let whole = parts.reduce(|mut whole, part| {
            whole.extend(vec![part]);
            whole
        });
        let mut manifest = whole.unwrap_or_default();
        reading.set_origins(&mut files);
        reading.set_comments(&mut files, &mut manifest.comments);
        manifest.add_unreadable(&mut files, &reading.reading.unreadable);
        let beside =
            kube::parse_with_progress(&settings.kinds.registry(), &mut files, with, &watch);
        progress.finish();
        let settings_file = settings_file.map(|path| files.add(path.display().to_string()));
        Parsed {
            files,
            manifest,
            beside,
            assumed,
            directory,
            tools: reading.tools,
            settings_file,
        }
    }
}

impl Parsed {
    /// Lays the rest of the cluster under it: what counts of that has no name of an object here or on the
    /// other side, since what a repository has, or had, is the repository's.
    pub(super) fn lay_under(&mut self, other: Option<&Parsed>) {
        // Mostly there is nothing, and the objects of a dump are many.
        if self.beside.objects.is_empty() {
            return;
        }
        let own = std::iter::once(&self.manifest).chain(other.map(|other| &other.manifest));
        let own: HashSet<ObjectKey<'_>> = own.flat_map(|own| own.objects.keys()).collect();
        self.beside.objects.retain(|key| !own.contains(key));
    }

    /// Builds the authorizer over a snapshot of this name. `label` stands before places in messages.
    pub(super) fn build(
        self,
        args: &InputArgs,
        report: Report,
        name: &str,
        label: &str,
    ) -> Result<Loaded, Failure> {
        let Parsed {
            files,
            mut manifest,
            beside,
            assumed,
            directory,
            tools,
            settings_file,
        } = self;
        manifest.extend(vec![beside]);
        let rbac = RbacAuthorizer::new(Snapshot::new(files, manifest, assumed).named(name))
            .map_err(|error| Failure::message(error.to_string()))?;
        // Why there is nothing to answer from is told whatever the answer would hold.
        let is_empty = rbac.snapshot().input_objects() == 0;
        let report = match report {
            Report::ErrorsOnly if is_empty => Report::ErrorsAndUnjudged,
            report => report,
        };
        if diagnostics::tell(&rbac, args.strict, report, label) == Fatal::Yes {
            return Err(Failure::message(if args.strict {
                "no answer, since the input has faults and --strict is set"
            } else {
                "no answer, since the input can't be read"
            }));
        }
        Ok(Loaded {
            rbac: Rc::new(rbac),
            directory,
            tools,
            settings_file,
        })
    }
}

impl InputArgs {
    pub(super) fn limits(&self) -> ReadLimits {
        let default = ReadLimits::default();
        ReadLimits {
            bytes: self.max_bytes.unwrap_or(default.bytes),
            files: self.max_files.unwrap_or(default.files),
        }
    }

    /// The same, with no more to be read than that.
    pub(super) fn within(&self, most: ReadLimits) -> Self {
        InputArgs {
            max_bytes: Some(most.bytes),
            max_files: Some(most.files),
            ..self.clone()
        }
    }

    pub(super) fn rules(
        &self,
        asked_by: AskedBy,
        ignore_files: IgnoreFiles,
        stdin: Stdin,
    ) -> ReadRules {
        ReadRules {
            asked_by,
            ignore_files,
            stdin,
            limits: self.limits(),
        }
    }
}

/// What one answer is from.
pub(super) struct Input<'a> {
    args: &'a InputArgs,
    pub(super) settings: Settings,
    /// What stands before messages, where there are several inputs.
    label: String,
}

/// The inputs that a command answers about: one for each environment.
pub(super) fn inputs(args: &InputArgs) -> Result<Vec<Input<'_>>, Failure> {
    let all = settings::asked_for(args, Settings::all(args, config::nearest)?)?;
    let several = all.len() > 1;
    let inputs = all.into_iter().map(|settings| Input {
        args,
        label: settings.label(several),
        settings,
    });
    Ok(inputs.collect())
}

impl Input<'_> {
    /// The same, with other kinds of objects that are read.
    pub(super) fn of_kinds(mut self, kinds: Kinds) -> Self {
        self.settings.kinds = kinds;
        self
    }

    /// Reads everything and builds the authorizer.
    pub(super) fn load(&self, stdin: Stdin) -> Result<Loaded, Failure> {
        let loaded = self.load_and_report(stdin, Report::Everything)?;
        self.tell_of_collisions(&loaded);
        Ok(loaded)
    }

    /// The same, for a subcommand that gives no answer where definitions collide.
    pub(super) fn load_to_judge(&self) -> Result<Loaded, Failure> {
        self.load_and_report(Stdin::Free, Report::Everything)
    }

    /// The same, for a subcommand whose answer holds what is warned about.
    pub(super) fn load_quietly(&self) -> Result<Loaded, Failure> {
        self.load_and_report(Stdin::Free, Report::ErrorsOnly)
    }

    /// The environment that it is, if it is one.
    pub(super) fn environment(&self) -> Option<&str> {
        self.settings.environment.as_deref()
    }

    /// What stands before messages, where there are several inputs.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// Something to know about the answer.
    pub(super) fn note(&self, message: &str) {
        out::note(&format!("{}{message}", self.label));
    }

    /// Something that may be wrong.
    pub(super) fn warning(&self, message: &str) {
        out::warning(&format!("{}{message}", self.label));
    }

    /// Something that leaves no answer.
    pub(super) fn error(&self, message: &str) {
        out::error(&format!("{}{message}", self.label));
    }

    /// The same of two clusters that differ in what is assumed of them alone. The working folder may hold
    /// nothing, where no one named it: what every cluster has is compared all the same.
    pub(super) fn load_twice(&self, assumed: [Assumed; 2]) -> Result<[Loaded; 2], Failure> {
        let (parsed, looked_at) = self.parse(Stdin::Free)?;
        let of = |parsed: Parsed, assumed, report| {
            let name = self.environment().unwrap_or_default();
            Parsed { assumed, ..parsed }.build(self.args, report, name, &self.label)
        };
        let [before, after] = assumed;
        let before = of(parsed.clone(), before, Report::Everything)?;
        let after = of(parsed, after, Report::ErrorsOnly)?;
        if self.settings.config.is_some() || !self.args.filename.is_empty() {
            self.check_objects(&before, &looked_at, Report::Everything)?;
        }
        self.tell_of_collisions(&before);
        Ok([before, after])
    }

    /// Says that an answer is from several definitions, where no environment could tell which counts.
    fn tell_of_collisions(&self, loaded: &Loaded) {
        if self.environment().is_none()
            && let Some(note) = collisions::note(loaded.rbac.snapshot())
        {
            self.note(&note);
        }
    }

    /// Reads everything, and says what it looked at.
    fn parse(&self, stdin: Stdin) -> Result<(Parsed, String), Failure> {
        let Input { args, settings, .. } = self;
        let reading = read_one(args, settings, stdin)?;
        let reading = rendering::render(reading, settings, args.limits(), settings.strays())?;
        let looked_at = looked_at(&settings.paths(), &reading.reading);
        let own = |paths: &[PathBuf], asked_by| {
            let rules = args.rules(asked_by, IgnoreFiles::NotRead, Stdin::NotMeant);
            read_texts(paths, rules)
        };
        let directory = own(&settings.directory, settings.directory_asked_by)?;
        let with = own(&settings.with, AskedBy::Repository)?;
        let wanted = Wanted {
            reading,
            with: &with,
            settings,
            settings_file: settings.config.as_ref().filter(|_| settings.ignores()),
            assumed: settings.assumed()?,
            directory: parse_directory(&directory)?,
        };
        let mut parsed = wanted.parse();
        parsed.lay_under(None);
        Ok((parsed, looked_at))
    }

    fn load_and_report(&self, stdin: Stdin, report: Report) -> Result<Loaded, Failure> {
        let (parsed, looked_at) = self.parse(stdin)?;
        let name = self.environment().unwrap_or_default();
        let loaded = parsed.build(self.args, report, name, &self.label)?;
        for note in version::notes(loaded.rbac.snapshot()) {
            self.note(&note);
        }
        self.check_objects(&loaded, &looked_at, report)?;
        Ok(match self.label.is_empty() {
            true => loaded.kept(),
            false => loaded,
        })
    }

    /// Refuses an input that holds nothing to answer from.
    fn check_objects(
        &self,
        loaded: &Loaded,
        looked_at: &str,
        report: Report,
    ) -> Result<(), Failure> {
        // A cluster may well get nothing of RBAC, where someone said what it gets, and all of it was read.
        let snapshot = loaded.rbac.snapshot();
        let mut diagnostics = snapshot.diagnostics().iter();
        // The answer of a subcommand that holds what is warned about tells of what is left aside.
        let is_told = |one: &Diagnostic| report == Report::ErrorsOnly && is_left_aside(one);
        let is_unjudged = diagnostics.any(|one| one.is_unjudged() && !is_told(one));
        let mut diagnostics = snapshot.diagnostics().iter();
        let is_rendered = diagnostics.any(|one| one.code == &codes::RENDERED);
        if snapshot.input_objects() == 0 {
            let is_answered = self.environment().is_some() && !is_unjudged;
            if report == Report::ErrorsOnly && !is_answered {
                for aside in left_aside(&loaded.rbac) {
                    self.warning(&aside.message);
                }
            }
            match (self.environment(), is_unjudged) {
                (Some(_), false) => {}
                (Some(_), true) => {
                    return Err(Failure::message(format!(
                        "no answer, since nothing in {looked_at} could be judged"
                    )));
                }
                (None, _) if is_rendered => {
                    return Err(Failure::message(format!(
                        "no RBAC objects found in {looked_at}; {HOW_TO_RENDER}"
                    )));
                }
                (None, _) => return Err(no_objects(looked_at)),
            }
        }
        Ok(())
    }
}

/// That there is nothing to answer from.
pub(super) fn no_objects(looked_at: &str) -> Failure {
    Failure::message(format!(
        "no RBAC objects found in {looked_at}; {HOW_TO_DUMP}"
    ))
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
pub(super) fn whole(reading: Reading) -> Result<Vec<SourceText>, Failure> {
    if let Some(folder) = reading.folders.first() {
        let (folder, marker) = (folder.name(), folder.markers().join("` and `"));
        return Err(Failure::message(format!(
            "cannot read `{folder}`: it holds `{marker}`, so it is rendered, and holds no such files"
        )));
    }
    match reading.unreadable.first() {
        None => Ok(reading.texts),
        Some(file) => Err(Failure::message(format!(
            "cannot read `{}`: {}",
            file.name, file.why
        ))),
    }
}

pub(super) fn parse_directory(texts: &[SourceText]) -> Result<Directory, Failure> {
    Directory::read(texts).map_err(|error| {
        Failure::message(format!(
            "{error}; a directory is what `az ad group list`, `az ad user list` or Microsoft Graph \
             print, or YAML with `groups:` and `users:`"
        ))
    })
}

/// Reads what is wanted for one answer.
pub(super) fn read_one(
    args: &InputArgs,
    settings: &Settings,
    stdin: Stdin,
) -> Result<Reading, Failure> {
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

//! What one answer is from: what the flags say, and for what they don't, what `.rbac-eval.yaml` says.

use std::path::{Path, PathBuf};

use crate::ask::{did_you_mean, nearest};
use crate::cluster::{Assumed, ClusterVersion, Defaults};
use crate::files::{AskedBy, shown};
use crate::kube::default_policy::DefaultPolicy;
use crate::kube::{Minor, Registry};
use crate::text::excerpt;
use crate::tools::HelmOptions;

use super::config::{FILE_NAME, FoundConfig};
use super::environment::{Chart, Environment, IgnoreEntry};
use super::exit::Failure;
use super::input::InputArgs;
use super::rendering::Strays;

/// Which kinds of objects a question needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kinds {
    /// Roles, bindings, and what tells whom and what they are about.
    #[default]
    Rbac,
    /// The same with what runs on the cluster, Secrets (without what they keep) and policies.
    Workloads,
}

impl Kinds {
    /// The decoders.
    pub(super) fn registry(self) -> Registry {
        match self {
            Kinds::Rbac => Registry::standard(),
            Kinds::Workloads => Registry::with_workloads(),
        }
    }
}

/// What one answer is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    /// The environment that it is about, where the settings name any.
    pub(super) environment: Option<String>,
    /// The files and folders; none for the working folder itself.
    pub(super) files: Vec<PathBuf>,
    /// Folders among them that kustomize has to render.
    pub(super) kustomizations: Vec<PathBuf>,
    /// Folders among them that Helm has to render, and how.
    pub(super) charts: Vec<Chart>,
    /// What the cluster has beside them.
    pub(super) with: Vec<PathBuf>,
    /// What objects without a namespace get, where that is said.
    pub(super) namespace: Option<String>,
    /// The configuration that names the files, if one does.
    pub(super) config: Option<PathBuf>,
    defaults: Option<String>,
    kubernetes_version: Option<SaidVersion>,
    pub(super) directory: Vec<PathBuf>,
    /// Who names the directory.
    pub(super) directory_asked_by: AskedBy,
    /// Files of assertions.
    pub(super) tests: Vec<PathBuf>,
    /// Findings that `check` ignores in all environments.
    pub(super) ignore_everywhere: Vec<IgnoreEntry>,
    /// Those that it ignores in this one.
    pub(super) ignore: Vec<IgnoreEntry>,
    /// Which kinds of objects are read.
    pub(super) kinds: Kinds,
}

impl Settings {
    /// The settings of each environment that the nearest configuration names, else those of the input as
    /// a whole.
    pub(super) fn all(
        args: &InputArgs,
        nearest: impl FnOnce() -> Result<Option<FoundConfig>, Failure>,
    ) -> Result<Vec<Self>, Failure> {
        let (whole, environments) = Settings::found(args, nearest)?;
        if environments.is_empty() {
            return Ok(vec![whole]);
        }
        let environments = environments.into_iter();
        let environments = environments.map(|environment| whole.clone().of(environment, args));
        Ok(environments.collect())
    }

    /// The settings of no environment, though the configuration may name some: for paths that the user
    /// names.
    pub(super) fn of_no_environment(
        args: &InputArgs,
        nearest: impl FnOnce() -> Result<Option<FoundConfig>, Failure>,
    ) -> Result<Self, Failure> {
        Settings::found(args, nearest).map(|(whole, _)| whole)
    }

    /// The settings of the input as a whole, and the environments.
    fn found(
        args: &InputArgs,
        nearest: impl FnOnce() -> Result<Option<FoundConfig>, Failure>,
    ) -> Result<(Self, Vec<Environment>), Failure> {
        let mut settings = Settings {
            kinds: Kinds::default(),
            environment: None,
            files: args.filename.clone(),
            kustomizations: Vec::new(),
            charts: Vec::new(),
            with: Vec::new(),
            namespace: None,
            config: None,
            defaults: args.defaults.clone(),
            kubernetes_version: args.kubernetes_version.as_deref().map(SaidVersion::of_flag),
            directory: args.directory.clone(),
            directory_asked_by: AskedBy::User,
            tests: Vec::new(),
            ignore_everywhere: Vec::new(),
            ignore: Vec::new(),
        };
        if !settings.files.is_empty() {
            return Ok((settings, Vec::new()));
        }
        let Some(found) = nearest()? else {
            return Ok((settings, Vec::new()));
        };
        settings.config = Some(found.path());
        let FoundConfig { folder, config } = found;
        settings.defaults = settings.defaults.or(config.defaults);
        let said = config.kubernetes_version.map(SaidVersion::of_settings);
        settings.kubernetes_version = settings.kubernetes_version.or(said);
        if settings.directory.is_empty() {
            settings.directory = seen_from(&folder, &config.directory);
            settings.directory_asked_by = AskedBy::Repository;
        }
        settings.files = seen_from(&folder, &config.files);
        settings.ignore_everywhere = config.ignore;
        let environments = config.environments.into_iter();
        let environments = environments.map(|environment| environment.seen_from(&folder));
        Ok((settings, environments.collect()))
    }

    /// The same settings for a path that the user names in place of the environment's own.
    pub(super) fn of_path(&self, path: &Path) -> Self {
        let mut settings = self.clone();
        let is_meant = |own: &Path| shown(own) == shown(path);
        settings.files = vec![path.to_owned()];
        settings.kustomizations.retain(|own| is_meant(own));
        settings.charts.retain(|chart| is_meant(&chart.chart));
        settings
    }

    /// The settings of an environment, whose paths are seen from the working folder.
    fn of(mut self, environment: Environment, args: &InputArgs) -> Self {
        let charts = environment.helm.0.iter().map(|chart| chart.chart.clone());
        self.files = environment
            .kustomize
            .0
            .iter()
            .cloned()
            .chain(charts)
            .collect();
        self.files.extend(environment.files);
        self.kustomizations = environment.kustomize.0;
        self.charts = environment.helm.0;
        self.with = environment.with;
        self.namespace = environment.namespace;
        if args.kubernetes_version.is_none() {
            let said = environment.kubernetes_version.map(SaidVersion::of_settings);
            self.kubernetes_version = said.or(self.kubernetes_version);
        }
        self.environment = Some(environment.name);
        if args.defaults.is_none() {
            self.defaults = environment.defaults.or(self.defaults);
        }
        if args.directory.is_empty() && !environment.directory.is_empty() {
            self.directory = environment.directory;
        }
        self.tests = environment.tests;
        self.ignore = environment.ignore;
        self
    }

    /// Whether another says the same, but for what `check` ignores, which is no business of other
    /// commands.
    pub(super) fn judges_like(&self, other: &Settings) -> bool {
        let without_ignores = |settings: &Settings| Settings {
            ignore_everywhere: Vec::new(),
            ignore: Vec::new(),
            ..settings.clone()
        };
        without_ignores(self) == without_ignores(other)
    }

    /// Whether it says anything that `check` ignores.
    pub(super) fn ignores(&self) -> bool {
        !self.ignore.is_empty() || !self.ignore_everywhere.is_empty()
    }

    /// Whether `--env` asks for it. It asks for all where it isn't given.
    pub(super) fn is_asked_for(&self, args: &InputArgs) -> bool {
        let name = self.environment.as_ref();
        name.is_none_or(|name| args.env.is_empty() || args.env.contains(name))
    }

    /// What stands before messages about it, where there are several.
    pub(super) fn label(&self, several: bool) -> String {
        let name = self.environment.as_ref().filter(|_| several);
        name.map_or_else(String::new, |name| format!("{name}: "))
    }

    /// What is told of files that a rendered folder doesn't draw on.
    pub(super) fn strays(&self) -> Strays {
        match self.files.is_empty() {
            true => Strays::Told,
            false => Strays::PassedOver,
        }
    }

    /// The files and folders that are named, else the working folder.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        if self.files.is_empty() {
            return vec![PathBuf::from(".")];
        }
        self.files.clone()
    }

    /// The decoders of its objects, of which those without a namespace are in this one where it is given.
    pub(super) fn registry(&self, namespace: Option<&str>) -> Registry {
        let registry = self.kinds.registry();
        match namespace.or(self.namespace.as_deref()) {
            Some(namespace) => registry.in_namespace(namespace),
            None => registry,
        }
    }

    /// How Helm installs the chart of a folder, named as a user would write it: each time that it does.
    pub(super) fn helm_options(&self, folder: &str) -> Vec<HelmOptions> {
        let charts = self.charts.iter();
        let installed = charts.filter(|chart| shown(&chart.chart) == folder);
        let options: Vec<HelmOptions> = installed
            .map(|chart| HelmOptions {
                release: chart.release.clone(),
                namespace: chart.namespace.clone().or_else(|| self.namespace.clone()),
                values: chart.values.clone(),
            })
            .collect();
        match options.is_empty() {
            true => vec![HelmOptions::default()],
            false => options,
        }
    }

    /// What is said of the cluster beside its objects.
    pub(super) fn assumed(&self) -> Result<Assumed, Failure> {
        let version = match &self.kubernetes_version {
            Some(said) => Some(ClusterVersion::said(said.minor()?)),
            None => None,
        };
        let defaults = match self.defaults.as_deref() {
            Some("auto") | None => Defaults::Auto,
            Some("none") => Defaults::None,
            Some(version) => DefaultPolicy::of_version(version)
                .map(Defaults::Version)
                .ok_or_else(|| {
                    Failure::message(format!(
                        "`--defaults {}`: expected `auto`, `none`, or one of the versions {}",
                        excerpt(version),
                        known_versions()
                    ))
                })?,
        };
        Ok(Assumed { version, defaults })
    }
}

/// A version of Kubernetes as someone wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SaidVersion {
    text: String,
    /// How the place that says it is called.
    place: &'static str,
}

impl SaidVersion {
    fn of_flag(text: &str) -> Self {
        SaidVersion {
            text: text.to_owned(),
            place: "--kubernetes-version ",
        }
    }

    fn of_settings(text: String) -> Self {
        SaidVersion {
            text,
            place: "kubernetesVersion: ",
        }
    }

    fn minor(&self) -> Result<Minor, Failure> {
        Minor::parse(&self.text).ok_or_else(|| {
            Failure::message(format!(
                "`{}{}`: expected a version such as `1.34`",
                self.place,
                excerpt(&self.text)
            ))
        })
    }
}

/// The versions that are built in, for a sentence.
pub(super) fn known_versions() -> String {
    let known: Vec<String> = DefaultPolicy::all()
        .map(|policy| policy.version.to_string())
        .collect();
    known.join(", ")
}

fn seen_from(folder: &Path, paths: &[PathBuf]) -> Vec<PathBuf> {
    paths.iter().map(|path| folder.join(path)).collect()
}

/// Those of the environments that are asked for with `--env`; all where none is.
pub(super) fn asked_for(args: &InputArgs, all: Vec<Settings>) -> Result<Vec<Settings>, Failure> {
    check_names(args, &names(&all))?;
    let asked_for = all
        .into_iter()
        .filter(|settings| settings.is_asked_for(args));
    Ok(asked_for.collect())
}

/// The names of environments.
pub(super) fn names(all: &[Settings]) -> Vec<&str> {
    let names = all.iter().filter_map(|one| one.environment.as_deref());
    names.collect()
}

/// Refuses a name after `--env` that no environment has.
pub(super) fn check_names(args: &InputArgs, known: &[&str]) -> Result<(), Failure> {
    let Some(unknown) = args.env.iter().find(|name| !known.contains(&&***name)) else {
        return Ok(());
    };
    let unknown = excerpt(unknown);
    Err(Failure::message(match known {
        [] => format!("`--env {unknown}`: no `{FILE_NAME}` from here upward names environments"),
        known => format!(
            "`--env {unknown}`: no such environment{}; there are {}",
            did_you_mean(nearest(&unknown, known.iter().copied())).trim_end_matches('?'),
            known.join(", ")
        ),
    }))
}

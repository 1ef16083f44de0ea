//! `rbac-eval init`: the settings of a repository, written for its owner to look at.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::cluster::{Defaults, Snapshot};
use crate::files::{AskedBy, IgnoreFiles, ReadRules, Stdin, read_paths};
use crate::kube;
use crate::text::{Files, WhyUnread};
use crate::tools::{HelmOptions, Plan};
use clap::Args;

use super::collisions::to_yaml;
use super::config::{self, FILE_NAME};
use super::environment::{Chart, Environment, OneOrMany};
use super::exit::{Exit, Failure};
use super::out;
use super::proposal::{Collisions, long_name_of, name_of};

/// Write .rbac-eval.yaml: the clusters that this folder holds side by side.
///
/// Kustomizations that no other draws on, charts, and folders that define objects differently become
/// environments. Nothing is asked, and no file is overwritten.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rbac-eval init --dry-run
  rbac-eval init && git diff --no-index /dev/null .rbac-eval.yaml")]
pub(super) struct InitArgs {
    /// Print the file instead of writing it
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &InitArgs) -> Result<Exit, Failure> {
    if !args.dry_run && config::in_folder(Path::new(""))?.is_some() {
        return Err(Failure::message(format!(
            "`{FILE_NAME}` is there already; `rbac-eval init --dry-run` prints what would be in it"
        )));
    }
    let environments = propose()?;
    if environments.is_empty() {
        out::note(
            "nothing here needs environments: no kustomization, no chart, and no two definitions of one \
             object",
        );
        return Ok(Exit::Yes);
    }
    let text = to_yaml(&environments);
    if args.dry_run {
        out::answer(&text)?;
        return Ok(Exit::Yes);
    }
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(FILE_NAME);
    let written = written.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::message(format!("`{FILE_NAME}` is there already")),
        _ => Failure::message(format!("cannot write `{FILE_NAME}`: {error}")),
    })?;
    let names: Vec<&str> = environments.iter().map(|one| &*one.name).collect();
    out::note(&format!(
        "{FILE_NAME} names the environments {}; look at it before you rely on it",
        names.join(", ")
    ));
    Ok(Exit::Yes)
}

/// The environments of the working folder.
fn propose() -> Result<Vec<Environment>, Failure> {
    let rules = ReadRules {
        asked_by: AskedBy::Repository,
        ignore_files: IgnoreFiles::Obeyed,
        stdin: Stdin::NotMeant,
        ..ReadRules::default()
    };
    let read = |paths: &[PathBuf]| {
        let reading = read_paths(paths, rules);
        reading.map_err(|error| Failure::message(error.to_string()))
    };
    let mut here = read(&[PathBuf::from(".")])?;
    let rendered = here.unreadable.iter().filter_map(|file| match &file.why {
        WhyUnread::Rendered { .. } => Some(PathBuf::from(&file.name)),
        _ => None,
    });
    let rendered: Vec<PathBuf> = rendered.collect();
    let mut folders = std::mem::take(&mut here.folders);
    if !rendered.is_empty() {
        folders.extend(read(&rendered)?.folders);
    }
    let mut plans = Vec::with_capacity(folders.len());
    for folder in folders {
        let plan = Plan::new(folder, HelmOptions::default());
        plans.push(plan.map_err(|error| Failure::message(error.to_string()))?);
    }
    let drawn_on: BTreeSet<String> = plans.iter().flat_map(Plan::folders).collect();
    let resources: BTreeSet<String> = plans.iter().flat_map(Plan::resources).collect();
    plans.retain(|plan| !drawn_on.contains(&plan.name()));
    // What a folder draws on isn't applied by itself.
    here.texts.retain(|text| !resources.contains(&text.name));
    let mut files = Files::default();
    let manifest = kube::parse(&mut files, &here.texts);
    let plain = Collisions::of(&Snapshot::new(files, manifest, Defaults::None));
    let mut environments = Named::default();
    for plan in &plans {
        let path = PathBuf::from(plan.name());
        environments.add(
            match plan.is_chart() {
                true => Environment {
                    helm: OneOrMany(vec![Chart {
                        release: Some(name_of(&path).to_ascii_lowercase()),
                        chart: path.clone(),
                        ..Chart::default()
                    }]),
                    ..Environment::default()
                },
                false => Environment {
                    kustomize: OneOrMany(vec![path.clone()]),
                    ..Environment::default()
                },
            },
            &path,
        );
    }
    if !plain.is_empty() {
        for environment in plain.environments() {
            let path = PathBuf::from(&environment.name);
            environments.add(environment, &path);
        }
    } else if !plans.is_empty() && !plain.all_files().is_empty() {
        let files = plain.all_files().into_iter().collect();
        let environment = Environment {
            files,
            ..Environment::default()
        };
        environments.add(environment, Path::new("manifests"));
    }
    Ok(environments.0.into_values().collect())
}

/// Environments under names of their own.
#[derive(Default)]
struct Named(BTreeMap<String, Environment>);

impl Named {
    /// Adds an environment, called after a path: its last part, else more of it where that is taken.
    fn add(&mut self, environment: Environment, path: &Path) {
        let numbered = (2..).map(|number: usize| format!("{}-{number}", name_of(path)));
        let mut names = [name_of(path), long_name_of(path)]
            .into_iter()
            .chain(numbered);
        if let Some(name) = names.find(|name| !self.0.contains_key(name)) {
            let environment = Environment {
                name: name.clone(),
                ..environment
            };
            self.0.insert(name, environment);
        }
    }
}

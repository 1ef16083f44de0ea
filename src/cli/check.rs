//! `rbac-eval check`: findings.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::analysis::lint::{
    BaseIgnores, Baseline, SettingsIgnore, SortBy, SortedFindings, check, faults_of_settings,
    may_be_ignored, sort_out, unjudged_by_folder,
};
use crate::analysis::unjudged::unjudged;
use crate::diagnostic::{Diagnostic, Level, codes};
use crate::files::{AskedBy, IgnoreFiles};
use crate::render::DiagnosticView;
use crate::render::check::{CheckView, ComparedWith};
use crate::text::Files;
use clap::{Args, ValueEnum, ValueHint};

use super::answers::{Answered, Answers};
use super::collisions;
use super::comparison::{
    HeldAgainst, LoadedSides, SettingsSide, compared_settings, no_baseline, read_baseline,
};
use super::exit::{Exit, Failure};
use super::ignores::Ignores;
use super::input::{self, InputArgs, Loaded, Stdin, read_texts};
use super::out::{self, DocumentFormat};
use super::sides::Compared;

/// Find RBAC that doesn't do what it says.
///
/// Each finding has a stable code; docs/checks.md says what causes and cures it, and how one is ignored.
/// Exits with 1 where a finding is at least as grave as --fail-on, else with 0.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rbac-eval check -f deploy/rbac
  rbac-eval check -f cluster.yaml --directory groups.json --fail-on warning
  rbac-eval check --base origin/main --baseline known.yaml
  rbac-eval check -o sarif > findings.sarif")]
pub(super) struct CheckArgs {
    /// The least grave finding that makes the exit code 1
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = FindingThreshold::Error)]
    fail_on: FindingThreshold,

    /// What was before, as diff's BASE: only what it ignores is ignored
    #[arg(long, value_name = "BASE", value_hint = ValueHint::AnyPath)]
    base: Option<String>,

    /// With --base, whose `.rbac-eval.yaml`, directory, baseline and ignores count
    #[arg(long, value_enum, value_name = "SIDE", default_value_t = SettingsSide::Base)]
    settings: SettingsSide,

    /// A file of findings that are known already, and so neither printed nor failed on
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Write what is found now to a file for --baseline
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "base", "env"])]
    write_baseline: Option<PathBuf>,

    /// How to print the findings
    #[arg(short, long, value_enum, default_value_t = CheckOutput::Table)]
    output: CheckOutput,

    #[command(flatten)]
    input: InputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FindingThreshold {
    Info,
    Warning,
    Error,
    Never,
}

impl FindingThreshold {
    fn level(self) -> Option<Level> {
        match self {
            FindingThreshold::Info => Some(Level::Info),
            FindingThreshold::Warning => Some(Level::Warning),
            FindingThreshold::Error => Some(Level::Error),
            FindingThreshold::Never => None,
        }
    }

    /// Whether a finding makes the exit code 1.
    fn is_reached_by(self, finding: &Diagnostic) -> bool {
        let least = self.level();
        least.is_some_and(|least| finding.severity >= least.least_severity())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CheckOutput {
    Table,
    Json,
    Yaml,
    Sarif,
    Github,
}

pub(super) fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let mut checking = Checking::new(args)?;
    let mut answers = match &args.base {
        None => Answers::of_inputs(input::inputs(&args.input)?, |input| {
            let about = CheckedInput {
                environment: input.environment(),
                label: input.label(),
                ignores: Ignores::of(&input.settings),
            };
            let baseline = checking.baseline.clone();
            checking.answer(&about, input.load_quietly()?, None, baseline.as_ref())
        })?,
        Some(base) => {
            let sides = Compared::of_working_tree(base)?;
            let all = compared_settings(&args.input, &sides, args.settings)?;
            let mut answers = Answers::new(all.len());
            for one in &all {
                let against = HeldAgainst::Ignores(args.baseline.as_ref());
                let loaded = one.load(&args.input, &sides, args.settings, against);
                let found = loaded.and_then(|loaded| {
                    for note in &loaded.notes {
                        out::note(&format!("{}{note}", one.label()));
                    }
                    let LoadedSides {
                        base,
                        head,
                        baseline,
                        ..
                    } = loaded;
                    let about = CheckedInput {
                        environment: one.environment(),
                        label: one.label(),
                        ignores: one.ignores().clone(),
                    };
                    let base = (args.settings == SettingsSide::Base).then_some(base);
                    checking.answer(&about, head, base, baseline.as_ref())
                });
                let tell = |failure: &str| out::error(&format!("{}{failure}", one.label()));
                answers.add(one.environment(), found, tell)?;
            }
            answers
        }
    };
    checking.finish(&mut answers)?;
    match args.output {
        CheckOutput::Table => answers.text(|view| Ok(view.to_table()))?,
        CheckOutput::Json => answers.document(DocumentFormat::Json)?,
        CheckOutput::Yaml => answers.document(DocumentFormat::Yaml)?,
        CheckOutput::Sarif => answers.sarif(|view| Ok(view.to_sarif()?))?,
        CheckOutput::Github => answers.commands(CheckView::to_github)?,
    }
    for complaint in &checking.complaints {
        out::error_with_lines(complaint);
    }
    for note in &checking.notes {
        out::note(note);
    }
    Ok(answers.exit())
}

/// What is checked: an environment, or the input as a whole.
struct CheckedInput<'a> {
    environment: Option<&'a str>,
    label: &'a str,
    ignores: Ignores,
}

/// What is wrong with an entry of the settings that is about all environments, as each has it.
struct SharedFault {
    /// The number of the entry.
    number: usize,
    fault: Diagnostic,
    view: DiagnosticView,
}

/// All that answers about several environments come to.
struct Checking<'a> {
    args: &'a CheckArgs,
    /// The known findings; with --base each environment has its own.
    baseline: Option<Baseline>,
    /// What is found now, where that is to be written.
    found: Baseline,
    /// What has to be mended, told after the answers.
    complaints: Vec<Vec<String>>,
    /// What else there is to know, told after the answers.
    notes: Vec<String>,
    /// The shared entries of the settings that match a finding anywhere.
    matched: HashSet<usize>,
    /// What is wrong with the others, of each answer.
    shared: Vec<Vec<SharedFault>>,
}

impl<'a> Checking<'a> {
    fn new(args: &'a CheckArgs) -> Result<Self, Failure> {
        let baseline = match (&args.baseline, &args.base) {
            (Some(path), None) => {
                let rules = args
                    .input
                    .rules(AskedBy::User, IgnoreFiles::NotRead, Stdin::NotMeant);
                let texts = read_texts(std::slice::from_ref(path), rules)?;
                match &*texts {
                    [one] if one.named => Some(read_baseline(one)?),
                    texts => {
                        let name = texts.first().map_or("nothing", |text| &*text.name);
                        return Err(no_baseline(name));
                    }
                }
            }
            _ => None,
        };
        Ok(Checking {
            args,
            baseline,
            found: Baseline::default(),
            complaints: Vec::new(),
            notes: Vec::new(),
            matched: HashSet::new(),
            shared: Vec::new(),
        })
    }

    /// Checks an input. Only those comments count that `base` has, too.
    fn answer(
        &mut self,
        about: &CheckedInput<'_>,
        loaded: Loaded,
        base: Option<Loaded>,
        baseline: Option<&Baseline>,
    ) -> Result<Answered<CheckView>, Failure> {
        let Loaded {
            rbac,
            directory,
            tools,
            settings_file,
        } = loaded;
        let rbac = &*rbac;
        if let Some(base) = &base {
            let objects = base.rbac.snapshot().input_objects() + rbac.snapshot().input_objects();
            if objects == 0 && about.environment.is_none() && unjudged(rbac).is_empty() {
                return Err(input::no_objects("BASE and the working tree"));
            }
        }
        let files = rbac.snapshot().files();
        let environment = about.environment.unwrap_or_default();
        let settings = about.ignores.in_file(settings_file);
        let base = base.map(|base| BaseIgnores::of(&base.rbac, &check(&base.rbac, &directory)));
        let known = baseline.map(|baseline| baseline.of(environment));
        let by = SortBy {
            settings: &settings,
            base: base.as_ref(),
            known: known.as_ref(),
        };
        let mut sorted = sort_out(rbac, check(rbac, &directory), by);
        if self.args.write_baseline.is_some() {
            self.found.add_all(environment, files, &sorted.findings);
            let (known, new) = sorted
                .findings
                .drain(..)
                .partition(|finding| may_be_ignored(finding.code));
            (sorted.known, sorted.findings) = (known, new);
        }
        self.take_faults(about, &settings, &mut sorted, files);
        self.note(about, &sorted);
        let fails = |finding: &Diagnostic| self.args.fail_on.is_reached_by(finding);
        let collide = collisions::complaint(about.environment, [rbac]);
        let mut findings = sorted.findings.iter();
        let settings_differ = findings.any(|finding| finding.code == &codes::SETTINGS_DIFFER);
        let is_unknown = collide.is_some() || settings_differ;
        let exit = match (is_unknown, sorted.findings.iter().any(fails)) {
            (true, _) if self.args.fail_on != FindingThreshold::Never => Exit::Error,
            (_, true) => Exit::No,
            (_, false) => Exit::Yes,
        };
        self.complaints.extend(collide);
        let unjudged = unjudged_by_folder(files, unjudged(rbac));
        let compared = match baseline.is_some() || self.args.write_baseline.is_some() {
            true => ComparedWith::Baseline,
            false => ComparedWith::Nothing,
        };
        let view = CheckView::new(files, &sorted, &unjudged, compared);
        Ok(Answered { view, tools, exit })
    }

    /// Takes what is wrong with the ignores of the settings to the findings, but for what other
    /// environments may know better.
    fn take_faults(
        &mut self,
        about: &CheckedInput<'_>,
        settings: &[SettingsIgnore],
        sorted: &mut SortedFindings,
        files: &Files,
    ) {
        let mut shared = Vec::new();
        for (number, fault) in faults_of_settings(settings, &sorted.matched) {
            match about.ignores.is_of_everything(number) {
                false => sorted.findings.push(fault),
                true => shared.push(SharedFault {
                    number,
                    view: DiagnosticView::new(files, &fault),
                    fault,
                }),
            }
        }
        self.shared.push(shared);
        let matched = sorted.matched.iter().copied();
        self.matched
            .extend(matched.filter(|&number| about.ignores.is_of_everything(number)));
    }

    fn note(&mut self, about: &CheckedInput<'_>, sorted: &SortedFindings) {
        let label = about.label;
        let (are, they) = match sorted.gone {
            1 => ("finding of the baseline is", "it"),
            _ => ("findings of the baseline are", "them"),
        };
        if sorted.gone > 0 {
            self.notes.push(format!(
                "{label}{} {are} gone; `--write-baseline` drops {they}",
                sorted.gone
            ));
        }
        let (has, counts) = match sorted.waiting {
            1 => ("finding has an ignore", "it still counts"),
            _ => ("findings have ignores", "they still count"),
        };
        if sorted.waiting > 0 {
            self.notes.push(format!(
                "{label}{} {has} that BASE hasn't, so {counts}; a change can't silence its own \
                 findings",
                sorted.waiting
            ));
        }
    }

    /// Adds what is known once all environments are answered, and writes the baseline.
    fn finish(&mut self, answers: &mut Answers<CheckView>) -> Result<(), Failure> {
        let knows_all = answers.are_all() && self.args.input.env.is_empty();
        let mut shared = std::mem::take(&mut self.shared).into_iter();
        answers.change(|view, exit| {
            for one in shared.next().into_iter().flatten() {
                let is_unmatched = one.fault.code == &codes::IGNORE_OF_NOTHING;
                if is_unmatched && (!knows_all || self.matched.contains(&one.number)) {
                    continue;
                }
                if self.args.fail_on.is_reached_by(&one.fault) {
                    *exit = (*exit).max(Exit::No);
                }
                view.add(one.view);
            }
        });
        let Some(path) = &self.args.write_baseline else {
            return Ok(());
        };
        let name = path.display();
        if !answers.are_all() {
            return Err(Failure::message(format!(
                "`{name}` isn't written, since there isn't an answer about each environment"
            )));
        }
        let told =
            |error: std::io::Error| Failure::message(format!("cannot write `{name}`: {error}"));
        let written = self.found.written().map_err(told)?;
        std::fs::write(path, written).map_err(told)?;
        let count = self.found.count();
        let findings = if count == 1 { "finding" } else { "findings" };
        self.notes
            .push(format!("`{name}` holds {count} {findings} now"));
        Ok(())
    }
}

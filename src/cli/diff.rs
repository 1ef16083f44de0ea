//! `rbac-eval diff`: effective permissions before and after.

use std::mem::ManuallyDrop;

use crate::analysis::diff::{changed_role_refs, diff};
use crate::analysis::risk::{WeighedChange, weigh};
use crate::analysis::unjudged::{Unjudged, unjudged_since};
use crate::diagnostic::{Severity, codes};
use crate::render::diff::{COMMENT_BYTES, DiffView, RuleDetail};
use crate::render::how_many;
use clap::{Args, ValueEnum, ValueHint};

use super::answers::{Answered, Answers};
use super::collisions;
use super::comparison::{
    ComparedSettings, HeldAgainst, LoadedSides, SettingsSide, compared_settings,
};
use super::exit::{Exit, Failure};
use super::input::{self, InputArgs};
use super::out::{self, DocumentFormat};
use super::sides::Compared;

/// Say what a change lets whom do that they couldn't before, and what it takes away.
///
/// BASE and HEAD are files, folders, dumps, or git revisions; `git:` and `path:` say which. Without
/// HEAD it is the working tree. Of a revision the files are read that -f or .rbac-eval.yaml name; each
/// of its environments is compared with itself.
/// Exits like kubectl diff: 0 where nothing changed, 1 where something did (see --fail-on), 2 on
/// error.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rbac-eval diff origin/main
  rbac-eval diff origin/main --env prod
  rbac-eval diff v1.2 HEAD -f deploy/rbac -o markdown
  rbac-eval diff before.yaml after.yaml --fail-on high
  rbac-eval diff path:./main git:main")]
pub(super) struct DiffArgs {
    /// What was before: a path or a git revision
    #[arg(value_name = "BASE", value_hint = ValueHint::AnyPath)]
    base: String,

    /// What is now: a path or a git revision [default: the working tree]
    #[arg(value_name = "HEAD", value_hint = ValueHint::AnyPath)]
    head: Option<String>,

    /// Whose `.rbac-eval.yaml` and directory count: a change can't loosen what judges it
    #[arg(long, value_enum, value_name = "SIDE", default_value_t = SettingsSide::Base)]
    settings: SettingsSide,

    #[command(flatten)]
    report: DiffReport,

    #[command(flatten)]
    input: InputArgs,
}

/// How changes are told, and which of them fail.
#[derive(Debug, Args)]
pub(super) struct DiffReport {
    /// Which changes make the exit code 1; whatever isn't judged makes it 2, with `never` alone it doesn't
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = ChangeThreshold::Any)]
    fail_on: ChangeThreshold,

    /// Leave out of the exit code what isn't judged; it is still told
    #[arg(long)]
    allow_unjudged: bool,

    /// List each rule that is gained or lost, with its place
    #[arg(long)]
    rules: bool,

    /// How to print the changes
    #[arg(short, long, value_enum, default_value_t = DiffOutput::Table)]
    pub(super) output: DiffOutput,
}

/// What was found of an input, for the exit code.
pub(super) struct Findings<'a> {
    /// What stands before messages, where there are several inputs.
    pub(super) label: &'a str,
    pub(super) changes: &'a [WeighedChange],
    pub(super) unjudged: &'a [Unjudged],
    /// What definitions that collide have to say.
    pub(super) collide: Option<Vec<String>>,
    /// Whether someone loses what no rule shows.
    pub(super) loses_otherwise: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ChangeThreshold {
    /// Any change
    Any,
    /// Any gain
    Gained,
    /// A gain with a risk that is high or critical
    High,
    /// A gain with a critical risk
    Critical,
    /// What isn't judged, and no change
    Unjudged,
    /// None
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffOutput {
    Table,
    Markdown,
    Json,
    Yaml,
    Sarif,
    Github,
}

pub(super) fn run(args: &DiffArgs) -> Result<Exit, Failure> {
    args.report.check()?;
    let sides = Compared::new(&args.base, args.head.as_deref())?;
    let all = compared_settings(&args.input, &sides, args.settings)?;
    let mut answers = Answers::new(all.len());
    let mut complaints = Vec::new();
    for one in &all {
        let found = answer(args, &sides, one, &mut complaints);
        let tell = |failure: &str| out::error(&format!("{}{failure}", one.label()));
        answers.add(one.environment(), found, tell)?;
    }
    args.report.print(answers, &complaints)
}

impl DiffReport {
    /// Refuses flags that have no effect together.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.rules && !matches!(self.output, DiffOutput::Table) {
            return Err(Failure::message(
                "`--rules` belongs to `-o table`; the other formats list every rule",
            ));
        }
        Ok(())
    }

    /// Prints the answers, and after them what has to be mended.
    pub(super) fn print(
        &self,
        answers: Answers<DiffView>,
        complaints: &[Vec<String>],
    ) -> Result<Exit, Failure> {
        // Nothing follows the answer: taking many changes apart would only make it late.
        let answers = ManuallyDrop::new(answers);
        let rules = match self.rules {
            true => RuleDetail::Listed,
            false => RuleDetail::Folded,
        };
        match self.output {
            DiffOutput::Table => answers.text(|view| Ok(view.to_text(rules)))?,
            DiffOutput::Markdown => answers.comment(COMMENT_BYTES, DiffView::to_markdown)?,
            DiffOutput::Json => answers.document(DocumentFormat::Json)?,
            DiffOutput::Yaml => answers.document(DocumentFormat::Yaml)?,
            DiffOutput::Sarif => answers.sarif(|view| Ok(view.to_sarif()?))?,
            DiffOutput::Github => answers.commands(DiffView::to_github)?,
        }
        for complaint in complaints {
            out::error_with_lines(complaint);
        }
        Ok(answers.exit())
    }

    /// How to exit. What has to be mended is added to `complaints`.
    pub(super) fn exit(
        &self,
        view: &DiffView,
        judged: Findings<'_>,
        complaints: &mut Vec<Vec<String>>,
    ) -> Exit {
        let Findings {
            label,
            changes,
            unjudged,
            collide,
            loses_otherwise,
        } = judged;
        let unjudged_counts = self.fail_on != ChangeThreshold::Never && !self.allow_unjudged;
        if unjudged_counts && !unjudged.is_empty() {
            complaints.push(vec![format!(
                "{label}{}; mend it, or leave it out of the exit code with `--allow-unjudged`",
                how_many(unjudged.len())
            )]);
        }
        let is_unjudged = unjudged_counts && (!unjudged.is_empty() || collide.is_some());
        complaints.extend(collide);
        // A binding to a role that the input lacks is a gain of unknown size.
        let unknown_gain = |least| {
            let mut gains = unjudged.iter();
            gains.any(|one| one.code == &codes::ROLE_NOT_FOUND && one.severity >= least)
        };
        let has = |least| {
            let mut changes = changes.iter();
            changes.any(|change| change.severity() >= Some(least)) || unknown_gain(least)
        };
        let gained = view.summary.gained > 0 || unknown_gain(Severity::Info);
        let fails = match self.fail_on {
            ChangeThreshold::Any => gained || view.summary.lost > 0 || loses_otherwise,
            ChangeThreshold::Gained => gained,
            ChangeThreshold::High => has(Severity::High),
            ChangeThreshold::Critical => has(Severity::Critical),
            ChangeThreshold::Unjudged | ChangeThreshold::Never => false,
        };
        match (is_unjudged, fails) {
            (true, _) => Exit::Error,
            (false, true) => Exit::No,
            (false, false) => Exit::Yes,
        }
    }
}

/// Compares the sides of an environment. What has to be mended is added to `complaints`, which are told
/// after the answers.
fn answer(
    args: &DiffArgs,
    sides: &Compared,
    compared: &ComparedSettings,
    complaints: &mut Vec<Vec<String>>,
) -> Result<Answered<DiffView>, Failure> {
    let LoadedSides {
        base, head, notes, ..
    } = compared.load(&args.input, sides, args.settings, HeldAgainst::EachOther)?;
    let (before, after) = (&*base.rbac, &*head.rbac);
    let unjudged = unjudged_since(before, after);
    let objects = base.rbac.snapshot().input_objects() + head.rbac.snapshot().input_objects();
    if objects == 0 && unjudged.is_empty() && compared.environment().is_none() {
        let Compared { base, head } = sides;
        return Err(input::no_objects(&format!("{base} and {head}")));
    }
    let changes = weigh(diff(before, after)?, before, after);
    let changes = ManuallyDrop::new(changes);
    let role_refs = changed_role_refs(before, after);
    let view = DiffView::new(
        before,
        after,
        &head.directory,
        &changes,
        &unjudged,
        &role_refs,
        notes,
    );
    let judged = Findings {
        label: compared.label(),
        changes: &changes,
        unjudged: &unjudged,
        // Of BASE too: what one of its definitions gave could hide what HEAD gives.
        collide: collisions::complaint(compared.environment(), [after, before]),
        loses_otherwise: false,
    };
    let exit = args.report.exit(&view, judged, complaints);
    Ok(Answered {
        view,
        tools: [base.tools, head.tools].concat(),
        exit,
    })
}

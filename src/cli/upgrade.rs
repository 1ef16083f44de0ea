//! `rbac-eval upgrade`: what another version of Kubernetes alone lets whom do.

use std::mem::ManuallyDrop;

use crate::analysis::diff::{Direction, diff};
use crate::analysis::owner::Owners;
use crate::analysis::risk::weigh;
use crate::analysis::unjudged::unjudged;
use crate::analysis::upgrade::{TypesChanged, into_pods_by_get, is_of_component};
use crate::cluster::{Assumed, ClusterVersion, Defaults};
use crate::kube::Minor;
use crate::kube::default_policy::DefaultPolicy;
use crate::render::diff::DiffView;
use crate::render::upgrade::UpgradeNotes;
use crate::text::excerpt;
use clap::Args;

use super::answers::{Answered, Answers};
use super::diff::{DiffOutput, DiffReport, Findings};
use super::exit::{Exit, Failure};
use super::input::{self, Input, InputArgs};
use super::settings::known_versions;
use super::table::SystemArgs;

/// Say what an upgrade of Kubernetes alone gives to whom, and what it takes.
///
/// The same bindings are judged under the default policies of two versions. Of a cluster's dump FROM is
/// what it holds, and nothing is lost, as on the cluster: a server adds to its default objects and
/// removes nothing. Without any input it is what everyone and Kubernetes' own roles gain.
/// Exits as diff does: 0 where nothing changes, 1 where something does (see --fail-on), 2 on error.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rbac-eval upgrade 1.33 1.36
  rbac-eval upgrade 1.33 1.36 -f cluster.yaml --rules
  kubectl get clusterroles,clusterrolebindings,roles,rolebindings,crd,ns,sa,nodes -A -o yaml |
    rbac-eval upgrade 1.33 1.36 -f - --fail-on high")]
pub(super) struct UpgradeArgs {
    /// The version of Kubernetes that the cluster runs, such as 1.33
    #[arg(value_name = "FROM")]
    from: String,

    /// The version that it is to run, such as 1.36
    #[arg(value_name = "TO")]
    to: String,

    #[command(flatten)]
    report: DiffReport,

    #[command(flatten)]
    system: SystemArgs,

    #[command(flatten)]
    input: InputArgs,
}

pub(super) fn run(args: &UpgradeArgs) -> Result<Exit, Failure> {
    args.report.check()?;
    if let DiffOutput::Sarif | DiffOutput::Github = args.report.output {
        return Err(Failure::message(
            "`-o sarif` and `-o github` belong to `diff`: an upgrade changes no line of a file",
        ));
    }
    for (given, flag) in [
        (&args.input.kubernetes_version, "--kubernetes-version"),
        (&args.input.defaults, "--defaults"),
    ] {
        if given.is_some() {
            return Err(Failure::message(format!(
                "`{flag}` has no place here: FROM and TO are the versions"
            )));
        }
    }
    let (from, to) = (known("FROM", &args.from)?, known("TO", &args.to)?);
    if from.version >= to.version {
        return Err(Failure::message(format!(
            "`upgrade {from} {to}`: expected TO to be newer than FROM",
            from = from.version,
            to = to.version
        )));
    }
    let mut complaints = Vec::new();
    let answers = Answers::of_inputs(input::inputs(&args.input)?, |input| {
        answer(args, input, [from, to], &mut complaints)
    })?;
    args.report.print(answers, &complaints)
}

/// A version whose default policy is built in: of another one nothing is known.
fn known(what: &str, version: &str) -> Result<DefaultPolicy, Failure> {
    let policy = Minor::parse(version).and_then(DefaultPolicy::of_minor);
    policy.ok_or_else(|| {
        Failure::message(format!(
            "`{}`: expected {what} to be one of the versions {}",
            excerpt(version),
            known_versions()
        ))
    })
}

fn answer(
    args: &UpgradeArgs,
    input: &Input<'_>,
    [from, to]: [DefaultPolicy; 2],
    complaints: &mut Vec<Vec<String>>,
) -> Result<Answered<DiffView>, Failure> {
    let of = |policy: DefaultPolicy, defaults| Assumed {
        version: Some(ClusterVersion::said(policy.version)),
        defaults,
    };
    let assumed = [of(from, Defaults::Auto), of(to, Defaults::Version(to))];
    let [before, after] = input.load_twice(assumed)?;
    let (base, head) = (&*before.rbac, &*after.rbac);
    let mut changes = weigh(diff(base, head)?, base, head);
    let all = changes.len();
    let is_for_people = matches!(args.report.output, DiffOutput::Table | DiffOutput::Markdown);
    let owners = (is_for_people && !args.system.system).then(Owners::new);
    if let Some(owners) = &owners {
        changes.retain(|one| !is_of_component(&one.change, [base, head], owners));
    }
    let losses = changes.iter().map(|one| one.change.direction);
    let into_pods = into_pods_by_get(base, head, owners.as_ref())?;
    let folded = all - changes.len();
    let notes = UpgradeNotes {
        before: base.snapshot(),
        after: head.snapshot(),
        types: &TypesChanged::between(base.snapshot(), head.snapshot()),
        into_pods: &into_pods,
        losses: losses.filter(|one| *one == Direction::Lost).count(),
        folded,
        directory: &before.directory,
    };
    let changes = ManuallyDrop::new(changes);
    let unjudged = unjudged(head);
    let mut view = DiffView::new(
        base,
        head,
        &before.directory,
        &changes,
        &unjudged,
        &[],
        notes.sentences(),
    );
    view.base = format!("Kubernetes {}", from.version);
    view.head = format!("Kubernetes {}", to.version);
    view.summary.verdict = notes.verdict(&view.summary.verdict, changes.len());
    let judged = Findings {
        label: input.label(),
        changes: &changes,
        unjudged: &unjudged,
        collide: None,
        loses_otherwise: !into_pods.is_empty(),
    };
    let exit = args.report.exit(&view, judged, complaints);
    Ok(Answered {
        view,
        tools: before.tools,
        exit,
    })
}

//! `rbac-eval paths`: whom a subject can become, and how.

use clap::{Args, ValueEnum};

use crate::analysis::lookup::subjects;
use crate::analysis::paths::{
    Bounds, Certainty, EDGES, EdgeId, EdgeSet, Goal, News, PathStart, Paths,
};
use crate::ask::{Match, NamedSubject, Resolver};
use crate::authz::rbac::RbacAuthorizer;
use crate::entra::Directory;
use crate::render::SubjectView;
use crate::render::paths::{HEADER, PathsFound, PathsQuestion, PathsView};

use super::answers::{Answered, Answers};
use super::completion::Completes;
use super::exit::{Exit, Failure};
use super::input::{self, Input, InputArgs, Loaded};
use super::out::DocumentFormat;
use super::settings::Kinds;
use super::table::{Form, TableArgs};
use super::who::WhoArgs;
use crate::files::Stdin;

/// Show whom a subject can become, step by step, and what it reaches.
///
/// A subject becomes another by a token, a pod that runs as it, impersonation, a certificate, a binding or
/// a role that it may write, and so on; docs/edges.md lists the kinds of steps. Without SUBJECT everyone who
/// gets to the goal is listed; without --to all that SUBJECT reaches, nearest first. Pods, workloads and
/// Secrets (their names and types alone) of the input count. Exits with 0 where there is no path, and with
/// 1 where there is one.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rbac-eval paths --to cluster-admin
  rbac-eval paths alice --to cluster-admin
  rbac-eval paths sa:prod/ci
  rbac-eval paths --as alice --as-group devs --to sa:kube-system/default --certainty any")]
pub(super) struct PathsArgs {
    /// Where paths begin: a user, group, NAMESPACE/SERVICEACCOUNT, sa:NAMESPACE/NAME, `anonymous`, or a part of a name
    #[arg(value_name = "SUBJECT", conflicts_with = "user", add = Completes::Subject)]
    subject: Option<String>,

    /// Where paths end: cluster-admin, system:masters, node, admin:NAMESPACE, sa:NAMESPACE/NAME or
    /// secret:NAMESPACE/NAME; may be repeated
    #[arg(long, value_name = "GOAL")]
    to: Vec<Goal>,

    /// How sure each step has to be: shown by the input alone, also what the cluster's state decides, or any
    #[arg(long, value_enum, default_value_t = Sure::State)]
    certainty: Sure,

    /// Follow these kinds of steps alone, by their names in docs/edges.md
    #[arg(long, value_name = "EDGE", value_delimiter = ',')]
    edges: Vec<String>,

    /// Show what gives nothing more, and who has the goal from the start
    #[arg(long)]
    all: bool,

    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t = PathsOutput::Text)]
    output: PathsOutput,

    #[command(flatten)]
    who: WhoArgs,

    #[command(flatten)]
    table: TableArgs,

    #[command(flatten)]
    input: InputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sure {
    Definite,
    State,
    Any,
}

impl Sure {
    fn certainty(self) -> Certainty {
        match self {
            Sure::Definite => Certainty::Definite,
            Sure::State => Certainty::State,
            Sure::Any => Certainty::Outside,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PathsOutput {
    Text,
    Table,
    Json,
    Yaml,
}

pub(super) fn run(args: &PathsArgs) -> Result<Exit, Failure> {
    let edges = edges(&args.edges)?;
    let form = match args.output {
        PathsOutput::Text | PathsOutput::Table => Form::Table,
        PathsOutput::Json => Form::Other("json"),
        PathsOutput::Yaml => Form::Other("yaml"),
    };
    let layout = args.table.layout(form, HEADER)?;
    let inputs = input::inputs(&args.input)?.into_iter();
    let inputs = inputs
        .map(|input| input.of_kinds(Kinds::Workloads))
        .collect();
    let answers = Answers::of_inputs(inputs, |input| {
        let Loaded {
            rbac,
            directory,
            tools,
            ..
        } = input.load(Stdin::Free)?;
        let (view, exit) = answer(args, edges, input, &rbac, &directory)?;
        Ok(Answered { view, tools, exit })
    })?;
    match args.output {
        PathsOutput::Text => answers.text(|view| Ok(view.to_text(layout)))?,
        PathsOutput::Table => answers.text(|view| Ok(view.to_table(layout)))?,
        PathsOutput::Json => answers.document(DocumentFormat::Json)?,
        PathsOutput::Yaml => answers.document(DocumentFormat::Yaml)?,
    }
    Ok(answers.exit())
}

/// The edges of these names; all where none is given.
fn edges(names: &[String]) -> Result<EdgeSet, Failure> {
    if names.is_empty() {
        return Ok(EdgeSet::all());
    }
    let edge = |name: &String| -> Result<EdgeId, Failure> {
        let mut known = EDGES.iter().copied();
        known.find(|edge| edge.as_str() == name).ok_or_else(|| {
            let known = EDGES.iter().map(|edge| edge.as_str());
            let nearest = crate::ask::nearest(name, known);
            let hint = nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
            Failure::message(format!(
                "`--edges {}`: no such kind of step{hint}",
                crate::text::excerpt(name)
            ))
        })
    };
    names.iter().map(edge).collect()
}

fn answer(
    args: &PathsArgs,
    edges: EdgeSet,
    input: &Input<'_>,
    rbac: &RbacAuthorizer,
    directory: &Directory,
) -> Result<(PathsView, Exit), Failure> {
    let paths = Paths::new(rbac);
    for goal in &args.to {
        if !paths.knows(goal) {
            input.warning(&format!("`--to {goal}`: the input knows no such thing"));
        }
    }
    let starts = starts(args, input, rbac, directory)?;
    let bounds = Bounds {
        edges,
        certainty: args.certainty.certainty(),
    };
    let is_of_one = args.subject.is_some() || args.who.is_given();
    let default = [Goal::ClusterAdmin];
    let goals = match (is_of_one, &*args.to) {
        (false, []) => &default[..],
        (_, goals) => goals,
    };
    let mut found = PathsFound::default();
    let ways = paths.ways(&starts, bounds, goals);
    for (start, ways) in starts.iter().zip(ways) {
        let view = SubjectView::of(&start.principal, directory);
        if goals.is_empty() {
            let reached = paths.from(&start.user, bounds, None);
            for (goal, news) in reached.goals() {
                if news == News::NoGain && !args.all {
                    found.held_back += 1;
                } else if let Some(path) = reached.path(&goal) {
                    found.paths.push((view.clone(), start.groups.clone(), path));
                }
            }
        }
        for path in ways {
            let is_owner = path.hops.is_empty() || start.is_system(rbac);
            if is_owner && !is_of_one && !args.all {
                found.owners += 1;
            } else {
                found.paths.push((view.clone(), start.groups.clone(), path));
            }
        }
    }
    let exit = match found.paths.is_empty() && found.owners == 0 {
        true => Exit::Yes,
        false => Exit::No,
    };
    let names: Vec<String> = starts
        .iter()
        .map(|start| SubjectView::of(&start.principal, directory).to_string())
        .collect();
    let question = PathsQuestion {
        from: is_of_one.then(|| match &*names {
            [] => args.subject.clone().unwrap_or_default(),
            names => names.join(", "),
        }),
        goals: goals.to_vec(),
        certainty: bounds.certainty,
    };
    Ok((PathsView::new(rbac, question, &found), exit))
}

/// Those from whom paths begin.
fn starts(
    args: &PathsArgs,
    input: &Input<'_>,
    rbac: &RbacAuthorizer,
    directory: &Directory,
) -> Result<Vec<PathStart>, Failure> {
    let resolver = Resolver::new(rbac.snapshot(), directory);
    if args.who.is_given() {
        let asker = args.who.resolve(&resolver)?;
        for note in &asker.notes {
            input.note(&note.to_string());
        }
        return Ok(vec![PathStart::of_user(asker.user)]);
    }
    let Some(word) = &args.subject else {
        let all = subjects(rbac).into_iter();
        let all = all.map(|principal| NamedSubject {
            principal,
            groups: Vec::new(),
        });
        return Ok(all.map(PathStart::of).collect());
    };
    let word = PathStart::word(word);
    let found = resolver.subjects(subjects(rbac), word, Match::Exact);
    let found = match found.is_empty() {
        true => resolver.subjects(subjects(rbac), word, Match::Part),
        false => found,
    };
    if found.is_empty() {
        return Err(Failure::message(
            resolver.nobody_called(word, Match::Part).to_string(),
        ));
    }
    Ok(found.into_iter().map(PathStart::of).collect())
}

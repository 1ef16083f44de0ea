//! `rbac-eval matrix`: what is allowed, as a table.

use crate::analysis::matrix::{
    owners_of_subjects, resources_by_verbs, scopes_of_subjects, subjects_by_verbs,
};
use crate::analysis::owner::Owners;
use crate::analysis::unjudged::{bindings_without_role, with_missing_roles};
use crate::ask::{AskedScope, Resolver};
use crate::authz::Attributes;
use crate::authz::rbac::RbacAuthorizer;
use crate::entra::Directory;
use crate::kube::discovery::full_name;
use crate::render::UnjudgedView;
use crate::render::matrix::{AboutRows, EmptyRows, Marks, MatrixView};
use clap::{Args, ValueEnum};

use super::answers::Answers;
use super::completion::Completes;
use super::exit::{Exit, Failure};
use super::input::{Input, InputArgs};
use super::out::DocumentFormat;
use super::request::{self, ScopeArgs};
use super::table::{Form, SystemArgs, TableArgs};
use super::who::WhoArgs;

/// Show resources by verbs for one user, or subjects by verbs for one resource.
///
/// `names` in a cell means: for some names only. The table of a user has the types with something
/// allowed; --all shows the others too.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rbac-eval matrix --as alice -n prod
  rbac-eval matrix secrets -n prod
  rbac-eval matrix secrets -n prod --sort-by delete
  rbac-eval matrix deployments.apps -A -o markdown")]
pub(super) struct MatrixArgs {
    /// The resource whose subjects to show; without it, `--as` says whose resources
    #[arg(value_name = "TYPE", add = Completes::Type)]
    resource: Option<String>,

    #[command(flatten)]
    who: WhoArgs,

    #[command(flatten)]
    scope: ScopeArgs,

    /// Write yes and no instead of a check mark and nothing
    #[arg(long)]
    ascii: bool,

    /// With --as: show the types as well of which nothing is allowed
    #[arg(long)]
    all: bool,

    /// How to print the answer; names are those of the subjects or of the types
    #[arg(short, long, value_enum, default_value_t = MatrixOutput::Table)]
    output: MatrixOutput,

    #[command(flatten)]
    table: TableArgs,

    #[command(flatten)]
    system: SystemArgs,

    #[command(flatten)]
    input: InputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MatrixOutput {
    Table,
    Name,
    Json,
    Yaml,
    Csv,
    Markdown,
}

impl MatrixOutput {
    fn form(self) -> Form {
        match self {
            MatrixOutput::Table => Form::Table,
            MatrixOutput::Csv => Form::Csv,
            MatrixOutput::Markdown => Form::Markdown,
            MatrixOutput::Name => Form::Other("name"),
            MatrixOutput::Json => Form::Other("json"),
            MatrixOutput::Yaml => Form::Other("yaml"),
        }
    }
}

pub(super) fn run(args: &MatrixArgs) -> Result<Exit, Failure> {
    if args.resource.is_some() == args.who.is_given() {
        return Err(Failure::message(
            "say either `matrix TYPE`, for subjects by verbs, or `matrix --as USER`, for resources \
             by verbs",
        ));
    }
    if args.who.is_given() && !args.scope.subresource.is_empty() {
        return Err(Failure::message(
            "`--subresource` belongs to `matrix TYPE`; `matrix --as USER` shows whole types",
        ));
    }
    if args.resource.is_some() && args.who.names_groups() {
        return Err(Failure::message(
            "`--as-group` belongs to `matrix --as USER`",
        ));
    }
    if args
        .resource
        .as_ref()
        .is_some_and(|word| word.contains('/'))
    {
        return Err(Failure::message(
            "`matrix` takes a TYPE alone; for one object, ask `who-can VERB TYPE/NAME`",
        ));
    }
    let about = match args.resource {
        Some(_) if args.all => {
            return Err(Failure::message("`--all` belongs to `matrix --as USER`"));
        }
        None if args.system.system => {
            return Err(Failure::message("`--system` belongs to `matrix TYPE`"));
        }
        Some(_) if args.scope.all_namespaces => AboutRows::SubjectsAnywhere,
        Some(_) => AboutRows::Subjects,
        None => AboutRows::Resources,
    };
    let form = args.output.form();
    let layout = args.table.layout(form, about.headings())?;
    let owners = match about {
        AboutRows::Subjects | AboutRows::SubjectsAnywhere => args.system.folded(form),
        AboutRows::Resources => None,
    };
    let answers = Answers::of_questions(&args.input, |input, rbac, directory| {
        answer(args, input, rbac, directory, owners.as_ref())
    })?;
    let empty = match args.all {
        true => EmptyRows::Shown,
        false => EmptyRows::Folded,
    };
    let marks = if args.ascii {
        Marks::Ascii
    } else {
        Marks::Symbols
    };
    match args.output {
        MatrixOutput::Table => answers.text(|view| Ok(view.to_table(marks, empty, layout)))?,
        MatrixOutput::Name => {
            answers.names(|view| view.to_names(empty), MatrixView::beside_names)?;
        }
        MatrixOutput::Json => answers.document(DocumentFormat::Json)?,
        MatrixOutput::Yaml => answers.document(DocumentFormat::Yaml)?,
        MatrixOutput::Csv => answers.csv(layout.headers, |view| Ok(view.to_csv(layout)?))?,
        MatrixOutput::Markdown => answers.markdown(|view| view.to_markdown(marks, layout))?,
    }
    Ok(answers.exit())
}

fn answer(
    args: &MatrixArgs,
    input: &Input<'_>,
    rbac: &RbacAuthorizer,
    directory: &Directory,
    owners: Option<&Owners>,
) -> Result<(MatrixView, Exit), Failure> {
    let resolver = Resolver::new(rbac.snapshot(), directory);
    let view = match &args.resource {
        None => {
            let asker = args.who.resolve(&resolver)?;
            for note in &asker.notes {
                input.note(&note.to_string());
            }
            let namespace = match args.scope.place() {
                AskedScope::Namespace(namespace) => namespace,
                AskedScope::AllNamespaces => "",
            };
            for note in resolver.doubts_of_namespace(namespace) {
                input.note(&note.to_string());
            }
            let rows = resources_by_verbs(rbac, &asker.user, namespace);
            let missing = rbac.missing_roles(&asker.user, namespace);
            let missing: Vec<_> = missing.iter().map(|error| error.binding).collect();
            let unjudged =
                UnjudgedView::all(rbac.snapshot().files(), &with_missing_roles(rbac, &missing));
            MatrixView::of_resources(&asker.user.name, namespace, &rows, unjudged)
        }
        Some(word) => {
            let request = request::request(&resolver, "get", word, &args.scope, input)?;
            let Attributes::Resource(attributes) = request.attributes else {
                return Err(Failure::message("`matrix` shows resources, not URLs"));
            };
            for note in &request.notes {
                input.note(&note.to_string());
            }
            let rows = subjects_by_verbs(rbac, &attributes, request.reach);
            let owners =
                owners.map(|owners| owners_of_subjects(rbac, &attributes, request.reach, owners));
            let owners = owners.unwrap_or_default();
            let name = full_name(&attributes.combined_resource(), &attributes.group);
            let missing = bindings_without_role(rbac, &attributes.namespace, request.reach);
            let unjudged =
                UnjudgedView::all(rbac.snapshot().files(), &with_missing_roles(rbac, &missing));
            let namespace = &attributes.namespace;
            let view =
                MatrixView::of_subjects(&name, namespace, &rows, &owners, directory, unjudged);
            if args.scope.all_namespaces {
                let scopes = scopes_of_subjects(rbac, &attributes, request.reach);
                view.with_scopes(&rows, &scopes)
            } else {
                view
            }
        }
    };
    Ok((view, Exit::Yes))
}

//! `rbac-eval can-i`: kubectl's command, and why.

use crate::analysis::explain::{Miss, explain};
use crate::analysis::kubectl::kubectl_differs;
use crate::analysis::rules_review::{granted_rows, rules_review};
use crate::analysis::suggest::suggest;
use crate::analysis::unjudged::with_missing_roles;
use crate::ask::{Note, ResolvedUser, Resolver};
use crate::authz::rbac::RbacAuthorizer;
use crate::entra::Directory;
use crate::kube::PolicyRule;
use crate::render::can_i::{CanIView, kubectl_differs_in_words};
use crate::render::rules_table::{
    GrantedRowView, granted_rows_csv, granted_rows_table, rules_table,
};
use crate::render::suggest::SuggestionView;
use crate::render::{API_VERSION, RuleView, UnjudgedView};
use clap::{Args, ValueEnum};

use super::answers::Answers;
use super::completion::Completes;
use super::exit::{Exit, Failure};
use super::input::{Input, InputArgs};
use super::out::{self, DocumentFormat};
use super::request::{self, ScopeArgs};
use super::table::headers;
use super::who::WhoArgs;

/// Say whether someone may do something, and why.
///
/// The first line of the answer is `yes` or `no`; the exit code is 0 for yes, 1 for no, and 2 for
/// bad usage or input that can't be read (where kubectl says 1). Of several environments all have to
/// say yes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rbac-eval can-i get pods --as alice -n default
  rbac-eval can-i create deployments.apps --as alice@contoso.com --as-group GROUP-OBJECT-ID -n prod
  rbac-eval can-i get pods --subresource log --as system:serviceaccount:prod:app -n prod
  rbac-eval can-i list nodes --as alice -f cluster.yaml
  rbac-eval can-i list nodes --as alice --env prod
  rbac-eval can-i get /healthz --as system:anonymous
  rbac-eval can-i list pods --as alice -n prod --suggest
  rbac-eval can-i --list --as alice -n default
  rbac-eval can-i --list -o wide --as alice -n default")]
pub(super) struct CanIArgs {
    /// VERB and TYPE, TYPE/NAME or NONRESOURCEURL, as in `get pods` or `delete deployment/web`
    #[arg(value_name = "VERB [TYPE | TYPE/NAME | NONRESOURCEURL]", add = Completes::Request)]
    request: Vec<String>,

    #[command(flatten)]
    who: WhoArgs,

    #[command(flatten)]
    scope: ScopeArgs,

    /// List all that is allowed
    #[arg(long)]
    list: bool,

    /// Of a no: print the YAML of a binding, and of a role where none fits, that would make it a yes
    #[arg(long)]
    suggest: bool,

    /// Leave out the headers of --list
    #[arg(long)]
    no_headers: bool,

    /// Print nothing; the exit code is the answer
    #[arg(short, long)]
    quiet: bool,

    /// How to print the answer; with --list, wide and csv say where each row comes from
    #[arg(short, long, value_enum, default_value_t = CanIOutput::Text)]
    output: CanIOutput,

    #[command(flatten)]
    input: InputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CanIOutput {
    Text,
    Wide,
    Json,
    Yaml,
    Csv,
}

pub(super) fn run(args: &CanIArgs) -> Result<Exit, Failure> {
    check_usage(args)?;
    args.who.require()?;
    if args.list {
        return list(args);
    }
    let answers = Answers::of_questions(&args.input, |input, rbac, directory| {
        answer(args, input, rbac, directory)
    })?;
    if !args.quiet {
        match args.output {
            // Others are refused without `--list`.
            CanIOutput::Text | CanIOutput::Wide | CanIOutput::Csv => {
                answers.verdicts(CanIView::to_text)?;
            }
            CanIOutput::Json => answers.document(DocumentFormat::Json)?,
            CanIOutput::Yaml => answers.document(DocumentFormat::Yaml)?,
        }
    }
    Ok(answers.exit())
}

fn answer(
    args: &CanIArgs,
    input: &Input<'_>,
    rbac: &RbacAuthorizer,
    directory: &Directory,
) -> Result<(CanIView, Exit), Failure> {
    let resolver = Resolver::new(rbac.snapshot(), directory);
    let ResolvedUser {
        user,
        notes: about_user,
    } = args.who.resolve(&resolver)?;
    let [verb, target] = &*args.request else {
        return Err(wrong_arguments());
    };
    let request = request::request(&resolver, verb, target, &args.scope, input)?;
    let explanation = explain(rbac, directory, &user, &request.attributes)?;
    // A near miss says more of it than a note.
    let is_missed = |kind: &Miss| {
        explanation
            .near_misses
            .iter()
            .any(|miss| miss.miss == *kind)
    };
    let case_is_told = is_missed(&Miss::SubjectCase);
    let account_is_told = is_missed(&Miss::SubjectNamespace);
    let mut notes: Vec<String> = about_user
        .iter()
        .filter(|note| !(case_is_told && note.is_about_letter_case()))
        .filter(|note| !(account_is_told && matches!(note, Note::LikeAccount { .. })))
        .chain(&request.notes)
        .map(Note::to_string)
        .collect();
    notes.extend(
        kubectl_differs(rbac, &user, &request)
            .map(|differs| kubectl_differs_in_words(rbac, &differs)),
    );
    let mut view = CanIView::new(
        rbac,
        directory,
        &user,
        &request.attributes,
        &explanation,
        notes,
    );
    if args.suggest && !view.allowed {
        let found = suggest(rbac, directory, &user, &request, &explanation.near_misses);
        let found = SuggestionView::new(rbac, directory, &found)?;
        view.suggestion = Some(found);
    }
    let exit = if view.allowed { Exit::Yes } else { Exit::No };
    Ok((view, exit))
}

fn wrong_arguments() -> Failure {
    Failure::message(
        "you must specify two arguments: verb resource or verb resource/resourceName; see \
         `rbac-eval can-i --help`",
    )
}

/// What kubectl refuses before it asks.
fn check_usage(args: &CanIArgs) -> Result<(), Failure> {
    if args.list {
        if !args.request.is_empty() {
            return Err(Failure::message(
                "`--list` must be specified with no arguments",
            ));
        }
        if args.quiet || args.scope.all_namespaces || !args.scope.subresource.is_empty() {
            return Err(Failure::message(
                "`--list` can't be combined with `--quiet`, `--all-namespaces` or \
                 `--subresource`",
            ));
        }
        if args.suggest {
            return Err(Failure::message(
                "`--suggest` is about one request; `--list` asks about none",
            ));
        }
        if args.no_headers && matches!(args.output, CanIOutput::Json | CanIOutput::Yaml) {
            return Err(Failure::message(
                "`--no-headers` leaves out those of a table or of CSV, which `-o json` and `-o yaml` \
                 aren't",
            ));
        }
    } else if args.request.len() != 2 {
        return Err(wrong_arguments());
    } else if args.suggest && args.quiet {
        return Err(Failure::message(
            "`--quiet` prints nothing, so `--suggest` can't print its YAML; leave one out",
        ));
    } else if args.no_headers {
        return Err(Failure::message(
            "`--no-headers` can't be set without `--list`",
        ));
    } else if matches!(args.output, CanIOutput::Wide | CanIOutput::Csv) {
        return Err(Failure::message(
            "`-o wide` and `-o csv` belong to `--list`; a single answer says why by itself",
        ));
    }
    Ok(())
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct ListView {
    api_version: &'static str,
    kind: &'static str,
    user: String,
    groups: Vec<String>,
    namespace: String,
    rules: Vec<RuleView>,
    unjudged: Vec<UnjudgedView>,
    #[serde(skip)]
    rows: Vec<PolicyRule>,
    /// What gives the rows, where that is printed.
    #[serde(skip)]
    granted: Vec<GrantedRowView>,
}

fn list(args: &CanIArgs) -> Result<Exit, Failure> {
    let answers = Answers::of_questions(&args.input, |input, rbac, directory| {
        list_one(args, input, rbac, directory)
    })?;
    let headers = headers(args.no_headers);
    match args.output {
        CanIOutput::Text => answers.text(|view| Ok(rules_table(&view.rows, headers)))?,
        CanIOutput::Wide => {
            answers.text(|view| Ok(granted_rows_table(&view.granted, headers)))?;
        }
        CanIOutput::Csv => answers.csv(headers, |view| {
            Ok(granted_rows_csv(&view.granted, &view.unjudged, headers)?)
        })?,
        CanIOutput::Json => answers.document(DocumentFormat::Json)?,
        CanIOutput::Yaml => answers.document(DocumentFormat::Yaml)?,
    }
    Ok(answers.exit())
}

fn list_one(
    args: &CanIArgs,
    input: &Input<'_>,
    rbac: &RbacAuthorizer,
    directory: &Directory,
) -> Result<(ListView, Exit), Failure> {
    let resolver = Resolver::new(rbac.snapshot(), directory);
    let ResolvedUser { user, notes } = args.who.resolve(&resolver)?;
    let namespace = args.scope.namespace();
    for note in notes.iter().chain(&resolver.doubts_of_namespace(namespace)) {
        input.note(&note.to_string());
    }
    let rows = rules_review(rbac, &user, namespace)?;
    let granted = match args.output {
        CanIOutput::Wide | CanIOutput::Csv => granted_rows(rbac, &user, namespace)?,
        CanIOutput::Text | CanIOutput::Json | CanIOutput::Yaml => Vec::new(),
    };
    let missing = rbac.missing_roles(&user, namespace);
    let in_full = out::in_full(missing.len());
    for error in missing.iter().take(in_full) {
        input.warning(&format!(
            "the list may be incomplete: {error}: the input lacks it; it may exist on the cluster"
        ));
    }
    if missing.len() > in_full {
        input.warning(&format!(
            "the list may be incomplete: the input lacks the roles of {} more bindings; `-o json` \
             lists them",
            missing.len() - in_full
        ));
    }
    let missing: Vec<_> = missing.iter().map(|error| error.binding).collect();
    let unjudged = with_missing_roles(rbac, &missing);
    let view = ListView {
        api_version: API_VERSION,
        kind: "RulesReview",
        rules: rows.iter().map(RuleView::from).collect(),
        unjudged: UnjudgedView::all(rbac.snapshot().files(), &unjudged),
        user: user.name,
        groups: user.groups,
        namespace: namespace.to_owned(),
        rows,
        granted: granted
            .iter()
            .map(|row| GrantedRowView::new(rbac, row))
            .collect(),
    };
    Ok((view, Exit::Yes))
}

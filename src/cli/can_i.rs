//! `rbac-eval can-i`: kubectl's command, and why.

use clap::{Args, ValueEnum};
use rbac_eval::attributes::Attributes;
use rbac_eval::authorizer::Authorizer;
use rbac_eval::explain::explain;
use rbac_eval::query::rules_review::rules_review;
use rbac_eval::report::can_i::{CanIView, namespaced_yes};
use rbac_eval::report::rules_table::rules_table;
use rbac_eval::report::{API_VERSION, RuleView};
use rbac_eval::store::PolicyStore;
use rbac_eval::user::UserInfo;

use super::exit::{Exit, Failure};
use super::input::{self, InputArgs, Loaded};
use super::out;
use super::request::{self, ScopeArgs};
use super::who::{Asker, WhoArgs};

/// Say whether someone may do something, and why.
///
/// The first line of the answer is `yes` or `no`; the exit code is 0 for yes, 1 for no, and 2 for
/// bad usage or input that can't be read (where kubectl says 1).
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rbac-eval can-i get pods --as alice -n default
  rbac-eval can-i create deployments.apps --as alice@contoso.com --as-group GROUP-OBJECT-ID -n prod
  rbac-eval can-i get pods --subresource log --as system:serviceaccount:prod:app -n prod
  rbac-eval can-i list nodes --as alice -f cluster.yaml
  rbac-eval can-i get /healthz --as system:anonymous
  rbac-eval can-i --list --as alice -n default")]
pub(super) struct CanIArgs {
    /// VERB and TYPE, TYPE/NAME or NONRESOURCEURL, as in `get pods` or `delete deployment/web`
    #[arg(value_name = "VERB [TYPE | TYPE/NAME | NONRESOURCEURL]")]
    request: Vec<String>,

    #[command(flatten)]
    who: WhoArgs,

    #[command(flatten)]
    scope: ScopeArgs,

    /// List all that is allowed
    #[arg(long)]
    list: bool,

    /// Leave out the headers of --list
    #[arg(long)]
    no_headers: bool,

    /// Print nothing; the exit code is the answer
    #[arg(short, long)]
    quiet: bool,

    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,

    #[command(flatten)]
    input: InputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
    Yaml,
}

pub(super) fn run(args: &CanIArgs) -> Result<Exit, Failure> {
    check_usage(args)?;
    args.who.require()?;
    let Loaded { store, directory } = input::load(&args.input, false)?;
    let Asker {
        user,
        notes: about_user,
    } = args.who.resolve(&directory)?;
    if args.list {
        return list(args, store, &user);
    }
    let [verb, target] = &*args.request else {
        return Err(wrong_arguments());
    };
    let question = request::parse(store, verb, target, &args.scope)?;
    if args.no_headers {
        return Err(Failure::told(
            "`--no-headers` can't be set without `--list`",
        ));
    }
    let authorizer = Authorizer::new(store);
    let explanation = explain(&authorizer, &user, &question.attributes);
    let mut notes = about_user;
    notes.extend(question.notes);
    if let Some(sent) = &question.sent_by_kubectl {
        notes.extend(kubectl_differs(
            &authorizer,
            &user,
            &question.attributes,
            sent,
        ));
    }
    let view = CanIView::new(
        &authorizer,
        &directory,
        &user,
        &question.attributes,
        &explanation,
        notes,
    );
    if !args.quiet {
        match args.output {
            Output::Text => out::verdict(&view.to_text())?,
            Output::Json => out::document(&view, false)?,
            Output::Yaml => out::document(&view, true)?,
        }
    }
    Ok(if view.allowed { Exit::Yes } else { Exit::No })
}

fn wrong_arguments() -> Failure {
    Failure::told(
        "you must specify two arguments: verb resource or verb resource/resourceName; see \
         `rbac-eval can-i --help`",
    )
}

/// What kubectl refuses before it asks.
fn check_usage(args: &CanIArgs) -> Result<(), Failure> {
    if args.list {
        if !args.request.is_empty() {
            return Err(Failure::told(
                "`--list` must be specified with no arguments",
            ));
        }
        if args.quiet || args.scope.all_namespaces || !args.scope.subresource.is_empty() {
            return Err(Failure::told(
                "`--list` can't be combined with `--quiet`, `--all-namespaces` or \
                 `--subresource`",
            ));
        }
    } else if args.request.len() != 2 {
        return Err(wrong_arguments());
    }
    Ok(())
}

/// Says so where kubectl's own request would be answered otherwise.
fn kubectl_differs(
    authorizer: &Authorizer<'_>,
    user: &UserInfo,
    real: &Attributes,
    sent: &Attributes,
) -> Option<String> {
    let real_response = authorizer.authorize(user, real);
    let sent_response = authorizer.authorize(user, sent);
    if real_response.decision == sent_response.decision {
        return None;
    }
    match sent_response.grants.first() {
        Some(grant) => Some(namespaced_yes(authorizer.store(), grant, sent.namespace())),
        None => Some(format!(
            "`kubectl auth can-i` would say no here: it asks with namespace {}, but a real \
             request for namespace {} itself is judged in that namespace (kubernetes#134929)",
            sent.namespace(),
            real.namespace()
        )),
    }
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct ListView<'a> {
    api_version: &'static str,
    kind: &'static str,
    user: &'a str,
    groups: &'a [String],
    namespace: &'a str,
    rules: Vec<RuleView>,
}

fn list(args: &CanIArgs, store: &PolicyStore, user: &UserInfo) -> Result<Exit, Failure> {
    let namespace = args.scope.namespace.as_deref().unwrap_or("default");
    let rules = rules_review(store, user, namespace);
    for error in Authorizer::new(store).missing_roles(user, namespace) {
        out::warning(&format!(
            "the list may be incomplete: {error}: the input lacks it; it may exist on the cluster"
        ));
    }
    let view = || ListView {
        api_version: API_VERSION,
        kind: "RulesReview",
        user: &user.name,
        groups: &user.groups,
        namespace,
        rules: rules.iter().map(RuleView::from).collect(),
    };
    match args.output {
        Output::Text => out::answer(&rules_table(&rules, !args.no_headers))?,
        Output::Json => out::document(&view(), false)?,
        Output::Yaml => out::document(&view(), true)?,
    }
    Ok(Exit::Yes)
}

//! `rbac-eval can-i`: kubectl's command, and why.

use clap::{Args, ValueEnum};
use rbac_eval::attributes::{Attributes, NonResourceAttributes, ResourceAttributes};
use rbac_eval::authorizer::Authorizer;
use rbac_eval::catalogue::{ApiResource, NON_RESOURCE_VERBS, RESOURCE_VERBS, Resolution};
use rbac_eval::explain::explain;
use rbac_eval::query::rules_review::rules_review;
use rbac_eval::report::can_i::{CanIView, namespaced_yes};
use rbac_eval::report::rules_table::rules_table;
use rbac_eval::report::{API_VERSION, RuleView};
use rbac_eval::store::PolicyStore;
use rbac_eval::user::UserInfo;

use super::exit::{Exit, Failure};
use super::input::{self, InputArgs};
use super::out;

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

    /// The namespace to ask about [default: default]
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    namespace: Option<String>,

    /// Ask about all namespaces at once
    #[arg(short = 'A', long)]
    all_namespaces: bool,

    /// The subresource, such as `log` or `scale`
    #[arg(
        long,
        value_name = "SUBRESOURCE",
        default_value = "",
        hide_default_value = true
    )]
    subresource: String,

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

/// Who asks.
#[derive(Debug, Args)]
struct WhoArgs {
    /// The user who asks: a name, or system:serviceaccount:NAMESPACE:NAME
    #[arg(long = "as", value_name = "USER")]
    user: Option<String>,

    /// A group of that user; may be repeated
    #[arg(long = "as-group", value_name = "GROUP")]
    groups: Vec<String>,

    /// The user's uid; taken, but RBAC doesn't look at it
    #[arg(long = "as-uid", value_name = "UID")]
    _uid: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
    Yaml,
}

pub(super) fn run(args: &CanIArgs) -> Result<Exit, Failure> {
    check_usage(args)?;
    let Some(name) = args.who.user.as_deref().filter(|name| !name.is_empty()) else {
        return Err(Failure::told(
            "name who is asking with `--as USER`, and their groups with `--as-group GROUP`: \
             offline, there is no current user",
        ));
    };
    let user = UserInfo::impersonated(name, args.who.groups.iter().cloned());
    let store = input::load(&args.input, false)?;
    if args.list {
        return list(args, &store, &user);
    }
    let [verb, target] = &*args.request else {
        return Err(wrong_arguments());
    };
    let question = if target.starts_with('/') {
        about_url(args, verb, target)?
    } else {
        about_resource(args, &store, verb, target)
    };
    if args.no_headers {
        return Err(Failure::told(
            "`--no-headers` can't be set without `--list`",
        ));
    }
    let authorizer = Authorizer::new(&store);
    let explanation = explain(&authorizer, &user, &question.attributes);
    let mut notes = question.notes;
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
        if args.quiet || args.all_namespaces || !args.subresource.is_empty() {
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

/// The request, and what to say about it.
struct Question {
    attributes: Attributes,
    notes: Vec<String>,
    /// The request as kubectl sends it, where ours differs.
    sent_by_kubectl: Option<Attributes>,
}

fn about_url(args: &CanIArgs, verb: &str, path: &str) -> Result<Question, Failure> {
    if !args.subresource.is_empty() {
        return Err(Failure::told(
            "`--subresource` can't be used with a non-resource URL",
        ));
    }
    if !NON_RESOURCE_VERBS.contains(&verb) {
        out::warning(&format!("verb '{verb}' is not a known verb"));
    }
    Ok(Question {
        attributes: Attributes::NonResource(NonResourceAttributes {
            verb: verb.to_owned(),
            path: path.to_owned(),
        }),
        notes: Vec::new(),
        sent_by_kubectl: None,
    })
}

fn about_resource(args: &CanIArgs, store: &PolicyStore, verb: &str, target: &str) -> Question {
    let (word, name) = target.split_once('/').unwrap_or((target, ""));
    let namespace = if args.all_namespaces {
        ""
    } else {
        args.namespace.as_deref().unwrap_or("default")
    };
    let mut attributes = ResourceAttributes {
        namespace: namespace.to_owned(),
        verb: verb.to_owned(),
        subresource: args.subresource.clone(),
        name: name.to_owned(),
        ..ResourceAttributes::default()
    };
    let mut notes = Vec::new();
    let mut sent_by_kubectl = None;
    match store.catalogue().resolve(word) {
        Resolution::Known(resource) => {
            attributes.group.clone_from(&resource.group);
            attributes.resource.clone_from(&resource.plural);
            if !resource.namespaced {
                if !args.all_namespaces {
                    warn_not_namespaced(resource);
                }
                let sent = attributes.clone();
                attributes.namespace = real_namespace(&attributes);
                sent_by_kubectl = (sent != attributes).then_some(Attributes::Resource(sent));
            }
            if args.subresource.is_empty() && resource.subresources.iter().any(|sub| sub == name) {
                notes.push(format!(
                    "this asks about {} named {name}; for the subresource, say `can-i {verb} \
                     {word} --subresource {name}`",
                    resource.full_name()
                ));
            }
        }
        Resolution::Literal(resource) => attributes.resource = resource,
        Resolution::Unknown {
            resource,
            group,
            warned_group,
        } => {
            if warned_group.is_empty() {
                out::warning(&format!(
                    "the server doesn't have a resource type '{}'",
                    resource.to_lowercase()
                ));
                notes.extend(known_in_rules(store, &resource));
            } else {
                out::warning(&format!(
                    "the server doesn't have a resource type '{resource}' in group \
                     '{warned_group}'"
                ));
            }
            attributes.resource = resource;
            attributes.group = group;
        }
    }
    if !args.all_namespaces && !RESOURCE_VERBS.contains(&verb) {
        out::warning(&format!("verb '{verb}' is not a known verb"));
    }
    Question {
        attributes: Attributes::Resource(attributes),
        notes,
        sent_by_kubectl,
    }
}

fn warn_not_namespaced(resource: &ApiResource) {
    let group = if resource.group.is_empty() {
        String::new()
    } else {
        format!(" in group '{}'", resource.group)
    };
    out::warning(&format!(
        "resource '{}' is not namespace scoped{group}",
        resource.plural
    ));
}

/// The namespace that a real request for a cluster-scoped resource carries: none, but a request
/// for one Namespace object is judged in that namespace (kubernetes#134929).
fn real_namespace(attributes: &ResourceAttributes) -> String {
    let is_namespace = attributes.group.is_empty() && attributes.resource == "namespaces";
    let of_one = matches!(&*attributes.verb, "get" | "update" | "patch" | "delete");
    let on_its_path = matches!(&*attributes.subresource, "" | "status" | "finalize");
    if is_namespace && of_one && on_its_path {
        attributes.name.clone()
    } else {
        String::new()
    }
}

/// The groups in which rules of the input know a resource that the catalogue doesn't.
fn known_in_rules(store: &PolicyStore, resource: &str) -> Option<String> {
    let lower = resource.to_lowercase();
    let mut groups: Vec<&str> = store
        .roles()
        .flat_map(|role| &store.role(role).rules)
        .filter(|rule| {
            rule.resources
                .iter()
                .any(|known| known.split('/').next() == Some(&lower))
        })
        .flat_map(|rule| &rule.api_groups)
        .map(String::as_str)
        .filter(|group| !group.is_empty() && *group != "*")
        .collect();
    groups.sort_unstable();
    groups.dedup();
    if groups.is_empty() {
        return None;
    }
    let words: Vec<String> = groups
        .iter()
        .map(|group| format!("`{lower}.{group}`"))
        .collect();
    Some(format!(
        "this asks about {resource} in the core group; rules of the input know {}",
        words.join(", ")
    ))
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
    let namespace = args.namespace.as_deref().unwrap_or("default");
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

//! What is asked on the command line: VERB, TYPE, NAME, and where.

use crate::authz::rbac::RbacAuthorizer;
use crate::authz::{Attributes, NonResourceAttributes, ResourceAttributes};
use crate::kube::discovery::{ApiResource, NON_RESOURCE_VERBS, RESOURCE_VERBS, Resolution};
use clap::Args;

use super::exit::Failure;
use super::out;

/// Where, and of which subresource.
#[derive(Debug, Args)]
pub(super) struct ScopeArgs {
    /// The namespace to ask about [default: default]
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    pub(super) namespace: Option<String>,

    /// Ask about all namespaces at once
    #[arg(short = 'A', long)]
    pub(super) all_namespaces: bool,

    /// The subresource, such as `log` or `scale`
    #[arg(
        long,
        value_name = "SUBRESOURCE",
        default_value = "",
        hide_default_value = true
    )]
    pub(super) subresource: String,
}

/// The request, and what to say about it.
pub(super) struct Question {
    pub(super) attributes: Attributes,
    pub(super) notes: Vec<String>,
    /// The request as kubectl sends it, where ours differs.
    pub(super) sent_by_kubectl: Option<Attributes>,
    /// Whether the resource is known to be cluster-scoped.
    pub(super) cluster_scoped: bool,
}

/// What VERB and TYPE, TYPE/NAME or NONRESOURCEURL ask, with kubectl's warnings told.
pub(super) fn parse(
    rbac: &RbacAuthorizer,
    verb: &str,
    target: &str,
    scope: &ScopeArgs,
) -> Result<Question, Failure> {
    if target.starts_with('/') {
        about_url(scope, verb, target)
    } else {
        Ok(about_resource(scope, rbac, verb, target))
    }
}

fn about_url(scope: &ScopeArgs, verb: &str, path: &str) -> Result<Question, Failure> {
    if !scope.subresource.is_empty() {
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
        cluster_scoped: true,
    })
}

fn about_resource(scope: &ScopeArgs, rbac: &RbacAuthorizer, verb: &str, target: &str) -> Question {
    let (word, name) = target.split_once('/').unwrap_or((target, ""));
    let namespace = if scope.all_namespaces {
        ""
    } else {
        scope.namespace.as_deref().unwrap_or("default")
    };
    let mut attributes = ResourceAttributes {
        namespace: namespace.to_owned(),
        verb: verb.to_owned(),
        subresource: scope.subresource.clone(),
        name: name.to_owned(),
        ..ResourceAttributes::default()
    };
    let mut notes = Vec::new();
    let mut sent_by_kubectl = None;
    let mut cluster_scoped = false;
    match rbac.snapshot().discovery().resolve(word) {
        Resolution::Known(resource) => {
            attributes.group.clone_from(&resource.group);
            attributes.resource.clone_from(&resource.plural);
            if !resource.namespaced {
                cluster_scoped = true;
                if !scope.all_namespaces {
                    warn_not_namespaced(resource);
                }
                let sent = attributes.clone();
                attributes.namespace = real_namespace(&attributes);
                sent_by_kubectl = (sent != attributes).then_some(Attributes::Resource(sent));
            }
            if scope.subresource.is_empty() && resource.subresources.iter().any(|sub| sub == name) {
                notes.push(format!(
                    "this asks about {} named {name}; for the subresource, say `{verb} {word} \
                     --subresource {name}`",
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
                notes.extend(known_in_rules(rbac, &resource));
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
    if !scope.all_namespaces && !RESOURCE_VERBS.contains(&verb) {
        out::warning(&format!("verb '{verb}' is not a known verb"));
    }
    Question {
        attributes: Attributes::Resource(attributes),
        notes,
        sent_by_kubectl,
        cluster_scoped,
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
fn known_in_rules(rbac: &RbacAuthorizer, resource: &str) -> Option<String> {
    let lower = resource.to_lowercase();
    let mut groups: Vec<&str> = rbac
        .snapshot()
        .roles()
        .flat_map(|role| &rbac.snapshot().role(role).rules)
        .filter(|rule| {
            rule.resources
                .iter()
                .any(|known| known.split('/').next() == Some(&lower))
        })
        .flat_map(|rule| &rule.api_groups)
        .map(|group| group.as_str())
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

//! What a promise asks, held against what exists.

use compact_str::CompactString;
use std::collections::BTreeSet;

use crate::authz::rbac::RbacAuthorizer;
use crate::authz::{Attributes, NonResourceAttributes, ResourceAttributes};
use crate::kube::discovery::{NON_RESOURCE_VERBS, RESOURCE_VERBS, Resolution};

use super::format::{Namespaces, Request};

/// The namespaces that every cluster has.
const BUILT_IN_NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// A request of a promise, in every namespace that it speaks of.
pub(super) struct Asked {
    requests: Vec<Attributes>,
}

impl Asked {
    /// Resolves names, and refuses those that mean nothing.
    pub(super) fn new(rbac: &RbacAuthorizer, request: &Request) -> Result<Self, String> {
        let mut requests = Vec::new();
        for verb in &request.verbs {
            if request.resource.starts_with('/') {
                if !NON_RESOURCE_VERBS.contains(&&**verb) {
                    return Err(format!("`{verb}` is no verb for a URL"));
                }
                requests.push(Attributes::NonResource(NonResourceAttributes {
                    verb: verb.clone(),
                    path: request.resource.clone(),
                }));
                continue;
            }
            if !RESOURCE_VERBS.contains(&&**verb) && !is_in_rules(rbac, |rule| &rule.verbs, verb) {
                return Err(format!("no verb `{verb}` is known"));
            }
            let (group, resource, namespaced) = resource(rbac, request)?;
            let namespaces = if namespaced {
                namespaces(rbac, &request.namespaces)?
            } else {
                BTreeSet::from([String::new()])
            };
            for namespace in namespaces {
                requests.push(Attributes::Resource(ResourceAttributes {
                    namespace,
                    verb: verb.clone(),
                    group: group.clone(),
                    resource: resource.clone(),
                    subresource: request.subresource.clone(),
                    name: request.name.clone(),
                }));
            }
        }
        Ok(Asked { requests })
    }

    pub(super) fn requests(self) -> Vec<Attributes> {
        self.requests
    }
}

fn is_in_rules(
    rbac: &RbacAuthorizer,
    values: impl Fn(&crate::kube::PolicyRule) -> &Vec<CompactString>,
    wanted: &str,
) -> bool {
    rbac.snapshot()
        .roles()
        .flat_map(|role| &rbac.snapshot().role(role).rules)
        .any(|rule| values(rule).iter().any(|value| value == wanted))
}

/// The group and plural of a resource, and whether it lives in namespaces.
fn resource(rbac: &RbacAuthorizer, request: &Request) -> Result<(String, String, bool), String> {
    match rbac.snapshot().discovery().resolve(&request.resource) {
        Resolution::Known(resource) => {
            let subresource = &request.subresource;
            let known = subresource.is_empty()
                || resource.custom
                || resource
                    .subresources
                    .iter()
                    .any(|known| known == subresource);
            if !known {
                return Err(format!(
                    "{} has no subresource `{subresource}`",
                    resource.full_name()
                ));
            }
            Ok((
                resource.group.clone(),
                resource.plural.clone(),
                resource.namespaced,
            ))
        }
        Resolution::Literal(resource) => Ok((String::new(), resource, false)),
        Resolution::Unknown {
            resource, group, ..
        } => {
            // The definition may just not be in the input, but then some rule should know it.
            let known = !group.is_empty()
                && rbac
                    .snapshot()
                    .roles()
                    .flat_map(|role| &rbac.snapshot().role(role).rules)
                    .any(|rule| {
                        rule.resources.iter().any(|listed| *listed == resource)
                            && rule.api_groups.iter().any(|listed| *listed == group)
                    });
            if known {
                Ok((group, resource, true))
            } else {
                Err(format!(
                    "no resource `{}` is known, neither to Kubernetes nor to the input",
                    request.resource
                ))
            }
        }
    }
}

/// The namespaces that a promise speaks of; those that exist as far as the input knows.
fn namespaces(rbac: &RbacAuthorizer, wanted: &Namespaces) -> Result<BTreeSet<String>, String> {
    let mut known: BTreeSet<&str> = BUILT_IN_NAMESPACES.into_iter().collect();
    known.extend(
        rbac.snapshot()
            .namespaces()
            .iter()
            .map(|known| &*known.name),
    );
    known.extend(
        rbac.snapshot()
            .bindings()
            .map(|id| &*rbac.snapshot().binding(id).namespace)
            .filter(|namespace| !namespace.is_empty()),
    );
    match wanted {
        Namespaces::Every => Ok(known.into_iter().map(str::to_owned).collect()),
        Namespaces::Named(names) => {
            if let Some(missing) = names.iter().find(|name| !known.contains(&***name)) {
                return Err(format!("the input has no namespace `{missing}`"));
            }
            Ok(names.iter().cloned().collect())
        }
        Namespaces::Labelled(selector) => {
            let selected: BTreeSet<String> = rbac
                .snapshot()
                .namespaces()
                .iter()
                .filter(|known| selector.matches(&known.labels))
                .map(|known| known.name.to_string())
                .collect();
            if selected.is_empty() {
                return Err("its selector matches no Namespace of the input".to_owned());
            }
            Ok(selected)
        }
    }
}

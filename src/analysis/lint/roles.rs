//! Roles: whether they are used, and rules that can never grant.

use compact_str::CompactString;
use std::collections::BTreeSet;

use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::RoleId;
use crate::diagnostic::Diagnostic;
use crate::kube::discovery::{
    Discovery, NON_RESOURCE_VERBS, RESOURCE_VERBS, Resolution, full_name,
};
use crate::kube::{BindingKind, Minor, PolicyRule, Role, RoleKind};

use super::finding::{Finding, RuleFault, VerbGuess};
use super::named_create::Writers;

/// The API group that built-in types left; rules keep it for old clusters.
const LEGACY_GROUP: &str = "extensions";
/// Types that newer Kubernetes dropped; rules keep them for old clusters.
const DROPPED: [(&str, &str); 1] = [("policy", "podsecuritypolicies")];

pub(super) fn findings(rbac: &RbacAuthorizer, findings: &mut Vec<Diagnostic>) {
    let use_of = Uses::new(rbac);
    for id in rbac.snapshot().roles() {
        let role = rbac.snapshot().role(id);
        if role.is_bootstrapped() {
            continue;
        }
        let mut add = |span, finding| {
            findings.push(Diagnostic::new(span, finding).about(role.object_ref()));
        };
        if !use_of.is_used(id) && !feeds_default_role(role) {
            add(role.span, Finding::UnusedRole);
        }
        if role.aggregation_rule.is_some() {
            if !role.is_from_server() && !role.rules.is_empty() {
                add(role.span, Finding::AggregatedByHand);
            }
            continue;
        }
        let place = RulePlace {
            discovery: rbac.snapshot().discovery(),
            minor: rbac.snapshot().version().minor,
            writers: Writers::of(role),
            kind: role.kind,
            reach: if role.kind == RoleKind::Role || use_of.in_namespaces_only(id) {
                Reaches::InNamespaces
            } else {
                Reaches::Anywhere
            },
        };
        for (rule, number) in role.rules.iter().zip(1..) {
            one_rule(&place, rule, &mut |fault| {
                add(rule.span, Finding::Rule { number, fault });
            });
        }
    }
}

/// Whether a role's labels make it part of `view`, `edit` or `admin`, which every cluster has.
fn feeds_default_role(role: &Role) -> bool {
    role.labels.iter().any(|(key, value)| {
        key.starts_with("rbac.authorization.k8s.io/aggregate-to-") && value == "true"
    })
}

/// How roles are used.
struct Uses {
    cluster_wide: BTreeSet<RoleId>,
    in_namespaces: BTreeSet<RoleId>,
    aggregated: BTreeSet<RoleId>,
}

impl Uses {
    fn new(rbac: &RbacAuthorizer) -> Self {
        let mut uses = Uses {
            cluster_wide: BTreeSet::new(),
            in_namespaces: BTreeSet::new(),
            aggregated: BTreeSet::new(),
        };
        for id in rbac.snapshot().bindings() {
            if let Some(role) = rbac.role_of(id) {
                match rbac.snapshot().binding(id).kind {
                    BindingKind::ClusterRoleBinding => uses.cluster_wide.insert(role),
                    BindingKind::RoleBinding => uses.in_namespaces.insert(role),
                };
            }
        }
        for id in rbac.snapshot().roles() {
            let role = rbac.snapshot().role(id);
            if role.aggregation_rule.is_none() && rbac.is_gathered(id) {
                uses.aggregated.insert(id);
            }
        }
        uses
    }

    fn is_used(&self, role: RoleId) -> bool {
        [&self.cluster_wide, &self.in_namespaces, &self.aggregated]
            .iter()
            .any(|used| used.contains(&role))
    }

    /// Whether a ClusterRole is bound, but by RoleBindings alone.
    fn in_namespaces_only(&self, role: RoleId) -> bool {
        self.in_namespaces.contains(&role)
            && !self.cluster_wide.contains(&role)
            && !self.aggregated.contains(&role)
    }
}

/// Where the rules of a role stand.
struct RulePlace<'d> {
    discovery: &'d Discovery,
    minor: Minor,
    writers: Writers<'d>,
    kind: RoleKind,
    reach: Reaches,
}

/// Where a role is granted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reaches {
    /// By RoleBindings alone.
    InNamespaces,
    /// Cluster-wide, or nowhere yet.
    Anywhere,
}

type Add<'a> = dyn FnMut(RuleFault) + 'a;

fn one_rule(place: &RulePlace<'_>, rule: &PolicyRule, add: &mut Add<'_>) {
    verbs(place, rule, add);
    if place.reach == Reaches::InNamespaces && !rule.non_resource_urls.is_empty() {
        add(RuleFault::UrlInNamespace {
            urls: rule.non_resource_urls.clone(),
        });
    }
    let nameless = |verb: &CompactString| matches!(&**verb, "create" | "deletecollection");
    if !rule.resource_names.is_empty()
        && rule.verbs.iter().all(nameless)
        && rule
            .resources
            .iter()
            .all(|resource| !resource.contains('/') && resource != "*")
        && !(creates(rule) && place.writers.write_what_is_named_by(rule))
    {
        add(RuleFault::NamesOnNamelessVerbs {
            verbs: rule.verbs.clone(),
            resources: rule.resources.clone(),
            names: rule.resource_names.clone(),
        });
    }
    for resource in &rule.resources {
        one_resource(place, rule, resource, add);
    }
}

fn creates(rule: &PolicyRule) -> bool {
    rule.verbs.iter().any(|verb| verb == "create")
}

fn verbs(place: &RulePlace<'_>, rule: &PolicyRule, add: &mut Add<'_>) {
    let constrains = |verb| {
        Minor::CONSTRAINED_IMPERSONATION_ALPHA <= place.minor && constrains_impersonation(verb)
    };
    let known: &[&'static str] = if rule.non_resource_urls.is_empty() {
        &RESOURCE_VERBS
    } else {
        &NON_RESOURCE_VERBS
    };
    // Custom types may have verbs of their own.
    let built_in = rule.api_groups.iter().all(|group| {
        let mut resources = place.discovery.resources().iter();
        resources.any(|resource| !resource.custom && resource.group == *group)
    });
    for verb in &rule.verbs {
        if known.contains(&&**verb) || constrains(verb) {
            continue;
        }
        let lower = verb.to_lowercase();
        let guess = match known.iter().find(|known| **known == lower) {
            Some(meant) => VerbGuess::LetterCase(meant),
            None if built_in => VerbGuess::Unknown,
            None => VerbGuess::Custom,
        };
        add(RuleFault::UnknownVerb {
            verb: verb.clone(),
            guess,
        });
    }
}

/// Whether a verb is one of constrained impersonation: `impersonate:MODE`, or `impersonate-on:MODE:VERB`.
///
/// Source: KEP-5284, from Kubernetes 1.35 on.
fn constrains_impersonation(verb: &str) -> bool {
    let is_mode = |mode: &str| {
        matches!(
            mode,
            "user-info" | "serviceaccount" | "arbitrary-node" | "associated-node"
        )
    };
    if let Some(mode) = verb.strip_prefix("impersonate:") {
        return is_mode(mode);
    }
    let on = verb.strip_prefix("impersonate-on:");
    let on = on.and_then(|rest| rest.split_once(':'));
    on.is_some_and(|(mode, verb)| is_mode(mode) && !verb.is_empty())
}

/// Subresources that are asked about and not served.
///
/// Source: the approver of kubelets' certificates asks for them in a SubjectAccessReview.
const ASKED_SUBRESOURCES: [(&str, &str, &str); 2] = [
    (
        "certificates.k8s.io",
        "certificatesigningrequests",
        "nodeclient",
    ),
    (
        "certificates.k8s.io",
        "certificatesigningrequests",
        "selfnodeclient",
    ),
];

fn one_resource(place: &RulePlace<'_>, rule: &PolicyRule, resource: &str, add: &mut Add<'_>) {
    let (parent, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    if subresource == "*" {
        add(RuleFault::SubresourceWildcard {
            resource: resource.to_owned(),
            parent: parent.to_owned(),
        });
        return;
    }
    if parent == "*" || rule.api_groups.iter().any(|group| group == "*") {
        return;
    }
    let known: Vec<_> = rule
        .api_groups
        .iter()
        .filter_map(|group| place.discovery.get(group, parent))
        .collect();
    let Some(first) = known.first() else {
        unknown_resource(place.discovery, rule, parent, add);
        return;
    };
    let is_asked = known
        .iter()
        .any(|known| ASKED_SUBRESOURCES.contains(&(&known.group, parent, subresource)));
    if !subresource.is_empty()
        && !is_asked
        && !known
            .iter()
            .any(|known| known.may_have_subresource(subresource))
    {
        add(RuleFault::UnknownSubresource {
            resource: first.full_name(),
            subresource: subresource.to_owned(),
        });
    }
    let cluster_scoped = known.iter().all(|known| !known.namespaced);
    let of_namespace_itself = parent == "namespaces"
        && rule
            .verbs
            .iter()
            .any(|verb| matches!(&**verb, "get" | "update" | "patch" | "delete" | "*"));
    if place.reach == Reaches::InNamespaces && cluster_scoped && !of_namespace_itself {
        add(RuleFault::ClusterScopedInNamespace {
            resource: full_name(resource, &first.group),
            kind: place.kind,
        });
    }
}

/// A resource that is in none of the rule's groups.
fn unknown_resource(discovery: &Discovery, rule: &PolicyRule, resource: &str, add: &mut Add<'_>) {
    let groups = &rule.api_groups;
    if groups.iter().any(|group| group == LEGACY_GROUP)
        || groups
            .iter()
            .any(|group| DROPPED.contains(&(group.as_str(), resource)))
    {
        return;
    }
    // Users, groups, uids and the like exist for impersonation alone.
    if rule
        .verbs
        .iter()
        .all(|verb| verb == "impersonate" || verb == "*" || constrains_impersonation(verb))
        && (groups.iter().any(|group| group == "authentication.k8s.io")
            || matches!(resource, "users" | "groups"))
    {
        return;
    }
    // Signers exist for approving and signing alone.
    if groups.iter().any(|group| group == "certificates.k8s.io") && resource == "signers" {
        return;
    }
    let covers_group = |group: &CompactString| {
        discovery
            .resources()
            .iter()
            .any(|known| known.group == *group && !known.custom)
    };
    if !groups.iter().all(covers_group) {
        // A group whose CustomResourceDefinitions or API service the input lacks.
        return;
    }
    let known_in: Vec<String> = discovery.groups_of(resource).map(str::to_owned).collect();
    let resource = resource.to_owned();
    let groups = groups.clone();
    if !known_in.is_empty() {
        add(RuleFault::WrongApiGroup {
            resource,
            known_in,
            groups,
        });
        return;
    }
    let plural = match discovery.resolve(&resource) {
        Resolution::Known(known) => Some(known.plural.clone()),
        _ => None,
    };
    add(RuleFault::UnknownType {
        resource,
        groups,
        plural,
    });
}

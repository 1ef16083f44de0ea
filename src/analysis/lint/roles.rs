//! Roles: whether they are used, and rules that can never grant.

use compact_str::CompactString;
use std::collections::BTreeSet;

use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::RoleId;
use crate::kube::discovery::{
    Discovery, NON_RESOURCE_VERBS, RESOURCE_VERBS, Resolution, full_name,
};
use crate::kube::{BindingKind, PolicyRule, Role, RoleKind};

use super::{Code, Finding, Level, codes};

/// The API group that built-in types left; rules keep it for old clusters.
const LEGACY_GROUP: &str = "extensions";
/// Types that newer Kubernetes dropped; rules keep them for old clusters.
const DROPPED: [(&str, &str); 1] = [("policy", "podsecuritypolicies")];
/// The subresource that exists for authorization alone, on every type.
const FINALIZERS: &str = "finalizers";

pub(super) fn findings(rbac: &RbacAuthorizer, findings: &mut Vec<Finding>) {
    let use_of = Uses::new(rbac);
    for id in rbac.snapshot().roles() {
        let role = rbac.snapshot().role(id);
        if role.is_bootstrapped() {
            continue;
        }
        let mut add = |code: &'static Code, level, message| {
            findings.push(Finding {
                code,
                level,
                span: role.span,
                object: title(role),
                message,
            });
        };
        if !use_of.is_used(id) && !feeds_default_role(role) {
            add(
                &codes::UNUSED_ROLE,
                codes::UNUSED_ROLE.level,
                "nothing in the input binds or aggregates it".to_owned(),
            );
        }
        if role.aggregation_rule.is_some() {
            if !role.is_from_server() && !role.rules.is_empty() {
                add(
                    &codes::AGGREGATED_BY_HAND,
                    codes::AGGREGATED_BY_HAND.level,
                    "it is aggregated, so a controller overwrites the rules that are written here"
                        .to_owned(),
                );
            }
            continue;
        }
        for (rule, number) in role.rules.iter().zip(1..) {
            let in_namespaces = role.kind == RoleKind::Role || use_of.in_namespaces_only(id);
            let mut add = |code: &'static Code, level: Level, message: String| {
                findings.push(Finding {
                    code,
                    level,
                    span: rule.span,
                    object: title(role),
                    message: format!("rule {number}: {message}"),
                });
            };
            one_rule(
                rbac.snapshot().discovery(),
                rule,
                role.kind,
                in_namespaces,
                &mut add,
            );
        }
    }
}

fn title(role: &Role) -> String {
    match role.kind {
        RoleKind::ClusterRole => format!("{} {}", role.kind, role.name),
        RoleKind::Role => format!("{} {}/{}", role.kind, role.namespace, role.name),
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
        let selectors: Vec<_> = rbac
            .snapshot()
            .roles()
            .filter_map(|id| rbac.snapshot().role(id).aggregation_rule.as_ref())
            .flat_map(|rule| &rule.cluster_role_selectors)
            .collect();
        for id in rbac.snapshot().roles() {
            let role = rbac.snapshot().role(id);
            if role.kind == RoleKind::ClusterRole
                && role.aggregation_rule.is_none()
                && selectors
                    .iter()
                    .any(|selector| selector.matches(&role.labels))
            {
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

type Add<'a> = dyn FnMut(&'static Code, Level, String) + 'a;

fn one_rule(
    discovery: &Discovery,
    rule: &PolicyRule,
    kind: RoleKind,
    in_namespaces: bool,
    add: &mut Add<'_>,
) {
    verbs(discovery, rule, add);
    if in_namespaces && !rule.non_resource_urls.is_empty() {
        add(
            &codes::URL_IN_NAMESPACE,
            codes::URL_IN_NAMESPACE.level,
            "URLs are granted by ClusterRoleBindings alone, and only RoleBindings bind this role"
                .to_owned(),
        );
    }
    let nameless = |verb: &CompactString| matches!(&**verb, "create" | "deletecollection");
    if !rule.resource_names.is_empty()
        && rule.verbs.iter().all(nameless)
        && rule
            .resources
            .iter()
            .all(|resource| !resource.contains('/') && resource != "*")
    {
        add(
            &codes::NAMES_ON_NAMELESS_VERBS,
            codes::NAMES_ON_NAMELESS_VERBS.level,
            format!(
                "it is restricted to names, but {} carries none, so it never grants",
                rule.verbs.join(" or ")
            ),
        );
    }
    for resource in &rule.resources {
        one_resource(discovery, rule, resource, kind, in_namespaces, add);
    }
}

fn verbs(discovery: &Discovery, rule: &PolicyRule, add: &mut Add<'_>) {
    let known: &[&str] = if rule.non_resource_urls.is_empty() {
        &RESOURCE_VERBS
    } else {
        &NON_RESOURCE_VERBS
    };
    // Custom types may have verbs of their own.
    let built_in = rule.api_groups.iter().all(|group| {
        discovery
            .resources()
            .iter()
            .any(|resource| !resource.custom && resource.group == *group)
    });
    for verb in &rule.verbs {
        if known.contains(&&**verb) {
            continue;
        }
        let lower = verb.to_lowercase();
        let meant = known.iter().find(|known| **known == lower);
        let (level, hint) = match meant {
            Some(meant) => (
                Level::Warning,
                format!("; verbs are in lower case: `{meant}`"),
            ),
            None if built_in => (codes::UNKNOWN_VERB.level, String::new()),
            None => (Level::Info, String::new()),
        };
        add(
            &codes::UNKNOWN_VERB,
            level,
            format!("`{verb}` is no verb that a server asks for{hint}"),
        );
    }
}

fn one_resource(
    discovery: &Discovery,
    rule: &PolicyRule,
    resource: &str,
    kind: RoleKind,
    in_namespaces: bool,
    add: &mut Add<'_>,
) {
    let (parent, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    if subresource == "*" {
        add(
            &codes::SUBRESOURCE_WILDCARD,
            codes::SUBRESOURCE_WILDCARD.level,
            format!(
                "`{resource}` is no wildcard and covers nothing; list the subresources of {parent}"
            ),
        );
        return;
    }
    if parent == "*" || rule.api_groups.iter().any(|group| group == "*") {
        return;
    }
    let known: Vec<_> = rule
        .api_groups
        .iter()
        .filter_map(|group| discovery.get(group, parent))
        .collect();
    if known.is_empty() {
        unknown_resource(discovery, rule, parent, add);
        return;
    }
    if !subresource.is_empty()
        && subresource != FINALIZERS
        && known
            .iter()
            .all(|known| !known.custom && !known.subresources.iter().any(|sub| sub == subresource))
    {
        let name = known[0].full_name();
        let level = codes::UNKNOWN_TYPE.level;
        add(
            &codes::UNKNOWN_TYPE,
            level,
            format!("{name} has no subresource `{subresource}`"),
        );
    }
    let cluster_scoped = known.iter().all(|known| !known.namespaced);
    let of_namespace_itself = parent == "namespaces"
        && rule
            .verbs
            .iter()
            .any(|verb| matches!(&**verb, "get" | "update" | "patch" | "delete" | "*"));
    if in_namespaces && cluster_scoped && !of_namespace_itself {
        let name = full_name(resource, &known[0].group);
        let how = match kind {
            RoleKind::Role => "a Role grants it in its namespace alone",
            RoleKind::ClusterRole => "only RoleBindings bind this role",
        };
        add(
            &codes::CLUSTER_SCOPED_IN_NAMESPACE,
            codes::CLUSTER_SCOPED_IN_NAMESPACE.level,
            format!(
                "{name} is cluster-scoped, and {how}; no real request for it carries a namespace"
            ),
        );
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
        .all(|verb| verb == "impersonate" || verb == "*")
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
    let in_words = |group: &str| {
        if group.is_empty() {
            "the core group".to_owned()
        } else {
            group.to_string()
        }
    };
    let groups: Vec<String> = groups.iter().map(|group| in_words(group)).collect();
    let groups = groups.join(", ");
    let elsewhere: Vec<String> = discovery.groups_of(resource).map(in_words).collect();
    if !elsewhere.is_empty() {
        add(
            &codes::WRONG_API_GROUP,
            codes::WRONG_API_GROUP.level,
            format!("{resource} is in {}, not in {groups}", elsewhere.join(", ")),
        );
        return;
    }
    let meant = match discovery.resolve(resource) {
        Resolution::Known(known) => {
            format!("; rules use the plural: `{}`", known.plural)
        }
        _ => String::new(),
    };
    add(
        &codes::UNKNOWN_TYPE,
        codes::UNKNOWN_TYPE.level,
        format!("{groups} has no resource `{resource}`{meant}"),
    );
}

//! The built-in default policies: the oldest against a fresh server's objects, the newest against
//! what has been added since.

use crate::support::compare::authorizer;
use rbac_eval::authz::chain;
use std::collections::{BTreeMap, BTreeSet};

use crate::support::{store_of, store_of_text, testdata};
use pretty_assertions::assert_eq;
use rbac_eval::authn::UserInfo;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::authz::{Attributes, ResourceAttributes};
use rbac_eval::authz::{Authorizer, Decision};
use rbac_eval::cluster::Defaults;
use rbac_eval::kube::default_policy::DefaultPolicy;
use rbac_eval::kube::{Manifest, PolicyRule, Role};
use rbac_eval::text::Files;

/// A rule without its place.
type Content = [Vec<compact_str::CompactString>; 5];

/// `Kind namespace/name`
type Title = String;

fn built_in(policy: DefaultPolicy) -> RbacAuthorizer {
    let (files, manifest) = (Files::default(), Manifest::default());
    authorizer(files, manifest, Defaults::Version(policy))
}

fn of_1_24() -> RbacAuthorizer {
    built_in(DefaultPolicy::of_version("1.24").unwrap())
}

fn fresh_server() -> RbacAuthorizer {
    let path = testdata().join("conformance/rbac-1.24.json");
    store_of(&[path], Defaults::None)
}

fn rules(rbac: &RbacAuthorizer) -> BTreeMap<Title, Vec<Content>> {
    let content = |rule: &PolicyRule| {
        [
            rule.verbs.clone(),
            rule.api_groups.clone(),
            rule.resources.clone(),
            rule.resource_names.clone(),
            rule.non_resource_urls.clone(),
        ]
    };
    let of_role = |id| {
        let role = rbac.snapshot().role(id);
        let title = format!("{} {}/{}", role.kind, role.namespace, role.name);
        let rules = rbac.effective_rules(id);
        (title, rules.map(|rule| content(rule.rule)).collect())
    };
    rbac.snapshot().roles().map(of_role).collect()
}

fn bindings(rbac: &RbacAuthorizer) -> BTreeMap<Title, (Title, BTreeSet<Title>)> {
    let of_binding = |id| {
        let binding = rbac.snapshot().binding(id);
        let subjects = binding.subjects.iter();
        let subjects = subjects
            .map(|subject| format!("{} {}/{}", subject.kind, subject.namespace, subject.name));
        (
            format!("{} {}/{}", binding.kind, binding.namespace, binding.name),
            (
                format!("{} {}", binding.role_ref.kind, binding.role_ref.name),
                subjects.collect(),
            ),
        )
    };
    rbac.snapshot().bindings().map(of_binding).collect()
}

#[test]
fn the_oldest_policy_is_a_fresh_server_s() {
    let (built_in, server) = (of_1_24(), fresh_server());
    assert_eq!(built_in.diagnostics(), []);
    assert_eq!(server.diagnostics(), []);
    assert_eq!(
        (
            server.snapshot().roles().len(),
            server.snapshot().bindings().len()
        ),
        (69, 50)
    );
    assert_eq!(rules(&built_in), rules(&server));
    assert_eq!(bindings(&built_in), bindings(&server));
    for id in server.snapshot().bindings() {
        assert!(
            server.role_of(id).is_some(),
            "{:?}",
            server.snapshot().binding(id)
        );
    }
}

/// Every single permission, as `role: verb what` lines, so that a difference reads as a sentence.
fn permissions(rbac: &RbacAuthorizer, role: &str) -> BTreeSet<String> {
    let mut permissions = BTreeSet::new();
    for id in rbac
        .snapshot()
        .roles()
        .filter(|&id| rbac.snapshot().role(id).name == role)
    {
        for effective in rbac.effective_rules(id) {
            let rule = effective.rule;
            for verb in &rule.verbs {
                for group in &rule.api_groups {
                    for resource in &rule.resources {
                        let names = &rule.resource_names;
                        permissions.insert(format!("{verb} {group}/{resource} {names:?}"));
                    }
                }
                for url in &rule.non_resource_urls {
                    permissions.insert(format!("{verb} {url}"));
                }
            }
        }
    }
    permissions
}

/// The lines for each verb on each resource or URL; `core/` stands for the core group.
fn each(verbs: &str, on: &str) -> Vec<String> {
    let line = |verb: &str, on: &str| match on.strip_prefix("core") {
        Some(resource) => format!("{verb} {resource} []"),
        None if on.starts_with('/') => format!("{verb} {on}"),
        None => format!("{verb} {on} []"),
    };
    verbs
        .split(' ')
        .flat_map(|verb| on.split(' ').map(move |on| line(verb, on)))
        .collect()
}

const READ: &str = "get list watch";
const WRITE: &str = "create delete deletecollection patch update";

/// The roles for people, not for a cluster's own components, that changed since 1.24.
fn gained() -> BTreeMap<&'static str, BTreeSet<String>> {
    let view = [
        each(
            READ,
            "resource.k8s.io/resourceclaims resource.k8s.io/resourceclaims/status \
             resource.k8s.io/resourceclaimtemplates",
        ),
        each(READ, "events.k8s.io/events"),
    ]
    .concat();
    let edit = [
        each(
            WRITE,
            "resource.k8s.io/resourceclaims resource.k8s.io/resourceclaimtemplates",
        ),
        each(READ, "coordination.k8s.io/leases"),
        each(WRITE, "coordination.k8s.io/leases"),
        each(WRITE, "events.k8s.io/events"),
        each("create", "core/pods/eviction core/serviceaccounts/token"),
    ]
    .concat();
    let both = [view.clone(), edit.clone()].concat();
    [
        ("system:aggregate-to-view", view.clone()),
        ("view", view),
        ("system:aggregate-to-edit", edit),
        ("edit", both.clone()),
        ("admin", both),
        (
            "system:basic-user",
            each("create", "authentication.k8s.io/selfsubjectreviews"),
        ),
        (
            "system:cluster-trust-bundle-discovery",
            each(READ, "certificates.k8s.io/clustertrustbundles"),
        ),
        (
            "system:monitoring",
            [
                each("get", "core/nodes/metrics"),
                each("get", "/flagz /metrics/slis /statusz"),
            ]
            .concat(),
        ),
        (
            "system:service-account-issuer-discovery",
            each("get", "/.well-known/openid-configuration/ /openid/v1/jwks/"),
        ),
    ]
    .into_iter()
    .map(|(role, lines)| (role, lines.into_iter().collect()))
    .collect()
}

/// Roles of a cluster's own components: their rules follow their code, version by version.
pub(crate) fn is_of_component(role: &str) -> bool {
    role.starts_with("system:controller:")
        || role.starts_with("system::leader-locking-")
        || role.starts_with("system:node")
        || [
            "system:kube-controller-manager",
            "system:kube-scheduler",
            "system:kubelet-api-admin",
        ]
        .contains(&role)
}

#[test]
fn the_newest_policy_gained_what_kubernetes_gained_and_lost_nothing() {
    let (old, new) = (of_1_24(), built_in(DefaultPolicy::newest()));
    assert_eq!(new.diagnostics(), []);
    let mut found = BTreeMap::new();
    for id in new.snapshot().roles() {
        let role = &*new.snapshot().role(id).name;
        let (before, after) = (permissions(&old, role), permissions(&new, role));
        if is_of_component(role) {
            continue;
        }
        let lost: Vec<_> = before.difference(&after).collect();
        assert!(lost.is_empty(), "{role} lost {lost:?}");
        let more: BTreeSet<String> = after.difference(&before).cloned().collect();
        if !more.is_empty() {
            found.insert(role, more);
        }
    }
    assert_eq!(found, gained());
    let names = |rbac: &RbacAuthorizer| rules(rbac).into_keys().collect::<BTreeSet<_>>();
    assert_eq!(names(&old).difference(&names(&new)).next(), None);
    let (before, after) = (bindings(&old), bindings(&new));
    for (title, content) in &before {
        if !title.contains("system::leader-locking-") {
            assert_eq!(after.get(title), Some(content), "{title}");
        }
    }
    let more: Vec<_> = after
        .iter()
        .filter(|(title, _)| !before.contains_key(*title) && !title.contains("/system:controller:"))
        .collect();
    let trust_bundles = "system:cluster-trust-bundle-discovery";
    let expected = (
        format!("ClusterRole {trust_bundles}"),
        BTreeSet::from(["Group /system:serviceaccounts".to_owned()]),
    );
    let title = format!("ClusterRoleBinding /{trust_bundles}");
    assert_eq!(more, [(&title, &expected)]);
    for id in new.snapshot().bindings() {
        assert!(
            new.role_of(id).is_some(),
            "{:?}",
            new.snapshot().binding(id)
        );
    }
}

#[test]
fn versions_are_found_and_the_last_is_the_newest() {
    let versions: Vec<String> = DefaultPolicy::all()
        .map(|policy| policy.version.to_string())
        .collect();
    let known = "1.24 1.29 1.30 1.31 1.32 1.33 1.34 1.35 1.36 1.37";
    assert_eq!(versions.join(" "), known);
    assert_eq!(DefaultPolicy::newest().version.to_string(), "1.37");
    for version in versions {
        let policy = DefaultPolicy::of_version(&format!("v{version}"));
        assert_eq!(policy.unwrap().version.to_string(), version);
        let policy = policy.unwrap();
        let rbac = built_in(policy);
        assert_eq!(rbac.snapshot().defaults(), Some(policy));
        assert_eq!(rbac.snapshot().input_objects(), 0);
        assert!(!rbac.snapshot().is_complete());
    }
}

const VIEW: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
rules: [{apiGroups: [''], resources: [frobs], verbs: [get]}]
";
const BOUND: &str = "
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: viewers, namespace: a}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: User, name: alice}]
";

fn alice_may_get(rbac: &RbacAuthorizer, resource: &str) -> bool {
    let request = Attributes::Resource(ResourceAttributes {
        namespace: "a".into(),
        verb: "get".into(),
        resource: resource.into(),
        ..Default::default()
    });
    let alice = UserInfo::new("alice", [""; 0]);
    chain(rbac).decide(&alice, &request) == Decision::Allow
}

#[test]
fn defaults_are_added_to_input_without_them() {
    let rbac = store_of_text(BOUND, Defaults::Auto);
    assert_eq!(rbac.snapshot().defaults(), Some(DefaultPolicy::newest()));
    assert_eq!(rbac.snapshot().input_objects(), 1);
    assert!(alice_may_get(&rbac, "pods"));
    let rbac = store_of_text(BOUND, Defaults::None);
    assert_eq!(rbac.snapshot().defaults(), None);
    assert!(!alice_may_get(&rbac, "pods"));
    assert_eq!(rbac.snapshot().roles().len(), 0);
}

#[test]
fn nothing_is_added_to_input_that_carries_defaults() {
    let rbac = store_of(
        &[testdata().join("conformance/rbac-1.24.json")],
        Defaults::Auto,
    );
    assert_eq!(rbac.snapshot().defaults(), None);
    assert!(rbac.snapshot().is_complete());
    assert_eq!(rules(&rbac), rules(&fresh_server()));
    // An object with the label alone shows nothing: anyone can write it.
    let labelled = VIEW.replace(
        "{name: view}",
        "{name: view, labels: {kubernetes.io/bootstrapping: rbac-defaults}}",
    );
    let rbac = store_of_text(&format!("{labelled}{BOUND}"), Defaults::Auto);
    assert!(rbac.snapshot().defaults().is_some());
    assert!(!rbac.snapshot().is_complete());
}

#[test]
fn an_object_of_the_input_and_a_built_in_one_both_count() {
    for defaults in [
        Defaults::Auto,
        Defaults::Version(DefaultPolicy::of_version("1.24").unwrap()),
    ] {
        let rbac = store_of_text(&format!("{VIEW}{BOUND}"), defaults);
        assert!(rbac.snapshot().defaults().is_some());
        let told: Vec<&str> = rbac.diagnostics().iter().map(|told| told.code.id).collect();
        assert_eq!(told, ["RBAC027"]);
        assert!(alice_may_get(&rbac, "frobs"));
        assert!(alice_may_get(&rbac, "pods"), "a server adds its own back");
    }
    // A server leaves alone what says so.
    for (annotation, pods) in [("false", false), ("true", true)] {
        let annotated = VIEW.replace(
            "{name: view}",
            &format!(
                "{{name: view, annotations: {{rbac.authorization.kubernetes.io/autoupdate: '{annotation}'}}}}"
            ),
        );
        let rbac = store_of_text(&format!("{annotated}{BOUND}"), Defaults::Auto);
        assert!(alice_may_get(&rbac, "frobs"));
        assert_eq!(alice_may_get(&rbac, "pods"), pods);
    }
    // The same as a server keeps it is nothing to tell.
    let policy = DefaultPolicy::newest();
    let objects = policy.objects(&mut Files::default());
    let role = objects
        .of::<Role>()
        .iter()
        .find(|role| role.name == "system:discovery");
    let urls = &role.unwrap().rules[0].non_resource_urls;
    let text = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: \
         'system:discovery', labels: {{kubernetes.io/bootstrapping: rbac-defaults}}}}\n\
         rules: [{{nonResourceURLs: {urls:?}, verbs: [get]}}]\n"
    );
    let rbac = store_of_text(&text, Defaults::Auto);
    assert_eq!(rbac.diagnostics(), []);
}

/// The built-in aggregated roles gather what the input labels for them.
#[test]
fn a_role_of_the_input_feeds_a_built_in_one() {
    let fed = VIEW.replace(
        "{name: view}",
        "{name: frobs, labels: {rbac.authorization.k8s.io/aggregate-to-view: 'true'}}",
    );
    let rbac = store_of_text(&format!("{fed}{BOUND}"), Defaults::Auto);
    assert!(alice_may_get(&rbac, "frobs"));
    assert!(alice_may_get(&rbac, "pods"));
    for role in ["view", "edit", "admin"] {
        let gathered = permissions(&rbac, role);
        assert!(gathered.contains("get /frobs []"), "{role}: {gathered:?}");
    }
}

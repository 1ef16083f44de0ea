//! What other programs get wrong about paths: a test for each trap, named after it.

use rbac_eval::analysis::paths::Certainty::{self, Definite, Somebody, State};
use rbac_eval::analysis::paths::EdgeSet;

use crate::support::paths_small::{NAMESPACES, Right, Small, edge, rights_of};

const RBAC: &str = "rbac.authorization.k8s.io";

/// Objects of every trap: namespaces, accounts, and someone who owns the cluster.
fn cluster(more: &str) -> String {
    format!(
        "{NAMESPACES}
---
{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: app, namespace: open}}}}
---
{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: strong, namespace: open}}}}
---
{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: other, namespace: shut}}}}
---
{{apiVersion: {RBAC}/v1, kind: ClusterRole, metadata: {{name: owner}},
  rules: [{{apiGroups: ['*'], resources: ['*'], verbs: ['*']}}]}}
---
{{apiVersion: {RBAC}/v1, kind: ClusterRoleBinding, metadata: {{name: owners}},
  roleRef: {{apiGroup: {RBAC}, kind: ClusterRole, name: owner}},
  subjects: [{{kind: User, name: boss}}]}}
{more}"
    )
}

fn goal(goal: &str, rights: &[Right<'_>], more: &str) -> Option<Certainty> {
    Small::new(rights, &cluster(more)).goal(goal)
}

fn admin(rights: &[Right<'_>], more: &str) -> Option<Certainty> {
    goal("cluster-admin", rights, more)
}

fn rbac(resource: &str) -> String {
    format!("{RBAC}/{resource}")
}

/// A ClusterRole `mine` that a ClusterRoleBinding gives eve, in whose place she may put more.
fn bound_role(kind: &str, namespace: &str) -> String {
    format!(
        "---\n{{apiVersion: {RBAC}/v1, kind: ClusterRole, metadata: {{name: mine}}, rules: []}}\n\
         ---\n{{apiVersion: {RBAC}/v1, kind: {kind}, metadata: {{name: mine{namespace}}},\n\
           roleRef: {{apiGroup: {RBAC}, kind: ClusterRole, name: mine}},\n\
           subjects: [{{kind: User, name: eve, apiGroup: {RBAC}}}]}}\n"
    )
}

#[test]
fn trap_01_bind_is_asked_in_the_bindings_namespace() {
    let create = rbac("rolebindings");
    let bind = rbac("clusterroles");
    let in_open = [
        ("create", &*create, "", "open"),
        ("bind", &*bind, "owner", "open"),
    ];
    assert_eq!(goal("admin:open", &in_open, ""), Some(Definite));
    assert_eq!(goal("admin:shut", &in_open, ""), None);
    let apart = [
        ("create", &*create, "", "open"),
        ("bind", &*bind, "owner", "shut"),
    ];
    assert_eq!(goal("admin:open", &apart, ""), None);
    let on_bindings = [("create, bind", &*create, "", "open")];
    assert_eq!(goal("admin:open", &on_bindings, ""), None);
}

#[test]
fn trap_02_writing_bindings_is_not_binding() {
    let bindings = rbac("clusterrolebindings");
    assert_eq!(admin(&[("'*'", &*bindings, "", "")], ""), None);
    let in_open = rbac("rolebindings");
    assert_eq!(
        goal(
            "admin:open",
            &[("get, patch, create", &*in_open, "", "open")],
            ""
        ),
        None
    );
}

#[test]
fn trap_03_bind_or_escalate_alone_is_nothing() {
    let roles = rbac("clusterroles");
    assert_eq!(admin(&[("bind", &*roles, "", "")], ""), None);
    assert_eq!(
        admin(
            &[("escalate", &*roles, "", "")],
            &bound_role("ClusterRoleBinding", "")
        ),
        None
    );
}

#[test]
fn trap_04_the_halves_are_of_one_request() {
    let bindings = rbac("clusterrolebindings");
    let roles = rbac("clusterroles");
    let token = ("create", "/serviceaccounts/token", "app", "open");
    let create = ("create", &*bindings, "", "");
    let bind = [("bind", &*roles, "", "")];
    let both = cluster(&rights_of("open/app", &bind));
    let without_handing = ["token", "bind", "everything"].map(edge);
    let held = Small::new(&[create, token], &both);
    let by = |edges: EdgeSet| held.goal_by("cluster-admin", edges);
    assert_eq!(by(without_handing.into_iter().collect()), None);
    // But one of them may hand the half to the other.
    assert_eq!(
        admin(&[create, token], &rights_of("open/app", &bind)),
        Some(Definite)
    );
    let lone = ("create", &*bindings, "lone", "");
    assert_eq!(admin(&[lone, token], &rights_of("open/app", &bind)), None);
    assert_eq!(admin(&[create, bind[0]], ""), Some(Definite));
    let by_group = format!(
        "---\n{{apiVersion: {RBAC}/v1, kind: ClusterRole, metadata: {{name: half}},\n\
           rules: [{{apiGroups: [{RBAC}], resources: [clusterroles], verbs: [bind]}}]}}\n\
         ---\n{{apiVersion: {RBAC}/v1, kind: ClusterRoleBinding, metadata: {{name: half}},\n\
           roleRef: {{apiGroup: {RBAC}, kind: ClusterRole, name: half}},\n\
           subjects: [{{kind: Group, name: 'system:authenticated', apiGroup: {RBAC}}}]}}\n"
    );
    assert_eq!(admin(&[create], &by_group), Some(Definite));
}

#[test]
fn trap_05_escalate_needs_a_role_that_reaches_you() {
    let roles = rbac("clusterroles");
    let new = [("create, escalate", &*roles, "", "")];
    assert_eq!(admin(&new, ""), None);
    let existing = [("patch, escalate", &*roles, "mine", "")];
    assert_eq!(admin(&existing, ""), None);
    assert_eq!(
        admin(&existing, &bound_role("ClusterRoleBinding", "")),
        Some(Definite)
    );
    assert_eq!(
        admin(&existing, &bound_role("RoleBinding", ", namespace: open")),
        None
    );
    let in_open = goal(
        "admin:open",
        &existing,
        &bound_role("RoleBinding", ", namespace: open"),
    );
    assert_eq!(in_open, Some(Definite));
    let dangling = bound_role("ClusterRoleBinding", "").replacen(
        "kind: ClusterRole, metadata: {name: mine}",
        "kind: ClusterRole, metadata: {name: spare}",
        1,
    );
    assert_eq!(admin(&new, &dangling), Some(Definite));
}

#[test]
fn trap_06_names_meet_on_one_role() {
    let roles = rbac("clusterroles");
    let mine = bound_role("ClusterRoleBinding", "");
    let apart = [
        ("patch", &*roles, "mine", ""),
        ("escalate", &*roles, "other", ""),
    ];
    assert_eq!(admin(&apart, &mine), None);
    let together = [
        ("patch", &*roles, "mine", ""),
        ("escalate", &*roles, "mine, other", ""),
    ];
    assert_eq!(admin(&together, &mine), Some(Definite));
}

#[test]
fn trap_07_create_with_names_is_not_void() {
    let bindings = rbac("clusterrolebindings");
    let roles = rbac("clusterroles");
    let bind = ("bind", &*roles, "owner", "");
    assert_eq!(admin(&[("create", &*bindings, "new", ""), bind], ""), None);
    assert_eq!(
        admin(&[("create, patch", &*bindings, "new", ""), bind], ""),
        Some(Definite)
    );
    assert_eq!(
        admin(&[("create, update", &*bindings, "new", ""), bind], ""),
        Some(Definite)
    );
    let apart = [
        ("create", &*bindings, "new", ""),
        ("update", &*bindings, "else", ""),
        bind,
    ];
    assert_eq!(admin(&apart, ""), None);
}

#[test]
fn trap_08_update_is_judged_whole() {
    // Eve has nothing of the role that she may write.
    let roles = rbac("clusterroles");
    let aggregate = format!(
        "---\n{{apiVersion: {RBAC}/v1, kind: ClusterRole, metadata: {{name: sum}}, rules: [],\n\
           aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{a: b}}}}]}}}}\n\
         ---\n{{apiVersion: {RBAC}/v1, kind: ClusterRoleBinding, metadata: {{name: sum}},\n\
           roleRef: {{apiGroup: {RBAC}, kind: ClusterRole, name: sum}},\n\
           subjects: [{{kind: User, name: eve, apiGroup: {RBAC}}}]}}\n"
    );
    assert_eq!(admin(&[("patch", &*roles, "owner", "")], &aggregate), None);
    assert_eq!(admin(&[("patch", &*roles, "sum", "")], &aggregate), None);
    assert_eq!(
        admin(&[("patch, escalate", &*roles, "owner", "")], &aggregate),
        Some(Definite)
    );
}

#[test]
fn trap_09_impersonating_groups_needs_a_user() {
    let groups = ("impersonate", "groups", "'system:masters'", "");
    assert_eq!(admin(&[groups], ""), None);
    assert_eq!(
        admin(&[groups, ("impersonate", "users", "bob", "")], ""),
        Some(Definite)
    );
    let account = ("impersonate", "serviceaccounts", "app", "open");
    assert_eq!(admin(&[groups, account], ""), Some(Definite));
}

#[test]
fn trap_10_impersonating_users_is_not_accounts() {
    let users = (
        "impersonate",
        "users",
        "'system:serviceaccount:open:app'",
        "",
    );
    assert_eq!(goal("sa:open/app", &[users], ""), None);
    let node = ("impersonate", "users", "'system:node:n1'", "");
    let n1 = "---\n{apiVersion: v1, kind: Node, metadata: {name: n1}}\n";
    assert_eq!(goal("node", &[node], n1), None);
    let by_role_binding = ("impersonate", "users", "", "open");
    assert_eq!(admin(&[by_role_binding], ""), None);
    assert_eq!(
        admin(&[("impersonate", "users", "", "")], ""),
        Some(Definite)
    );
}

#[test]
fn trap_11_constrained_impersonation_takes_both_verbs_and_a_version() {
    let users = "authentication.k8s.io/users";
    let step = |minor, rights: &[Right<'_>]| {
        Small::of_version(Some(minor), rights, NAMESPACES).step("impersonate-constrained")
    };
    let on = ("'impersonate-on:user-info:get'", "secrets", "", "");
    assert_eq!(
        step(36, &[("'impersonate:user-info'", users, "", ""), on]),
        Some(State)
    );
    assert_eq!(step(36, &[("'*'", users, "", ""), on]), Some(State));
    assert_eq!(step(36, &[("impersonate", users, "", ""), on]), None);
    assert_eq!(step(30, &[("'*'", users, "", ""), on]), None);
    // It isn't impersonation.
    let rights = [("'impersonate:user-info'", users, "", ""), on];
    assert_eq!(admin(&rights, ""), None);
}

/// An account that a binding names and that isn't there.
fn ghost() -> String {
    rights_of("open/ghost", &[("get", "configmaps", "", "open")])
}

#[test]
fn trap_12_who_is_not_there_is_impersonated_only() {
    let reaches = |rights: &[Right<'_>]| goal("sa:open/ghost", rights, &ghost());
    assert_eq!(
        reaches(&[("impersonate", "serviceaccounts", "ghost", "open")]),
        Some(Definite)
    );
    let token = ("create", "/serviceaccounts/token", "", "open");
    assert_eq!(reaches(&[token]), None);
    assert_eq!(reaches(&[("create", "pods", "", "open")]), None);
    assert_eq!(
        reaches(&[("create", "serviceaccounts", "", "open"), token]),
        Some(Definite)
    );
}

/// A pod of the account `strong`.
const POD: &str = "---
{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: open},
  spec: {serviceAccountName: strong, containers: [{name: c, image: i}]}}
";

#[test]
fn trap_13_get_of_exec_is_enough_before_1_35() {
    let get = [("get", "/pods/exec", "", "open")];
    let reaches = |minor, rights: &[Right<'_>]| {
        Small::of_version(minor, rights, &cluster(POD)).goal("sa:open/strong")
    };
    assert_eq!(reaches(Some(34), &get), Some(Definite));
    assert_eq!(reaches(Some(35), &get), None);
    assert_eq!(reaches(None, &get), Some(State));
    let create = [("create", "/pods/exec", "", "open")];
    assert_eq!(reaches(Some(35), &create), Some(Definite));
}

#[test]
fn trap_14_get_of_nodes_proxy_is_execution() {
    let reaches = |minor, verb| {
        let rights = [(verb, "/nodes/proxy", "", "")];
        Small::of_version(Some(minor), &rights, &cluster(POD)).goal("sa:open/strong")
    };
    assert_eq!(reaches(24, "get"), Some(Definite));
    assert_eq!(reaches(36, "get"), Some(Definite));
    assert_eq!(reaches(36, "create"), Some(Definite));
    let log = [("get", "/nodes/log", "", "")];
    assert_eq!(goal("sa:open/strong", &log, POD), None);
}

#[test]
fn trap_15_node_status_and_proxy_turn_the_server_on_itself() {
    let status = ("patch", "/nodes/status", "", "");
    let proxy = ("get", "/nodes/proxy", "", "");
    assert_eq!(admin(&[status, proxy], ""), Some(State));
    assert_eq!(admin(&[status], ""), None);
    assert_eq!(admin(&[proxy], ""), None);
}

const CSR: &str = "certificates.k8s.io/certificatesigningrequests";
const APPROVAL: &str = "certificates.k8s.io/certificatesigningrequests/approval";
const SIGNERS: &str = "certificates.k8s.io/signers";

#[test]
fn trap_16_approval_takes_the_signer() {
    let signed = |verb, signer| {
        let rights = [
            ("create", CSR, "", ""),
            (verb, APPROVAL, "", ""),
            ("approve", SIGNERS, signer, ""),
        ];
        admin(&rights, "")
    };
    assert_eq!(
        signed("update", "kubernetes.io/kube-apiserver-client"),
        Some(State)
    );
    assert_eq!(signed("patch", "'kubernetes.io/*'"), Some(State));
    assert_eq!(signed("patch", "'*/*'"), None);
    assert_eq!(signed("patch", "kubernetes.io/legacy-unknown"), None);
    assert_eq!(
        admin(&[("create", CSR, "", ""), ("patch", APPROVAL, "", "")], ""),
        None
    );
    let signs = [
        ("sign", SIGNERS, "", ""),
        (
            "update",
            "certificates.k8s.io/certificatesigningrequests/status",
            "",
            "",
        ),
    ];
    assert_eq!(admin(&signs, ""), None);
    let all = [
        ("create", CSR, "", ""),
        ("patch", APPROVAL, "", ""),
        ("approve", SIGNERS, "", ""),
    ];
    let nobody_owns = Small::new(&all, NAMESPACES);
    assert_eq!(nobody_owns.goal("system:masters"), None);
}

#[test]
fn trap_17_nodeclient_approves_itself_but_is_read() {
    let made = ("create", CSR, "", "");
    let own = (
        "create",
        "certificates.k8s.io/certificatesigningrequests/nodeclient",
        "",
        "",
    );
    assert_eq!(goal("node", &[made, own], ""), None);
    assert_eq!(
        goal("node", &[made, own, ("get", CSR, "", "")], ""),
        Some(State)
    );
    assert_eq!(goal("node", &[made, ("get", CSR, "", "")], ""), None);
}

const SECRET: &str = "---
{apiVersion: v1, kind: Secret, metadata: {name: keys, namespace: open}}
";

#[test]
fn trap_18_secrets_are_read_by_patch_and_deletecollection() {
    let reads = |verb, names| {
        goal(
            "secret:open/keys",
            &[(verb, "secrets", names, "open")],
            SECRET,
        )
    };
    assert_eq!(reads("patch", "keys"), Some(Definite));
    assert_eq!(reads("deletecollection", ""), Some(Definite));
    assert_eq!(reads("update", ""), None);
    assert_eq!(reads("delete", ""), None);
}

#[test]
fn trap_19_a_token_secret_is_read_too() {
    let reaches = |verbs| goal("sa:open/strong", &[(verbs, "secrets", "", "open")], "");
    assert_eq!(reaches("create"), None);
    assert_eq!(reaches("list"), None);
    assert_eq!(reaches("create, get"), Some(Definite));
    let token = "---\n{apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token,\n\
        metadata: {name: t, namespace: open, annotations: {kubernetes.io/service-account.name: strong}}}\n";
    let list = [("list", "secrets", "", "open")];
    assert_eq!(goal("sa:open/strong", &list, token), Some(Definite));
    assert_eq!(goal("sa:open/app", &list, token), None);
}

#[test]
fn trap_20_a_pod_changes_its_image_alone() {
    let patch = [("patch, update", "pods", "", "open")];
    assert_eq!(goal("sa:open/strong", &patch, POD), Some(State));
    assert_eq!(goal("sa:open/app", &patch, POD), None);
    assert_eq!(
        goal("secret:open/keys", &patch, &format!("{POD}{SECRET}")),
        None
    );
    assert_eq!(goal("node", &patch, POD), None);
}

#[test]
fn trap_21_pods_run_as_accounts_of_their_namespace() {
    let create = [("create", "pods", "", "shut")];
    assert_eq!(goal("sa:shut/other", &create, ""), Some(Definite));
    assert_eq!(goal("sa:shut/default", &create, ""), Some(Definite));
    assert_eq!(goal("sa:open/app", &create, ""), None);
    assert_eq!(goal("sa:shut/absent", &create, ""), None);
}

#[test]
fn trap_22_rights_of_groups_are_every_accounts() {
    let of_group = |group: &str| {
        format!(
            "---\n{{apiVersion: {RBAC}/v1, kind: ClusterRoleBinding, metadata: {{name: group}},\n\
               roleRef: {{apiGroup: {RBAC}, kind: ClusterRole, name: owner}},\n\
               subjects: [{{kind: Group, name: '{group}', apiGroup: {RBAC}}}]}}\n"
        )
    };
    let token = [("create", "/serviceaccounts/token", "app", "open")];
    assert_eq!(
        admin(&token, &of_group("system:serviceaccounts")),
        Some(Definite)
    );
    assert_eq!(
        admin(&token, &of_group("system:serviceaccounts:open")),
        Some(Definite)
    );
    assert_eq!(
        admin(&token, &of_group("system:serviceaccounts:shut")),
        None
    );
    assert_eq!(
        admin(&[], &of_group("system:authenticated")),
        Some(Definite)
    );
}

#[test]
fn trap_23_stars_are_no_wildcards_everywhere() {
    assert_eq!(
        goal("sa:open/strong", &[("create", "/pods/*", "", "open")], POD),
        None
    );
    assert_eq!(
        goal("sa:open/strong", &[("create", "/*/exec", "", "open")], POD),
        Some(Definite)
    );
    let named = [("create", "/serviceaccounts/token", "'*'", "open")];
    assert_eq!(goal("sa:open/strong", &named, ""), None);
    assert_eq!(
        goal("sa:open/app", &[("create", "deployments", "", "open")], ""),
        None
    );
    assert_eq!(
        goal(
            "sa:open/app",
            &[("create", "apps/deployments", "", "open")],
            ""
        ),
        Some(Definite)
    );
}

#[test]
fn trap_24_a_wildcard_by_role_binding_is_not_cluster_admin() {
    let all = [("'*'", "*/*", "", "open")];
    let bound = [
        edge("everything"),
        edge("everything-ns"),
        edge("masters"),
        edge("bind"),
    ];
    let small = Small::new(&all, &cluster(""));
    assert_eq!(
        small.goal_by("cluster-admin", bound.into_iter().collect()),
        None
    );
    assert_eq!(small.goal("cluster-admin"), None);
    assert_eq!(small.goal("admin:open"), Some(Definite));
    assert_eq!(small.goal("admin:shut"), None);
}

#[test]
fn trap_25_role_bindings_name_accounts_of_other_namespaces() {
    let far = format!(
        "---\n{{apiVersion: {RBAC}/v1, kind: RoleBinding, metadata: {{name: far, namespace: open}},\n\
           roleRef: {{apiGroup: {RBAC}, kind: ClusterRole, name: owner}},\n\
           subjects: [{{kind: ServiceAccount, name: other, namespace: shut}}]}}\n"
    );
    let token = [("create", "/serviceaccounts/token", "other", "shut")];
    assert_eq!(goal("admin:open", &token, &far), Some(Definite));
    assert_eq!(goal("admin:shut", &token, &far), None);
}

#[test]
fn trap_26_a_node_has_its_pods_and_what_its_group_is_bound_to() {
    let on_node = "---\n{apiVersion: v1, kind: Node, metadata: {name: n1}}\n".to_owned()
        + &POD.replace("{serviceAccountName", "{nodeName: n1, serviceAccountName");
    let node = [
        ("impersonate", "users", "'system:node:n1'", ""),
        ("impersonate", "groups", "'system:nodes'", ""),
    ];
    assert_eq!(goal("sa:open/strong", &node, &on_node), Some(Definite));
    assert_eq!(goal("sa:open/app", &node, &on_node), None);
    let objects = format!("{on_node}{SECRET}");
    assert_eq!(goal("secret:open/keys", &node, &objects), None);
    let bound = format!(
        "{objects}---\n{{apiVersion: {RBAC}/v1, kind: ClusterRole, metadata: {{name: 'system:node'}},\n\
           rules: [{{apiGroups: [''], resources: [secrets], verbs: [list]}}]}}\n\
         ---\n{{apiVersion: {RBAC}/v1, kind: ClusterRoleBinding, metadata: {{name: nodes}},\n\
           roleRef: {{apiGroup: {RBAC}, kind: ClusterRole, name: 'system:node'}},\n\
           subjects: [{{kind: Group, name: 'system:nodes', apiGroup: {RBAC}}}]}}\n"
    );
    assert_eq!(goal("secret:open/keys", &node, &bound), Some(Definite));
}

#[test]
fn trap_27_webhooks_wait_for_somebody() {
    let webhook = "admissionregistration.k8s.io/mutatingwebhookconfigurations";
    assert_eq!(admin(&[("create", webhook, "", "")], ""), Some(Somebody));
    let sight = "admissionregistration.k8s.io/validatingwebhookconfigurations";
    assert_eq!(
        goal("secret:open/keys", &[("create", sight, "", "")], SECRET),
        Some(Somebody)
    );
    assert_eq!(
        goal("sa:open/app", &[("create", sight, "", "")], SECRET),
        None
    );
}

#[test]
fn trap_28_the_label_of_pod_security_is_written() {
    let run = ("create", "pods", "", "shut");
    assert_eq!(goal("node", &[run], ""), None);
    assert_eq!(
        goal("node", &[run, ("patch", "namespaces", "", "shut")], ""),
        Some(Definite)
    );
    let anywhere = [("create", "namespaces", "", ""), ("create", "pods", "", "")];
    let strict = cluster("").replace(
        "{name: open}",
        "{name: open, labels: {pod-security.kubernetes.io/enforce: restricted}}",
    );
    assert_eq!(Small::new(&anywhere, &strict).goal("node"), Some(Definite));
    assert_eq!(Small::new(&anywhere[1..], &strict).goal("node"), None);
}

#[test]
fn trap_29_what_a_binding_gives_stays() {
    let bindings = rbac("clusterrolebindings");
    let roles = rbac("clusterroles");
    let bind = ("bind", &*roles, "owner", "");
    let mine = bound_role("ClusterRoleBinding", "");
    // Another role in the place of this one would be another binding.
    assert_eq!(
        admin(&[("patch, update", &*bindings, "mine", ""), bind], &mine),
        None
    );
    let anew = ("delete, create, patch", &*bindings, "", "");
    assert_eq!(admin(&[anew, bind], &mine), Some(Definite));
}

#[test]
fn trap_30_edit_has_the_accounts_of_its_namespace() {
    let edit = [
        ("impersonate", "serviceaccounts", "", "open"),
        ("create", "/pods/exec", "", "open"),
        ("get, list, create", "secrets", "", "open"),
    ];
    assert_eq!(goal("sa:open/strong", &edit, ""), Some(Definite));
    assert_eq!(goal("sa:shut/other", &edit, ""), None);
    assert_eq!(admin(&edit, ""), None);
    let strong = rights_of("open/strong", &[("'*'", "*/*", "", "")]);
    assert_eq!(admin(&edit, &strong), Some(Definite));
}

#[test]
fn trap_31_a_name_that_no_cluster_sees_starts_nothing() {
    let miswritten = |name: &str| {
        format!(
            "---\n{{apiVersion: {RBAC}/v1, kind: ClusterRoleBinding, metadata: {{name: wrong}},\n\
               roleRef: {{apiGroup: {RBAC}, kind: ClusterRole, name: owner}},\n\
               subjects: [{{kind: User, name: '{name}', apiGroup: {RBAC}}}]}}\n"
        )
    };
    assert_eq!(admin(&[], &miswritten("eve")), Some(Definite));
    assert_eq!(admin(&[], &miswritten("Eve")), None);
    assert_eq!(admin(&[], &miswritten("eve ")), None);
    let small = Small::new(&[], &cluster(&miswritten("open/app")));
    assert_eq!(small.goal_by("sa:open/app", EdgeSet::all()), None);
}

//! For each code of `check` an example that has it, and the change after which it has nothing.

use rbac_eval::diagnostic::Severity;

/// The first lines of an object; what follows begins on line 4.
const CLUSTER_ROLE: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: r}
";
const ROLE: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: r, namespace: a}
";
const CLUSTER_BINDING: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
";
const BINDING: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: a}
";
/// Binds the role of the example, so that it is used.
const USED: &str = "\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: used}
roleRef: {kind: ClusterRole, name: r}
subjects: [{kind: User, name: u}]
";
/// The same in namespace `a`, of a role of either kind.
const USED_IN_A: &str = "\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: used, namespace: a}
roleRef: {kind: KIND, name: r}
subjects: [{kind: User, name: u}]
";
/// An example, what `check` has to say of it, and the change that leaves nothing to say.
pub struct Case {
    pub code: &'static str,
    pub severity: Severity,
    pub line: u32,
    pub yaml: String,
    /// The text to replace, and what with: the near twin has no finding at all.
    pub cure: (&'static str, &'static str),
    pub with_directory: bool,
}

/// A ClusterRole of one rule that stands on line 5, bound.
fn rule(rule: &str) -> String {
    format!("{CLUSTER_ROLE}rules:\n- {rule}\n{USED}")
}

/// A RoleBinding to `view` of one subject that stands on line 6.
fn subject(subject: &str) -> String {
    format!("{BINDING}roleRef: {{kind: ClusterRole, name: view}}\nsubjects:\n- {subject}\n")
}

pub fn cases() -> Vec<Case> {
    use Severity::{High, Info, Medium};
    let case = |code, severity, line, yaml: String, cure: (&'static str, &'static str)| Case {
        code,
        severity,
        line,
        yaml,
        cure,
        with_directory: false,
    };
    let known = |case: Case| Case {
        with_directory: true,
        ..case
    };
    let in_a = |kind: &str| USED_IN_A.replace("KIND", kind);
    vec![
        case(
            "RBAC001",
            High,
            1,
            subject("{kind: User, name: u}").replace("name: view", "name: veiw"),
            ("veiw", "view"),
        ),
        case(
            "RBAC002",
            Medium,
            1,
            format!("{CLUSTER_BINDING}roleRef: {{kind: ClusterRole, name: view}}\nsubjects: []\n"),
            ("[]", "[{kind: User, name: u}]"),
        ),
        case(
            "RBAC003",
            Medium,
            6,
            subject("{kind: ServiceAccount, name: app}")
                + "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: a}\n",
            ("name: web", "name: app"),
        ),
        // Of a namespace whose accounts aren't there nothing is known.
        case(
            "RBAC003",
            Medium,
            6,
            subject("{kind: ServiceAccount, name: app}")
                + "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: a}\n",
            ("name: web, namespace: a", "name: web, namespace: other"),
        ),
        // Every namespace has this one.
        case(
            "RBAC003",
            Medium,
            6,
            subject("{kind: ServiceAccount, name: app}")
                + "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: a}\n",
            ("name: app", "name: default"),
        ),
        case(
            "RBAC004",
            High,
            6,
            subject("{kind: Group, name: devs@contoso.com}"),
            ("devs@contoso.com", "devs"),
        ),
        case(
            "RBAC004",
            High,
            6,
            subject("{kind: Group, name: All developers}"),
            ("All developers", "10000000-aaaa-4000-8000-000000000001"),
        ),
        known(case(
            "RBAC004",
            High,
            6,
            subject("{kind: Group, name: devs}"),
            ("name: devs", "name: 'oidc:devs'"),
        )),
        known(case(
            "RBAC005",
            Medium,
            6,
            subject("{kind: Group, name: 10000000-aaaa-4000-8000-00000000dead}"),
            ("00000000dead", "000000000001"),
        )),
        known(case(
            "RBAC005",
            Medium,
            6,
            subject("{kind: User, name: 20000000-bbbb-4000-8000-00000000dead}"),
            ("00000000dead", "000000000002"),
        )),
        known(case(
            "RBAC006",
            High,
            6,
            subject("{kind: Group, name: 30000000-cccc-4000-8000-000000000001}"),
            ("kind: Group", "kind: User"),
        )),
        known(case(
            "RBAC007",
            High,
            6,
            subject("{kind: User, name: 20000000-bbbb-4000-8000-000000000001}"),
            ("20000000-bbbb-4000-8000-000000000001", "dana@contoso.com"),
        )),
        known(case(
            "RBAC007",
            High,
            6,
            subject("{kind: User, name: fay@fabrikam.com}"),
            ("fay@fabrikam.com", "20000000-bbbb-4000-8000-000000000002"),
        )),
        known(case(
            "RBAC007",
            High,
            6,
            subject("{kind: User, name: 10000000-aaaa-4000-8000-000000000001}"),
            ("kind: User", "kind: Group"),
        )),
        known(case(
            "RBAC008",
            Medium,
            6,
            subject("{kind: User, name: Dana@contoso.com}"),
            ("Dana", "dana"),
        )),
        case(
            "RBAC008",
            Medium,
            6,
            subject("{kind: Group, name: Devs}\n- {kind: Group, name: devs}"),
            ("Devs", "devs-too"),
        ),
        // Kubernetes' own names are known as well.
        case(
            "RBAC008",
            Medium,
            6,
            subject("{kind: Group, name: 'system:Authenticated'}"),
            ("Authenticated", "authenticated"),
        ),
        case(
            "RBAC009",
            Medium,
            5,
            format!("{ROLE}rules:\n- {{apiGroups: [''], resources: [nodes], verbs: [get]}}\n{}", in_a("Role")),
            ("nodes", "pods"),
        ),
        case(
            "RBAC009",
            Medium,
            5,
            format!("{CLUSTER_ROLE}rules:\n- {{apiGroups: [''], resources: [namespaces], verbs: [list]}}\n{}", in_a("ClusterRole")),
            ("verbs: [list]", "verbs: [get]"),
        ),
        case(
            "RBAC010",
            Medium,
            5,
            format!("{CLUSTER_ROLE}rules:\n- {{nonResourceURLs: [/metrics], verbs: [get]}}\n{}", in_a("ClusterRole")),
            (
                "kind: RoleBinding\nmetadata: {name: used, namespace: a}",
                "kind: ClusterRoleBinding\nmetadata: {name: used}",
            ),
        ),
        case(
            "RBAC011",
            Medium,
            5,
            rule("{apiGroups: [''], resources: [secrets], resourceNames: [x], verbs: [create]}"),
            ("[create]", "[create, update]"),
        ),
        case(
            "RBAC011",
            Medium,
            5,
            rule("{apiGroups: [''], resources: [pods], resourceNames: [x], verbs: [create]}"),
            ("[pods]", "[pods/exec]"),
        ),
        case(
            "RBAC012",
            Medium,
            5,
            rule("{apiGroups: [''], resources: ['pods/*'], verbs: [get]}"),
            ("pods/*", "*/log"),
        ),
        case(
            "RBAC013",
            Medium,
            5,
            rule("{apiGroups: [''], resources: [deployments], verbs: [get]}"),
            ("['']", "['', apps]"),
        ),
        case(
            "RBAC013",
            Medium,
            5,
            rule("{apiGroups: [apps], resources: [ingresses], verbs: [get]}"),
            ("[apps]", "[extensions]"),
        ),
        case(
            "RBAC014",
            Medium,
            5,
            rule("{apiGroups: [''], resources: [pods], verbs: [post]}"),
            ("post", "create"),
        ),
        case(
            "RBAC014",
            Medium,
            5,
            rule("{nonResourceURLs: [/x], verbs: [GET]}"),
            ("GET", "get"),
        ),
        case(
            "RBAC014",
            Medium,
            5,
            rule("{apiGroups: [authentication.k8s.io], resources: [tokenreviews], verbs: ['impersonate:userinfo']}"),
            ("impersonate:userinfo", "impersonate:user-info"),
        ),
        case(
            "RBAC014",
            Medium,
            5,
            rule("{apiGroups: [''], resources: [pods], verbs: ['impersonate-on:anyone:get']}"),
            ("impersonate-on:anyone:get", "impersonate-on:serviceaccount:get"),
        ),
        case(
            "RBAC014",
            Info,
            5,
            rule("{apiGroups: [example.com], resources: [widgets], verbs: [frob]}"),
            ("frob", "use"),
        ),
        case(
            "RBAC015",
            Medium,
            5,
            rule("{apiGroups: [''], resources: [pod], verbs: [get]}"),
            ("[pod]", "[pods]"),
        ),
        case(
            "RBAC015",
            Medium,
            5,
            rule("{apiGroups: [''], resources: [pods/logs], verbs: [get]}"),
            ("pods/logs", "pods/log"),
        ),
        case(
            "RBAC015",
            Medium,
            5,
            rule("{apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/nodeclients], verbs: [create]}"),
            ("/nodeclients", "/nodeclient"),
        ),
        // Whose type it is isn't in the input.
        case(
            "RBAC015",
            Medium,
            5,
            rule("{apiGroups: [apps], resources: [widgets], verbs: [get]}"),
            ("[apps]", "[apps.example.com]"),
        ),
        case(
            "RBAC016",
            Medium,
            1,
            format!(
                "{CLUSTER_ROLE}aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{gather: it}}}}]}}\n\
                 rules:\n- {{apiGroups: [''], resources: [pods], verbs: [get]}}\n{USED}"
            ),
            (
                "rules:\n- {apiGroups: [''], resources: [pods], verbs: [get]}",
                "rules: []",
            ),
        ),
        case(
            "RBAC017",
            Info,
            1,
            format!("{CLUSTER_ROLE}rules: [{{apiGroups: [''], resources: [pods], verbs: [get]}}]\n"),
            (
                "{name: r}",
                "{name: r, labels: {rbac.authorization.k8s.io/aggregate-to-view: 'true'}}",
            ),
        ),
        // A role that another gathers is used.
        case(
            "RBAC017",
            Info,
            1,
            format!("{CLUSTER_ROLE}rules: [{{apiGroups: [''], resources: [pods], verbs: [get]}}]\n---\n")
                + &CLUSTER_ROLE.replace("name: r", "name: all")
                + "aggregationRule: {clusterRoleSelectors: [{matchLabels: {gather: it}}]}\n"
                + &USED.replace("ClusterRole, name: r", "ClusterRole, name: all"),
            ("{name: r}", "{name: r, labels: {gather: it}}"),
        ),
        case(
            "RBAC018",
            Info,
            13,
            subject("{kind: User, name: u}") + "---\n" + &subject("{kind: User, name: u}").replace("name: b", "name: c"),
            ("metadata: {name: c, namespace: a}", "metadata: {name: c, namespace: other}"),
        ),
        // Written in two ways, it is one party.
        case(
            "RBAC018",
            Info,
            14,
            subject("{kind: ServiceAccount, name: app}")
                + "---\n"
                + &subject("{kind: Group, name: devs}\n- {kind: User, name: 'system:serviceaccount:a:app'}")
                    .replace("name: b", "name: c"),
            ("'system:serviceaccount:a:app'", "'system:serviceaccount:b:app'"),
        ),
        case(
            "RBAC019",
            High,
            6,
            subject("{kind: Users, name: u}"),
            ("Users", "User"),
        ),
        case(
            "RBAC019",
            High,
            6,
            format!("{CLUSTER_BINDING}roleRef: {{kind: ClusterRole, name: view}}\nsubjects:\n- {{kind: ServiceAccount, name: app}}\n"),
            ("name: app}", "name: app, namespace: a}"),
        ),
        case(
            "RBAC020",
            High,
            8,
            subject("{kind: User, name: u}") + "---\n" + &subject("{kind: User, name: v}"),
            ("name: v}", "name: u}"),
        ),
        case(
            "RBAC021",
            Medium,
            1,
            subject("{kind: User, name: u}").replace("k8s.io/v1", "k8s.io/v1beta1"),
            ("v1beta1", "v1"),
        ),
        case(
            "RBAC022",
            Medium,
            1,
            format!(
                "{CLUSTER_ROLE}aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{gather: it}}}}]}}\n\
                 rules:\n- {{apiGroups: [''], resources: [pods], verbs: [get]}}\n{USED}"
            )
            .replacen("{name: r}", "{name: r, uid: 0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9}", 1),
            (
                "rules:\n- {apiGroups: [''], resources: [pods], verbs: [get]}",
                "rules: []",
            ),
        ),
        case(
            "RBAC023",
            High,
            4,
            subject("{kind: User, name: u}").replace("roleRef: {", "roleRef: {{"),
            ("roleRef: {{", "roleRef: {"),
        ),
        case(
            "RBAC024",
            Info,
            1,
            subject("{kind: User, name: u}").replace(", namespace: a", ""),
            ("{name: b}", "{name: b, namespace: default}"),
        ),
        case(
            "RBAC029",
            Medium,
            6,
            subject("{kind: User, name: v, name: u}"),
            ("name: v, ", ""),
        ),
        case(
            "RBAC033",
            High,
            6,
            subject("{kind: Group, name: 'oidc:${TEAM}'}"),
            ("${TEAM}", "team"),
        ),
    ]
}

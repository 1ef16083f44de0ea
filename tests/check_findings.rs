//! Every finding of `check`: an example that has it, and a near twin that just doesn't.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use rbac_eval::check::{CODES, Finding, Level, check};
use rbac_eval::directory::Directory;
use rbac_eval::manifest;
use rbac_eval::source::{SourceText, Sources};
use rbac_eval::store::{Defaults, PolicyStore};

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
const DIRECTORY: &str = "\
groups:
- {id: 10000000-aaaa-4000-8000-000000000001, displayName: Developers}
users:
- {id: 20000000-bbbb-4000-8000-000000000001, userPrincipalName: dana@contoso.com}
- {id: 20000000-bbbb-4000-8000-000000000002, userPrincipalName: fay@fabrikam.com, guest: true}
servicePrincipals:
- {id: 30000000-cccc-4000-8000-000000000001, displayName: pipeline}
";

/// An example, what `check` has to say of it, and the change that leaves nothing to say.
struct Case {
    code: &'static str,
    level: Level,
    line: u32,
    yaml: String,
    /// The text to replace, and what with: the near twin has no finding at all.
    cure: (&'static str, &'static str),
    with_directory: bool,
}

fn findings(name: &str, yaml: &str, with_directory: bool) -> (PolicyStore, Vec<Finding>) {
    let text = |name: &str, text: &str, named| SourceText {
        name: name.to_owned(),
        bytes: text.as_bytes().to_vec(),
        named,
    };
    let mut sources = Sources::default();
    let manifest = manifest::parse(&mut sources, &[text(name, yaml, false)]);
    let store = PolicyStore::new(sources, manifest, Defaults::Auto);
    let directory = if with_directory {
        Directory::read(&[text("directory.yaml", DIRECTORY, true)]).unwrap()
    } else {
        Directory::default()
    };
    let found = check(&store, &directory);
    (store, found)
}

/// A ClusterRole of one rule that stands on line 5, bound.
fn rule(rule: &str) -> String {
    format!("{CLUSTER_ROLE}rules:\n- {rule}\n{USED}")
}

/// A RoleBinding to `view` of one subject that stands on line 6.
fn subject(subject: &str) -> String {
    format!("{BINDING}roleRef: {{kind: ClusterRole, name: view}}\nsubjects:\n- {subject}\n")
}

fn cases() -> Vec<Case> {
    use Level::{Error, Info, Warning};
    let case = |code, level, line, yaml: String, cure: (&'static str, &'static str)| Case {
        code,
        level,
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
            Warning,
            1,
            subject("{kind: User, name: u}").replace("name: view", "name: veiw"),
            ("veiw", "view"),
        ),
        case(
            "RBAC002",
            Warning,
            1,
            format!("{CLUSTER_BINDING}roleRef: {{kind: ClusterRole, name: view}}\nsubjects: []\n"),
            ("[]", "[{kind: User, name: u}]"),
        ),
        case(
            "RBAC003",
            Warning,
            6,
            subject("{kind: ServiceAccount, name: app}")
                + "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: a}\n",
            ("name: web", "name: app"),
        ),
        // Of a namespace whose accounts aren't there nothing is known.
        case(
            "RBAC003",
            Warning,
            6,
            subject("{kind: ServiceAccount, name: app}")
                + "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: a}\n",
            ("name: web, namespace: a", "name: web, namespace: other"),
        ),
        // Every namespace has this one.
        case(
            "RBAC003",
            Warning,
            6,
            subject("{kind: ServiceAccount, name: app}")
                + "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: a}\n",
            ("name: app", "name: default"),
        ),
        case(
            "RBAC004",
            Error,
            6,
            subject("{kind: Group, name: devs@contoso.com}"),
            ("devs@contoso.com", "devs"),
        ),
        case(
            "RBAC004",
            Error,
            6,
            subject("{kind: Group, name: All developers}"),
            ("All developers", "10000000-aaaa-4000-8000-000000000001"),
        ),
        known(case(
            "RBAC004",
            Error,
            6,
            subject("{kind: Group, name: devs}"),
            ("name: devs", "name: 'oidc:devs'"),
        )),
        known(case(
            "RBAC005",
            Warning,
            6,
            subject("{kind: Group, name: 10000000-aaaa-4000-8000-00000000dead}"),
            ("00000000dead", "000000000001"),
        )),
        known(case(
            "RBAC005",
            Warning,
            6,
            subject("{kind: User, name: 20000000-bbbb-4000-8000-00000000dead}"),
            ("00000000dead", "000000000002"),
        )),
        known(case(
            "RBAC006",
            Error,
            6,
            subject("{kind: Group, name: 30000000-cccc-4000-8000-000000000001}"),
            ("kind: Group", "kind: User"),
        )),
        known(case(
            "RBAC007",
            Error,
            6,
            subject("{kind: User, name: 20000000-bbbb-4000-8000-000000000001}"),
            ("20000000-bbbb-4000-8000-000000000001", "dana@contoso.com"),
        )),
        known(case(
            "RBAC007",
            Error,
            6,
            subject("{kind: User, name: fay@fabrikam.com}"),
            ("fay@fabrikam.com", "20000000-bbbb-4000-8000-000000000002"),
        )),
        known(case(
            "RBAC007",
            Error,
            6,
            subject("{kind: User, name: 10000000-aaaa-4000-8000-000000000001}"),
            ("kind: User", "kind: Group"),
        )),
        known(case(
            "RBAC008",
            Warning,
            6,
            subject("{kind: User, name: Dana@contoso.com}"),
            ("Dana", "dana"),
        )),
        case(
            "RBAC008",
            Warning,
            6,
            subject("{kind: Group, name: Devs}\n- {kind: Group, name: devs}"),
            ("Devs", "devs-too"),
        ),
        // Kubernetes' own names are known as well.
        case(
            "RBAC008",
            Warning,
            6,
            subject("{kind: Group, name: 'system:Authenticated'}"),
            ("Authenticated", "authenticated"),
        ),
        case(
            "RBAC009",
            Warning,
            5,
            format!("{ROLE}rules:\n- {{apiGroups: [''], resources: [nodes], verbs: [get]}}\n{}", in_a("Role")),
            ("nodes", "pods"),
        ),
        case(
            "RBAC009",
            Warning,
            5,
            format!("{CLUSTER_ROLE}rules:\n- {{apiGroups: [''], resources: [namespaces], verbs: [list]}}\n{}", in_a("ClusterRole")),
            ("verbs: [list]", "verbs: [get]"),
        ),
        case(
            "RBAC010",
            Warning,
            5,
            format!("{CLUSTER_ROLE}rules:\n- {{nonResourceURLs: [/metrics], verbs: [get]}}\n{}", in_a("ClusterRole")),
            (
                "kind: RoleBinding\nmetadata: {name: used, namespace: a}",
                "kind: ClusterRoleBinding\nmetadata: {name: used}",
            ),
        ),
        case(
            "RBAC011",
            Warning,
            5,
            rule("{apiGroups: [''], resources: [secrets], resourceNames: [x], verbs: [create]}"),
            ("[create]", "[create, update]"),
        ),
        case(
            "RBAC011",
            Warning,
            5,
            rule("{apiGroups: [''], resources: [pods], resourceNames: [x], verbs: [create]}"),
            ("[pods]", "[pods/exec]"),
        ),
        case(
            "RBAC012",
            Warning,
            5,
            rule("{apiGroups: [''], resources: ['pods/*'], verbs: [get]}"),
            ("pods/*", "*/log"),
        ),
        case(
            "RBAC013",
            Warning,
            5,
            rule("{apiGroups: [''], resources: [deployments], verbs: [get]}"),
            ("['']", "['', apps]"),
        ),
        case(
            "RBAC013",
            Warning,
            5,
            rule("{apiGroups: [apps], resources: [ingresses], verbs: [get]}"),
            ("[apps]", "[extensions]"),
        ),
        case(
            "RBAC014",
            Warning,
            5,
            rule("{apiGroups: [''], resources: [pods], verbs: [post]}"),
            ("post", "create"),
        ),
        case(
            "RBAC014",
            Warning,
            5,
            rule("{nonResourceURLs: [/x], verbs: [GET]}"),
            ("GET", "get"),
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
            Warning,
            5,
            rule("{apiGroups: [''], resources: [pod], verbs: [get]}"),
            ("[pod]", "[pods]"),
        ),
        case(
            "RBAC015",
            Warning,
            5,
            rule("{apiGroups: [''], resources: [pods/logs], verbs: [get]}"),
            ("pods/logs", "pods/log"),
        ),
        // Whose type it is isn't in the input.
        case(
            "RBAC015",
            Warning,
            5,
            rule("{apiGroups: [apps], resources: [widgets], verbs: [get]}"),
            ("[apps]", "[apps.example.com]"),
        ),
        case(
            "RBAC016",
            Warning,
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
        case(
            "RBAC018",
            Info,
            12,
            subject("{kind: User, name: u}") + "---\n" + &subject("{kind: User, name: u}").replace("name: b", "name: c"),
            ("metadata: {name: c, namespace: a}", "metadata: {name: c, namespace: other}"),
        ),
        // Written in two ways, it is one party.
        case(
            "RBAC018",
            Info,
            13,
            subject("{kind: ServiceAccount, name: app}")
                + "---\n"
                + &subject("{kind: Group, name: devs}\n- {kind: User, name: 'system:serviceaccount:a:app'}")
                    .replace("name: b", "name: c"),
            ("'system:serviceaccount:a:app'", "'system:serviceaccount:b:app'"),
        ),
        case(
            "RBAC019",
            Error,
            6,
            subject("{kind: Users, name: u}"),
            ("Users", "User"),
        ),
        case(
            "RBAC019",
            Error,
            6,
            format!("{CLUSTER_BINDING}roleRef: {{kind: ClusterRole, name: view}}\nsubjects:\n- {{kind: ServiceAccount, name: app}}\n"),
            ("name: app}", "name: app, namespace: a}"),
        ),
        case(
            "RBAC020",
            Warning,
            8,
            subject("{kind: User, name: u}") + "---\n" + &subject("{kind: User, name: v}"),
            ("name: v}", "name: u}"),
        ),
        case(
            "RBAC021",
            Warning,
            1,
            subject("{kind: User, name: u}").replace("k8s.io/v1", "k8s.io/v1beta1"),
            ("v1beta1", "v1"),
        ),
        case(
            "RBAC022",
            Warning,
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
            Error,
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
    ]
}

/// `code level file:line` of each finding.
fn shown(yaml: &str, with_directory: bool) -> Vec<String> {
    let (store, found) = findings("x.yaml", yaml, with_directory);
    found
        .iter()
        .map(|finding| {
            let place = store.sources().file_line(finding.place);
            format!("{} {} {place}", finding.code.id, finding.level.as_str())
        })
        .collect()
}

#[test]
fn each_example_has_its_finding_and_its_near_twin_none() {
    let mut wrong = Vec::new();
    for case in cases() {
        let expected = format!("{} {} x.yaml:{}", case.code, case.level.as_str(), case.line);
        let found = shown(&case.yaml, case.with_directory);
        if found != [&*expected] {
            wrong.push(format!(
                "{expected} expected, {found:?} found:\n{}",
                case.yaml
            ));
        }
        let (before, after) = case.cure;
        let cured = case.yaml.replacen(before, after, 1);
        assert_ne!(cured, case.yaml, "{before}");
        let found = shown(&cured, case.with_directory);
        if !found.is_empty() {
            wrong.push(format!("nothing expected, {found:?} found:\n{cured}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_code_has_an_example_and_a_heading() {
    let codes: BTreeSet<&str> = CODES.iter().map(|code| code.id).collect();
    assert_eq!(codes.len(), CODES.len(), "a code stands twice");
    let examples: BTreeSet<&str> = cases().iter().map(|case| case.code).collect();
    assert_eq!(examples, codes);
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checks.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let headings: Vec<&str> = docs
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    assert_eq!(headings, codes.into_iter().collect::<Vec<_>>());
    let lower = docs.replace('\n', " ").to_lowercase();
    for code in CODES {
        // The bold words of the section are the title, and the level stands behind them.
        let title = format!("**{}** (", code.title.to_lowercase());
        let at = lower.find(&title).unwrap_or_else(|| panic!("{title}"));
        let level = &lower[at + title.len()..];
        assert!(level.starts_with(code.level.as_str()), "{title}");
    }
}

#[test]
fn a_missing_role_is_an_error_in_a_whole_dump() {
    let dump = support::testdata().join("conformance/small-a/dump.json");
    let text = std::fs::read_to_string(dump).unwrap();
    let binding = serde_json::json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "dangling"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "no"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "u"}],
    });
    let mut dump: serde_json::Value = serde_json::from_str(&text).unwrap();
    dump["items"].as_array_mut().unwrap().push(binding);
    let (_, found) = findings("dump.json", &dump.to_string(), false);
    let dangling: Vec<&Finding> = found
        .iter()
        .filter(|finding| finding.object == "ClusterRoleBinding dangling")
        .collect();
    assert_eq!(dangling.len(), 1);
    assert_eq!(dangling[0].code.id, "RBAC001");
    assert_eq!(dangling[0].level, Level::Error);
}

/// Widely used projects' own manifests: only what their maintainers would agree with.
#[test]
fn the_recorded_projects_have_no_false_alarm() {
    let Some(case) = support::cases()
        .into_iter()
        .find(|case| case.ends_with("realworld"))
    else {
        return;
    };
    let store = support::store_of(&[case.join("dump.json")], Defaults::Auto);
    let found: Vec<String> = check(&store, &Directory::default())
        .iter()
        .map(|finding| {
            let Finding {
                code,
                level,
                object,
                message,
                ..
            } = finding;
            format!("{} {} {object}: {message}", code.id, level.as_str())
        })
        .collect();
    assert_eq!(
        found,
        [
            "RBAC014 info ClusterRole aad-pod-id-mic-role: rule 6: `post` is no verb that a server \
             asks for",
            "RBAC009 warning Role ingress-nginx/ingress-nginx: rule 6: \
             ingressclasses.networking.k8s.io is cluster-scoped, and a Role grants it in its \
             namespace alone; no real request for it carries a namespace",
        ]
    );
}

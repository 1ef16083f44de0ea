//! Every finding of `check`: an example that has it, and a near twin that just doesn't.

mod examples;

use crate::support::compare::authorizer;
use std::collections::BTreeSet;
use std::path::Path;

use crate::support;
use examples::cases;
use rbac_eval::analysis::lint::check;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::cluster::Defaults;
use rbac_eval::diagnostic::codes::FINDINGS;
use rbac_eval::diagnostic::{Diagnostic, Severity};
use rbac_eval::entra::Directory;
use rbac_eval::kube;
use rbac_eval::text::{Files, SourceText};

/// What the examples that need a directory are held against.
const DIRECTORY: &str = "\
groups:
- {id: 10000000-aaaa-4000-8000-000000000001, displayName: Developers}
users:
- {id: 20000000-bbbb-4000-8000-000000000001, userPrincipalName: dana@contoso.com}
- {id: 20000000-bbbb-4000-8000-000000000002, userPrincipalName: fay@fabrikam.com, guest: true}
servicePrincipals:
- {id: 30000000-cccc-4000-8000-000000000001, displayName: pipeline}
";

fn checked(name: &str, yaml: &str, with_directory: bool) -> (RbacAuthorizer, Vec<Diagnostic>) {
    let text = |name: &str, text: &str, named| SourceText {
        name: name.to_owned(),
        bytes: text.as_bytes().to_vec(),
        named,
    };
    let mut files = Files::default();
    let manifest = kube::parse(&mut files, &[text(name, yaml, false)]);
    let rbac = authorizer(files, manifest, Defaults::Auto);
    let directory = if with_directory {
        Directory::read(&[text("directory.yaml", DIRECTORY, true)]).unwrap()
    } else {
        Directory::default()
    };
    let found = check(&rbac, &directory);
    (rbac, found)
}

fn of(finding: &Diagnostic) -> String {
    finding
        .object
        .as_ref()
        .map_or_else(String::new, ToString::to_string)
}

/// `code level file:line` of each finding.
fn shown(yaml: &str, with_directory: bool) -> Vec<String> {
    let (rbac, found) = checked("x.yaml", yaml, with_directory);
    found
        .iter()
        .map(|finding| {
            let span = rbac.snapshot().files().file_line(finding.span.unwrap());
            let level = finding.severity.level().as_str();
            format!("{} {level} {span}", finding.code)
        })
        .collect()
}

#[test]
fn each_example_has_its_finding_and_its_near_twin_none() {
    let mut wrong = Vec::new();
    for case in cases() {
        let expected = format!(
            "{} {} x.yaml:{}",
            case.code,
            case.severity.level().as_str(),
            case.line
        );
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
    let codes: BTreeSet<&str> = FINDINGS.iter().map(|code| code.id).collect();
    assert_eq!(codes.len(), FINDINGS.len(), "a code stands twice");
    let mut examples: BTreeSet<&str> = cases().iter().map(|case| case.code).collect();
    // What no single text shows, and what ignores say.
    examples.extend(["RBAC025", "RBAC026", "RBAC027", "RBAC028"]);
    examples.extend(["RBAC030", "RBAC031", "RBAC032"]);
    assert_eq!(examples, codes);
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checks.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let headings: Vec<&str> = docs
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    assert_eq!(headings, codes.into_iter().collect::<Vec<_>>());
    let lower = docs.replace('\n', " ").to_lowercase();
    for code in FINDINGS {
        // The bold words of the section are the title, and the level stands behind them.
        let title = format!("**{}** (", code.title.to_lowercase());
        let at = lower.find(&title).unwrap_or_else(|| panic!("{title}"));
        let level = &lower[at + title.len()..];
        assert!(level.starts_with(code.severity.level().as_str()), "{title}");
    }
}

#[test]
fn a_missing_role_is_an_error_in_a_whole_dump() {
    let dump = support::recorded("small-a").join("dump.json");
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
    let (_, found) = checked("dump.json", &dump.to_string(), false);
    let dangling: Vec<&Diagnostic> = found
        .iter()
        .filter(|finding| of(finding) == "ClusterRoleBinding dangling")
        .collect();
    assert_eq!(dangling.len(), 1);
    assert_eq!(dangling[0].code.id, "RBAC001");
    assert_eq!(dangling[0].severity, Severity::High);
}

fn told(rbac: &RbacAuthorizer) -> Vec<String> {
    check(rbac, &Directory::default())
        .iter()
        .map(|finding| {
            let level = finding.severity.level().as_str();
            let object = of(finding);
            format!("{} {level} {object}: {}", finding.code, finding.message)
        })
        .collect()
}

#[test]
fn a_server_s_own_objects_have_no_finding() {
    let fresh = support::testdata().join("conformance/rbac-1.24.json");
    assert_eq!(told(&support::store_of(&[fresh], Defaults::None)), [""; 0]);
    let cluster = support::recorded("aks-basics").join("dump.json");
    assert_eq!(
        told(&support::store_of(&[cluster], Defaults::Auto)),
        [
            "RBAC004 error RoleBinding production/ns-admin: Group developers@contoso.com is an \
             e-mail address; Entra ID's tokens carry object IDs, so it matches nobody: bind the \
             group's object ID"
        ]
    );
}

/// Widely used projects' own manifests: only what their maintainers would agree with.
#[test]
fn the_recorded_projects_have_no_false_alarm() {
    let Some(case) = support::realworld() else {
        return;
    };
    assert_eq!(
        told(&support::store_of(
            &[case.join("dump.json")],
            Defaults::Auto
        )),
        [
            "RBAC014 info ClusterRole aad-pod-id-mic-role: rule 6: `post` is no verb that a server \
             asks for",
            "RBAC009 warning Role ingress-nginx/ingress-nginx: rule 6: \
             ingressclasses.networking.k8s.io is cluster-scoped, and a Role grants it in its \
             namespace alone; no real request for it carries a namespace",
        ]
    );
}

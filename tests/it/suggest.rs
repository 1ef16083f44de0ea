//! What `--suggest` prints is applied: the answer turns yes, and nobody gets more than was printed.

use std::path::Path;
use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use rbac_eval::analysis::diff::{Direction, diff};
use rbac_eval::analysis::explain::explain;
use rbac_eval::analysis::suggest::{NoSuggestion, SuggestedRole, Suggestion, suggest};
use rbac_eval::ask::ResolvedRequest;
use rbac_eval::authn::UserInfo;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::authz::rbac::rules::{breakdown, url_matches};
use rbac_eval::authz::{Attributes, Authorizer, Decision, chain};
use rbac_eval::cluster::{Defaults, Reach};
use rbac_eval::entra::Directory;
use rbac_eval::kube::{self, CompactString, PolicyRule};
use rbac_eval::render::suggest::{SuggestedObjects, SuggestionView};
use rbac_eval::text::{Files, SourceText};

use crate::support::ask::{picks, request};
use crate::support::compare::authorizer;
use crate::support::generate::cluster;
use crate::support::hostile;
use crate::support::told::{put, run};
use crate::support::{self, jsonl, read_path, recorded, spell};

const API: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

/// An input without an object isn't judged.
const NOTHING: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: none, namespace: none}\n\
     rules: []\n";

fn source(name: &str, text: &str) -> SourceText {
    SourceText {
        name: name.to_owned(),
        bytes: text.as_bytes().to_vec(),
        named: true,
    }
}

fn read(texts: &[SourceText], defaults: Defaults) -> RbacAuthorizer {
    let mut files = Files::default();
    let manifest = kube::parse(&mut files, texts);
    authorizer(files, manifest, defaults)
}

/// A rule's part is one of these rules'.
fn is_given(part: &PolicyRule, rules: &[&PolicyRule]) -> bool {
    let holds = |known: &[CompactString], words: &[CompactString]| {
        words
            .iter()
            .all(|word| known.iter().any(|one| one == "*" || one == word))
    };
    rules.iter().any(|rule| {
        holds(&rule.verbs, &part.verbs)
            && holds(&rule.api_groups, &part.api_groups)
            && part.resources.iter().all(|word| {
                let mut known = rule.resources.iter();
                known.any(|one| one == "*" || one == word)
            })
            && part.non_resource_urls.iter().all(|url| {
                let mut known = rule.non_resource_urls.iter();
                known.any(|known| url_matches(known, url))
            })
            && (rule.resource_names.is_empty()
                || !part.resource_names.is_empty()
                    && holds(&rule.resource_names, &part.resource_names))
    })
}

/// Puts a question, and applies what is suggested. Returns it, or why there is none; nothing for a yes.
fn applied(
    texts: &[SourceText],
    defaults: Defaults,
    user: &UserInfo,
    attributes: &Attributes,
) -> Option<Result<Suggestion, NoSuggestion>> {
    let directory = Directory::default();
    let before = read(texts, defaults);
    let explanation = explain(&before, &directory, user, attributes).unwrap();
    if explanation.response.decision == Decision::Allow {
        return None;
    }
    let asked = ResolvedRequest {
        attributes: attributes.clone(),
        reach: Reach::Request,
        warnings: Vec::new(),
        notes: Vec::new(),
        sent_by_kubectl: None,
    };
    let found = suggest(&before, &directory, user, &asked, &explanation.near_misses);
    let view = SuggestionView::new(&before, &directory, &found).unwrap();
    let suggestion = match &found {
        Ok(suggestion) => suggestion,
        Err(_) => {
            assert!(matches!(view, SuggestionView::Nothing { .. }));
            return Some(found);
        }
    };
    let SuggestionView::Objects(objects) = view else {
        panic!("{found:?}");
    };
    let SuggestedObjects { manifest, .. } = *objects;
    let mut texts = texts.to_vec();
    texts.push(source("suggestion.yaml", &manifest));
    let after = read(&texts, defaults);
    assert_eq!(after.diagnostics(), before.diagnostics(), "{manifest}");
    let answer = chain(&after).decide(user, attributes);
    assert_eq!(answer, Decision::Allow, "{attributes:?}\n{manifest}");
    let changes = diff(&before, &after).unwrap();
    let rules: Vec<&PolicyRule> = match &suggestion.role {
        SuggestedRole::New(rule) => vec![rule],
        SuggestedRole::Existing(role) => before
            .effective_rules(*role)
            .map(|rule| &rule.rule.value)
            .collect(),
    };
    for change in &changes {
        assert_eq!(change.direction, Direction::Gained, "{change:?}");
        assert_eq!(change.subject, suggestion.principal, "{manifest}");
        assert_eq!(change.scope, suggestion.binding.scope(), "{manifest}");
        let parts = breakdown(&change.rule);
        assert!(!parts.is_empty());
        for part in parts {
            assert!(is_given(&part, &rules), "{part:?}\n{manifest}");
        }
        if let SuggestedRole::New(rule) = &suggestion.role {
            assert_eq!(&change.rule, rule, "{manifest}");
        }
    }
    // Someone who can do it already by a group alone gains it by name all the same.
    assert!(!changes.is_empty(), "{manifest}");
    Some(found)
}

#[test]
fn recorded_refusals_turn_into_yes() {
    let mut count = 0;
    for case in ["small-a", "small-b", "aks-basics"].map(recorded) {
        let texts = read_path(&case.join("cluster.yaml")).texts;
        let reviews = jsonl(&case.join("reviews.jsonl"));
        let refused = reviews
            .iter()
            .filter(|review| review["status"]["allowed"] == false);
        let few: Vec<&Value> = refused.collect();
        for review in few.iter().step_by(few.len().div_ceil(40).max(1)) {
            let (user, attributes) = support::request(&review["spec"]);
            let found = applied(&texts, Defaults::Auto, &user, &attributes);
            count += usize::from(matches!(found, Some(Ok(_))));
        }
    }
    assert!(count > 40, "{count}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn whatever_is_suggested_gives_what_was_asked_and_what_is_printed(
        cluster in cluster(true),
        picks in proptest::collection::vec(picks(), 1..8),
    ) {
        let texts = &spell::texts(&cluster.objects)[..1];
        for picks in &picks {
            let (user, attributes) = request(&cluster, picks);
            // No type is called so.
            let is_odd = match &attributes {
                Attributes::Resource(asked) => {
                    asked.resource.is_empty()
                        || asked.resource.contains(['/', '*'])
                        || asked.subresource.contains(['/', '*'])
                }
                Attributes::NonResource(asked) => asked.path.is_empty(),
            };
            if !is_odd {
                applied(texts, Defaults::None, &user, &attributes);
            }
        }
    }

    #[test]
    fn names_survive(name in hostile::name(), object in hostile::name()) {
        let folder = TempDir::new().unwrap();
        put(folder.path(), "x.yaml", NOTHING);
        let target = format!("configmaps/{object}");
        if name.is_empty() || name.contains('\0') || object.contains('\0') || name.starts_with('-') {
            return Ok(());
        }
        let as_user = format!("--as={name}");
        let args = ["can-i", "use", &target, &as_user, "-n", "shop", "--suggest", "-f", "x.yaml"];
        let json = run(folder.path(), &[&args[..], &["-o", "json"]].concat(), b"");
        let json: Value = serde_json::from_slice(&json.stdout).unwrap();
        let Some(manifest) = json["suggestion"]["manifest"].as_str() else {
            assert!(json["suggestion"]["reason"].is_string(), "{json}");
            return Ok(());
        };
        put(folder.path(), "y.yaml", manifest);
        let again = ["can-i", "use", &target, &as_user, "-n", "shop", "-f", "x.yaml", "-f", "y.yaml"];
        let output = run(folder.path(), &again, b"");
        assert!(output.stdout.starts_with(b"yes\n"), "{manifest}");
        let text = run(folder.path(), &args, b"");
        let text = String::from_utf8(text.stdout).unwrap();
        assert!(text.starts_with("no\n") && text.ends_with(manifest), "{text}\n{manifest}");
    }
}

fn role(kind: &str, metadata: &str, rule: &str) -> String {
    format!("---\n{API}kind: {kind}\nmetadata: {metadata}\nrules:\n- {rule}\n")
}

const CONFIGMAPS: &str = "{apiGroups: [''], resources: [configmaps], verbs: [get]}";

/// The suggestion of a request by Alice in namespace shop, in JSON.
fn suggested(text: &str, args: &[&str]) -> Value {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "rbac.yaml", format!("{NOTHING}---\n{text}"));
    let common = [
        "--as",
        "alice",
        "-f",
        "rbac.yaml",
        "--suggest",
        "-o",
        "json",
    ];
    let output = run(folder.path(), &[&["can-i"], args, &common].concat(), b"");
    let json: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    json["suggestion"].clone()
}

#[test]
fn the_role_is_bound_that_gives_least() {
    let two = "{apiGroups: [''], resources: [configmaps], verbs: [get, list]}";
    let every_verb = "{apiGroups: [''], resources: [configmaps], verbs: ['*']}";
    let shop = |name: &str| format!("{{name: {name}, namespace: shop}}");
    for (text, expected) in [
        // Of Kubernetes' own `view` gives least.
        (String::new(), "ClusterRole view"),
        (role("Role", &shop("two"), two), "Role two"),
        (role("ClusterRole", "{name: two}", two), "ClusterRole two"),
        // Another namespace's can't be bound here.
        (
            role("Role", "{name: two, namespace: other}", two),
            "ClusterRole view",
        ),
        (
            role("Role", &shop("two"), two) + &role("ClusterRole", "{name: one}", CONFIGMAPS),
            "ClusterRole one",
        ),
        (
            role("Role", &shop("one"), CONFIGMAPS) + &role("ClusterRole", "{name: a}", CONFIGMAPS),
            "Role one",
        ),
        // A wildcard outweighs all that `view` has.
        (role("Role", &shop("all"), every_verb), "ClusterRole view"),
        // Not a name yet.
        (
            role("Role", &shop("'${X}'"), CONFIGMAPS),
            "ClusterRole view",
        ),
    ] {
        let found = suggested(&text, &["get", "configmaps", "-n", "shop"]);
        let role = &found["role"];
        let role = format!(
            "{} {}",
            role["kind"].as_str().unwrap(),
            role["name"].as_str().unwrap()
        );
        assert_eq!(role, expected, "{text}");
        assert_eq!(found["newRole"], false);
        assert_eq!(found["binding"]["kind"], "RoleBinding");
    }
}

#[test]
fn a_role_that_gives_too_much_isnt_bound() {
    let everything = role(
        "ClusterRole",
        "{name: everything}",
        "{apiGroups: ['*'], resources: ['*', nodes], verbs: ['*', get]}",
    );
    let escalating = role(
        "ClusterRole",
        "{name: escalating}",
        "{apiGroups: ['', rbac.authorization.k8s.io], resources: [nodes, clusterroles, \
         clusterrolebindings], verbs: [get, escalate, bind, update, patch, create]}",
    );
    let found = suggested(&(everything + &escalating), &["get", "nodes"]);
    assert_eq!(found["newRole"], true);
    assert_eq!(found["role"]["kind"], "ClusterRole");
    assert_eq!(found["binding"]["kind"], "ClusterRoleBinding");
    assert_eq!(found["rules"].as_array().unwrap().len(), 1);
    let notes = found["notes"].to_string();
    for part in [
        "ClusterRole escalating (",
        "ClusterRole everything (everything)",
        "`system:` roles",
    ] {
        assert!(notes.contains(part), "{part}: {notes}");
    }
    // What is asked for is as grave by itself.
    let just = role(
        "ClusterRole",
        "{name: just}",
        "{apiGroups: [''], resources: [secrets], verbs: [get]}",
    );
    let found = suggested(&just, &["get", "secrets", "-A"]);
    assert_eq!(found["role"]["name"], "just");
}

#[test]
fn names_of_others_are_left_alone() {
    let binding = format!(
        "---\n{API}kind: RoleBinding\nmetadata: {{name: alice-use-configmaps, namespace: shop}}\n\
         roleRef: {{kind: ClusterRole, name: view}}\nsubjects: []\n"
    );
    // Whoever makes that role gives it to Bob.
    let missing = format!(
        "---\n{API}kind: RoleBinding\nmetadata: {{name: b, namespace: shop}}\n\
         roleRef: {{kind: Role, name: alice-use-configmaps-2}}\nsubjects: [{{kind: User, name: bob}}]\n"
    );
    let found = suggested(&(binding + &missing), &["use", "configmaps", "-n", "shop"]);
    assert_eq!(found["newRole"], true);
    assert_eq!(found["binding"]["name"], "alice-use-configmaps-3");
    assert_eq!(found["role"]["name"], "alice-use-configmaps-3");
}

#[test]
fn a_create_is_for_any_name() {
    let found = suggested("", &["create", "resourcequotas/x", "-n", "kube-system"]);
    assert_eq!(found["newRole"], true);
    assert_eq!(found["rules"][0].get("resourceNames"), None);
    assert!(
        found["notes"]
            .to_string()
            .contains("a create carries no name")
    );
    let found = suggested("", &["delete", "nodes/x"]);
    assert_eq!(found["rules"][0]["resourceNames"], serde_json::json!(["x"]));
}

#[test]
fn a_rule_for_the_name_of_nothing_isnt_taken_for_any() {
    let rule = "{apiGroups: [''], resources: [configmaps], verbs: [create], resourceNames: ['']}";
    let text = role("Role", "{name: empty, namespace: shop}", rule);
    let found = suggested(&text, &["create", "configmaps/x", "-n", "shop"]);
    assert_eq!(found["role"]["name"], "edit");
}

#[test]
fn what_no_grant_is_right_for_says_why() {
    let gatherer = format!(
        "{API}kind: ClusterRole\nmetadata: {{name: all}}\naggregationRule:\n  clusterRoleSelectors:\n  \
         - matchExpressions: [{{key: x, operator: DoesNotExist}}]\nrules: []\n"
    );
    for (text, args, part) in [
        ("", &["get", "foos"][..], "knows the type `foos`"),
        (
            "",
            &["get", "foos.example.com"],
            "knows the type `foos.example.com`",
        ),
        ("", &["gett", "pods"], "knows the verb `gett`"),
        ("", &["gett", "pods", "-A"], "knows the verb `gett`"),
        (
            "",
            &["get", "pods", "--subresource", "logs"],
            "no subresource `logs`",
        ),
        ("", &["*", "pods"], "a grant of `*`"),
        ("", &["get", "*"], "a grant of `*`"),
        ("", &["get", "/metrics/*"], "a grant of `/metrics/*`"),
        ("", &["get", "pods/${X}"], "isn't rendered"),
        (
            "",
            &["get", "pods", "-n", "A b"],
            "no namespace can be called `A b`",
        ),
        (&gatherer, &["delete", "nodes"], "ClusterRole `all` gathers"),
    ] {
        let found = suggested(text, args);
        let reason = found["reason"].as_str().unwrap_or_default();
        assert!(reason.contains(part), "{args:?}: {found}");
        assert_eq!(found.get("manifest"), None);
    }
    // A rule knows this one.
    let widgets = "{apiGroups: [example.com], resources: [widgets], verbs: [get]}";
    let text = role("ClusterRole", "{name: w}", widgets);
    let found = suggested(&text, &["get", "widgets.example.com", "-n", "shop"]);
    assert_eq!(found["role"]["name"], "w");
    let folder = TempDir::new().unwrap();
    put(folder.path(), "x.yaml", NOTHING);
    let args = [
        "can-i",
        "get",
        "pods",
        "--as",
        "system:anonymous",
        "-f",
        "x.yaml",
        "--suggest",
    ];
    let text = String::from_utf8(run(folder.path(), &args, b"").stdout).unwrap();
    assert!(
        text.contains("no suggestion: whatever `system:anonymous` gets"),
        "{text}"
    );
}

#[test]
fn it_is_put_beside_the_closest_near_miss() {
    let binding = |namespace: &str| {
        format!(
            "{API}kind: RoleBinding\nmetadata: {{name: b, namespace: {namespace}}}\n\
             roleRef: {{kind: ClusterRole, name: view}}\nsubjects: [{{kind: User, name: alice}}]\n"
        )
    };
    let folder = TempDir::new().unwrap();
    put(folder.path(), "a/one.yaml", binding("other"));
    put(folder.path(), "b\nc.yaml", binding("another"));
    let file = |paths: &[&str]| {
        let args = [
            "can-i",
            "get",
            "configmaps",
            "--as",
            "alice",
            "-n",
            "shop",
            "--suggest",
            "-ojson",
        ];
        let files: Vec<&str> = paths.iter().flat_map(|path| ["-f", path]).collect();
        let output = run(folder.path(), &[&args[..], &files].concat(), b"");
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        json["suggestion"].clone()
    };
    assert_eq!(file(&["a/one.yaml"])["file"], "a/one.yaml");
    let found = file(&["b\nc.yaml"]);
    assert_eq!(found["file"], "b\nc.yaml");
    let manifest = found["manifest"].as_str().unwrap();
    assert!(manifest.contains("# put into b\\nc.yaml\n"), "{manifest}");
    put(folder.path(), "none.yaml", NOTHING);
    assert_eq!(file(&["none.yaml"]).get("file"), None);
    // Not a file that a document can be added to.
    let json = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"b",
        "namespace":"other"},"roleRef":{"kind":"ClusterRole","name":"view"},
        "subjects":[{"kind":"User","name":"alice"}]}"#;
    put(folder.path(), "dump.json", json);
    assert_eq!(file(&["dump.json"]).get("file"), None);
}

#[test]
fn a_yes_has_none_and_bad_usage_is_refused() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "x.yaml", NOTHING);
    let can_i = |args: &[&str]| {
        let common = ["--as", "alice", "-f", "x.yaml", "--suggest"];
        run(folder.path(), &[&["can-i"], args, &common].concat(), b"")
    };
    let yes = can_i(&["get", "/version", "-o", "json"]);
    let json: Value = serde_json::from_slice(&yes.stdout).unwrap();
    assert_eq!(
        (json["allowed"].as_bool(), json.get("suggestion")),
        (Some(true), None)
    );
    let text = String::from_utf8(can_i(&["get", "/version"]).stdout).unwrap();
    assert!(!text.contains("---"), "{text}");
    for (args, why) in [
        (&["get", "pods", "-q"][..], "`--quiet` prints nothing"),
        (&["--list"], "`--list` asks about none"),
    ] {
        let output = can_i(args);
        assert_eq!((output.status.code(), &*output.stdout), (Some(2), &b""[..]));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(why), "{stderr}");
    }
}

#[test]
fn many_wide_roles_take_little_time() {
    let words = |of: &str| -> String { (0..24).map(|n| format!("{of}{n},")).collect() };
    let rule = format!(
        "{{apiGroups: ['',{}], resources: [pods,{}], verbs: [use,{}]}}",
        words("g"),
        words("r"),
        words("v")
    );
    let text: String = (0..4000)
        .map(|n| role("ClusterRole", &format!("{{name: r{n}}}"), &rule))
        .collect();
    let begin = Instant::now();
    let found = suggested(&text, &["use", "pods", "-n", "shop"]);
    assert_eq!(found["role"]["name"], "r0");
    assert!(
        begin.elapsed() < Duration::from_secs(30),
        "{:?}",
        begin.elapsed()
    );
}

/// The text is the same at every width and in a pipe.
#[cfg(target_os = "linux")]
#[test]
fn the_text_is_as_wide_as_ever() {
    use crate::support::told::run_in_terminal;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = "testdata/quickstart/rbac.yaml";
    let args = [
        "can-i",
        "get",
        "secrets",
        "--as",
        "alice",
        "-n",
        "team-alpha",
        "-f",
        file,
        "--suggest",
    ];
    let piped = String::from_utf8(run(root, &args, b"").stdout).unwrap();
    assert!(
        piped.lines().all(|line| line.chars().count() <= 100),
        "{piped}"
    );
    for columns in [60, 80, 200] {
        let shown = run_in_terminal(root, &args, b"", columns);
        assert_eq!(shown.replace('\r', ""), piped);
    }
}

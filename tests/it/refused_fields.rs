//! What a server refuses of an object's fields is refused, whatever the field is for: each is told, with
//! what tells whether the object stayed the same, and the object isn't used.

use rbac_eval::diagnostic::{Diagnostic, codes};
use rbac_eval::kube::{self, Manifest};
use rbac_eval::text::{Files, SourceText};

/// Reads objects, each of which is written in flow style.
fn read(name: &str, text: &str) -> Manifest {
    let text = SourceText {
        name: name.to_owned(),
        bytes: text.into(),
        named: true,
    };
    kube::parse(&mut Files::default(), &[text])
}

fn role(metadata: &str) -> String {
    format!(
        r#"{{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{metadata},"rules":[]}}"#
    )
}

fn binding(subject: &str) -> String {
    format!(
        r#"{{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{{"name":"b"}},"roleRef":{{"kind":"ClusterRole","name":"view"}},"subjects":[{subject}]}}"#
    )
}

fn aggregated(selector: &str) -> String {
    format!(
        r#"{{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{{"name":"a"}},"aggregationRule":{{"clusterRoleSelectors":[{selector}]}}}}"#
    )
}

/// In JSON, in YAML, and in a list of either.
fn forms(object: &str) -> [(&'static str, String); 4] {
    [
        ("a.json", object.to_owned()),
        ("a.yaml", format!("# c\n{object}\n")),
        (
            "list.json",
            format!(r#"{{"apiVersion":"v1","kind":"List","items":[{object}]}}"#),
        ),
        (
            "list.yaml",
            format!("apiVersion: v1\nkind: List\nitems:\n- {object}\n"),
        ),
    ]
}

fn refusal(name: &str, text: &str) -> Diagnostic {
    let manifest = read(name, text);
    assert!(manifest.objects.is_empty(), "{name}: {text}");
    let [told] = &*manifest.diagnostics else {
        panic!("{name}: {text}: {:?}", manifest.diagnostics);
    };
    assert!(told.is_unjudged() && told.content.is_some(), "{told:?}");
    assert_eq!(told.code, &codes::REFUSED, "{told:?}");
    told.clone()
}

#[test]
fn metadata_is_held_against_what_a_server_takes() {
    let long = "x".repeat(64);
    let cases = [
        (
            r#"{"name":"r","generateName":true}"#.to_owned(),
            "`metadata.generateName` holds the boolean",
        ),
        (r#"{"name":"r","finalizers":{}}"#.to_owned(), "a list"),
        (
            r#"{"name":"r","finalizers":[1]}"#.to_owned(),
            "`metadata.finalizers` holds the number",
        ),
        (
            r#"{"name":"r","finalizers":["a b"]}"#.to_owned(),
            "metadata.finalizers: invalid value",
        ),
        (r#"{"name":"r","labels":[]}"#.to_owned(), "mapping"),
        (
            r#"{"name":"r","labels":{"a":5}}"#.to_owned(),
            "`metadata.labels.a` holds the number",
        ),
        (
            r#"{"name":"r","labels":{"a b":"c"}}"#.to_owned(),
            "metadata.labels: invalid value `a b`",
        ),
        (
            r#"{"name":"r","labels":{"A.b/":"c"}}"#.to_owned(),
            "metadata.labels: invalid value",
        ),
        (
            r#"{"name":"r","labels":{"a":"b c"}}"#.to_owned(),
            "metadata.labels.a: invalid value",
        ),
        (
            format!(r#"{{"name":"r","labels":{{"a":"{long}"}}}}"#),
            "metadata.labels.a: invalid value",
        ),
        (
            r#"{"name":"r","labels":{"a":"-"}}"#.to_owned(),
            "metadata.labels.a: invalid value",
        ),
        (
            r#"{"name":"r","annotations":{"a b":"c"}}"#.to_owned(),
            "metadata.annotations: invalid value",
        ),
        (
            r#"{"name":"r","annotations":{"a":true}}"#.to_owned(),
            "`metadata.annotations.a` holds the boolean",
        ),
        (
            r#"{"name":"r","generation":"1"}"#.to_owned(),
            "a whole number",
        ),
        (
            r#"{"name":"r","generation":-1}"#.to_owned(),
            "metadata.generation: invalid value",
        ),
        (
            r#"{"name":"r","creationTimestamp":"yesterday"}"#.to_owned(),
            "metadata.creationTimestamp: `yesterday`",
        ),
        (
            r#"{"name":"r","creationTimestamp":5}"#.to_owned(),
            "`metadata.creationTimestamp` holds the number",
        ),
        (r#"{"name":"r","ownerReferences":{}}"#.to_owned(), "a list"),
        (
            r#"{"name":"r","ownerReferences":[{"kind":"A"}]}"#.to_owned(),
            "metadata.ownerReferences.apiVersion: must not be empty",
        ),
        (
            r#"{"name":"r","ownerReferences":[{"controller":"yes"}]}"#.to_owned(),
            "boolean",
        ),
        (r#"{"name":"r","managedFields":5}"#.to_owned(), "a list"),
        (
            r#"{"name":"r","namespace":"a/b"}"#.to_owned(),
            "metadata.namespace: invalid value `a/b`",
        ),
        (
            r#"{"name":"r","namespace":"A"}"#.to_owned(),
            "metadata.namespace: invalid value",
        ),
        (
            r#"{"name":"a/b"}"#.to_owned(),
            "metadata.name: invalid value",
        ),
        (
            r#"{"generateName":"a/"}"#.to_owned(),
            "metadata.generateName: invalid value",
        ),
        (r#"{"name":""}"#.to_owned(), "metadata.name: required value"),
        (r#"{"nam":"r"}"#.to_owned(), "unknown field `metadata.nam`"),
        (r"5".to_owned(), "the number `5`"),
    ];
    for (metadata, told) in cases {
        for (name, text) in forms(&role(&metadata)) {
            let message = refusal(name, &text).message;
            assert!(message.contains(told), "{name}: {metadata}: {message}");
        }
    }
}

#[test]
fn subjects_and_selectors_are_held_against_what_a_server_takes() {
    for (object, told) in [
        (
            binding(r#"{"kind":"User","name":"u","apiVersion":null}"#),
            "unknown field `apiVersion`",
        ),
        (
            binding(r#"{"kind":"User","name":"u","apiVersion":"v1"}"#),
            "unknown field `apiVersion`",
        ),
        (
            binding(r#"{"kind":"User","name":5}"#),
            "`name` holds the number",
        ),
        (binding("[]"), "a subject"),
        (
            aggregated(r#"{"matchLabels":{"a b":"c"}}"#),
            "matchLabels: invalid value `a b`",
        ),
        (
            aggregated(r#"{"matchLabels":{"a":"b c"}}"#),
            "matchLabels.a: invalid value `b c`",
        ),
        (
            aggregated(r#"{"matchExpressions":[{"key":"a b","operator":"Exists"}]}"#),
            "matchExpressions.key: invalid value `a b`",
        ),
        (
            aggregated(r#"{"matchExpressions":[{"operator":"Exists"}]}"#),
            "matchExpressions.key: invalid value",
        ),
        (
            aggregated(r#"{"matchExpressions":[{"key":"a","operator":"In","values":["b c"]}]}"#),
            "matchExpressions.values: invalid value `b c`",
        ),
    ] {
        for (name, text) in forms(&object) {
            let message = refusal(name, &text).message;
            assert!(message.contains(told), "{name}: {object}: {message}");
        }
    }
}

/// Of another group whose kind only has the name of one of ours, nothing has to be told; of what is no
/// group of anyone's, it does.
#[test]
fn versions_that_no_server_has_are_told() {
    for (version, kind) in [
        ("rbac/v1", "ClusterRole"),
        ("v1", "Role"),
        ("v2", "Namespace"),
        ("apps/v1", "ServiceAccount"),
        ("rbac.authorization.k8s.io/v2", "RoleBinding"),
        ("RBAC.authorization.k8s.io/v1", "RoleBinding"),
        ("rbac.authorization.k8s.io/v1/x", "RoleBinding"),
        ("x.k8s.io/v1", "ClusterRoleBinding"),
        ("apiextensions.k8s.io/v3", "CustomResourceDefinition"),
    ] {
        let object =
            format!(r#"{{"apiVersion":"{version}","kind":"{kind}","metadata":{{"name":"x"}}}}"#);
        for (name, text) in forms(&object) {
            let message = refusal(name, &text).message;
            assert!(message.contains("no matches for kind"), "{message}");
        }
    }
    let foreign = r#"{"apiVersion":"iam.example.com/v1","kind":"Role","metadata":{"name":"x"}}"#;
    for (name, text) in forms(foreign) {
        assert_eq!(read(name, &text).diagnostics, []);
    }
}

/// kubectl creates such an object; its name is the server's to choose.
#[test]
fn an_object_with_a_prefix_for_a_name_is_used() {
    for (metadata, name) in [
        (r#"{"generateName":"reader-"}"#, "reader-*"),
        (r#"{"generateName":"reader-","name":""}"#, "reader-*"),
        (r#"{"generateName":"reader-","name":"own"}"#, "own"),
    ] {
        for (file, text) in forms(&role(metadata)) {
            let manifest = read(file, &text);
            let [role] = manifest.objects.of::<kube::Role>() else {
                panic!("{file}: {:?}", manifest.diagnostics);
            };
            assert_eq!(role.name, name, "{file}");
        }
    }
}

/// A secret that stands where an object belongs isn't for a log.
#[test]
fn of_what_stands_where_an_object_belongs_only_the_beginning_is_shown() {
    let secret = "s3cr3t".repeat(100);
    for (name, text) in [
        ("a.yaml", format!("{secret}\n")),
        (
            "a.yaml",
            format!("apiVersion: {secret}\nkind: Role\nmetadata: {{name: a}}\n"),
        ),
        ("a.yaml", role(&format!("\"{secret}\""))),
        ("a.yaml", role(&format!("{{\"name\":\"{secret}/\"}}"))),
        (
            "a.yaml",
            role(&format!(
                "{{\"name\":\"a\",\"labels\":{{\"{secret}\":\"{secret}\"}}}}"
            )),
        ),
        ("a.yaml", binding(&format!("\"{secret}\""))),
        ("a.yaml", format!("# c\na: !!int {secret}\n")),
        ("a.json", binding(&format!("\"{secret}\""))),
        ("a.json", role(&format!("\"{secret}\""))),
        ("a.json", format!("{{\"a\":\"{secret}\"}} \"{secret}\"")),
    ] {
        let told = read(name, &text).diagnostics;
        assert!(!told.is_empty(), "{name}");
        for diagnostic in told {
            let more = diagnostic.message.contains(&secret[..41]);
            assert!(!more, "{name}: {}", diagnostic.message);
        }
    }
}

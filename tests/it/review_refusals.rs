//! What a server refuses of a review gets an error and no verdict; what it takes gets one.

use crate::support::testdata;
use crate::support::told::run;
use serde_json::{Value, json};

/// Whether a status was written, and what was said on stderr.
fn reviewed(text: &str) -> (bool, String) {
    let args = ["review", "-f", "near-misses.yaml"];
    let output = run(&testdata().join("cases"), &args, text.as_bytes());
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let answered = stdout.contains("allowed");
    let code = if answered { 0 } else { 2 };
    assert_eq!(output.status.code(), Some(code), "{text}\n{stdout}{stderr}");
    assert_eq!(stdout.is_empty(), !answered, "{text}\n{stdout}");
    assert_eq!(stderr.is_empty(), answered, "{text}\n{stderr}");
    (answered, stderr)
}

fn cluster_review() -> Value {
    json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": "wide",
            "groups": ["g"],
            "resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "shop"},
        },
    })
}

fn local_review() -> Value {
    let mut review = cluster_review();
    review["kind"] = json!("LocalSubjectAccessReview");
    review["metadata"] = json!({"namespace": "shop"});
    review
}

/// A review with something else at a place, as `/spec/uid`.
fn with(mut review: Value, pointer: &str, value: &Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    if review.pointer(parent).is_none_or(Value::is_null) {
        review = with(review, parent, &json!({}));
    }
    let parent = review.pointer_mut(parent).unwrap();
    parent[key] = value.clone();
    review
}

/// The review in each format.
fn forms(review: &Value) -> [String; 4] {
    [
        review.to_string(),
        format!("{review:#}"),
        serde_yaml::to_string(review).unwrap(),
        format!("# in flow style\n--- {review}\n"),
    ]
}

/// The review is refused in each format, for this reason.
fn refused(review: &Value, why: &str) {
    for text in forms(review) {
        let (answered, stderr) = reviewed(&text);
        assert!(!answered, "{text}");
        assert!(stderr.starts_with("error: -:"), "{stderr}");
        assert!(stderr.contains(why), "{text}\n{stderr}\n{why}");
    }
}

fn taken(review: &Value) {
    for text in forms(review) {
        assert!(reviewed(&text).0, "{text}");
    }
}

#[test]
fn what_has_another_type_is_refused_with_its_place() {
    let text = json!("x");
    let number = json!(5);
    let flag = json!(true);
    let list = json!([]);
    let strings = json!(["x"]);
    let mapping = json!({});
    let selector = "/spec/resourceAttributes/fieldSelector";
    let all: [(&str, &[&Value]); 24] = [
        ("/apiVersion", &[&number, &list]),
        ("/kind", &[&number, &mapping]),
        ("/metadata", &[&text, &number, &list]),
        ("/metadata/labels", &[&text, &strings]),
        ("/metadata/managedFields", &[&text, &mapping]),
        ("/spec", &[&text, &number, &list, &strings]),
        ("/spec/user", &[&number, &flag, &strings, &mapping]),
        ("/spec/groups", &[&text, &number, &mapping]),
        ("/spec/groups/0", &[&number, &flag, &list, &mapping]),
        ("/spec/uid", &[&number, &flag, &strings, &mapping]),
        ("/spec/extra", &[&text, &number, &strings]),
        ("/spec/extra/scopes", &[&text, &number, &mapping]),
        (
            "/spec/resourceAttributes",
            &[&text, &number, &list, &strings],
        ),
        ("/spec/resourceAttributes/namespace", &[&number, &strings]),
        ("/spec/resourceAttributes/verb", &[&flag, &strings]),
        ("/spec/resourceAttributes/group", &[&number, &mapping]),
        ("/spec/resourceAttributes/version", &[&number, &flag, &list]),
        ("/spec/resourceAttributes/resource", &[&number]),
        ("/spec/resourceAttributes/subresource", &[&number]),
        ("/spec/resourceAttributes/name", &[&number]),
        (selector, &[&text, &strings]),
        ("/spec/resourceAttributes/labelSelector", &[&number]),
        ("/status", &[&text, &list, &strings]),
        ("/status/allowed", &[&text, &number]),
    ];
    for (pointer, values) in all {
        let path = pointer[1..]
            .replace('/', ".")
            .replace("groups.0", "groups[0]");
        for value in values {
            let review = if pointer == "/spec/groups/0" {
                with(cluster_review(), "/spec/groups", &json!([value]))
            } else {
                with(cluster_review(), pointer, value)
            };
            refused(&review, &format!(", at `{path}`\n"));
        }
    }
    for (pointer, value, path) in [
        (
            "/spec/extra",
            json!({"a.b/c": [1]}),
            "spec.extra[\"a.b/c\"][0]",
        ),
        (
            "/spec/nonResourceAttributes",
            json!({"path": 1}),
            "spec.nonResourceAttributes.path",
        ),
        (
            selector,
            json!({"rawSelector": 1}),
            "spec.resourceAttributes.fieldSelector.rawSelector",
        ),
        (
            selector,
            json!({"requirements": [{"values": [1]}]}),
            "spec.resourceAttributes.fieldSelector.requirements[0].values[0]",
        ),
        (
            selector,
            json!({"requirements": [null]}),
            "spec.resourceAttributes.fieldSelector.requirements[0]",
        ),
        ("/status", json!({"reason": 5}), "status.reason"),
    ] {
        let review = with(cluster_review(), pointer, &value);
        refused(&review, &format!(", at `{path}`\n"));
    }
    for field in ["uid", "name", "generateName", "resourceVersion", "selfLink"] {
        let review = with(cluster_review(), &format!("/metadata/{field}"), &number);
        refused(&review, &format!("`metadata.{field}` holds the number `5`"));
    }
    for field in ["creationTimestamp", "deletionTimestamp"] {
        let review = with(cluster_review(), &format!("/metadata/{field}"), &text);
        refused(&review, &format!("metadata.{field}: `x` is no time"));
    }
}

#[test]
fn the_line_is_that_of_the_field() {
    let yaml = "apiVersion: authorization.k8s.io/v1\nkind: SubjectAccessReview\nspec:\n  user: wide\n  \
                uid: 5\n  resourceAttributes: {verb: get, resource: pods}\n";
    let (_, stderr) = reviewed(yaml);
    assert!(stderr.starts_with("error: -:5: the number `5`"), "{stderr}");
    // The last one of its object, after which a reader of JSON goes on to the next line.
    let json = "{\n \"apiVersion\": \"authorization.k8s.io/v1\",\n \"kind\": \"SubjectAccessReview\",\n \
                \"spec\": {\n  \"resourceAttributes\": {\"verb\": \"get\"},\n  \"uid\": 5\n }\n}\n";
    let (_, stderr) = reviewed(json);
    assert!(stderr.starts_with("error: -:6: the number `5`"), "{stderr}");
    let yaml = "apiVersion: authorization.k8s.io/v1\nkind: SubjectAccessReview\nmetadata:\n  \
                labels: {a: b}\nspec: {user: wide, resourceAttributes: {verb: get}}\n";
    let (_, stderr) = reviewed(yaml);
    assert_eq!(stderr, "error: -:4: metadata: must be empty\n");
}

#[test]
fn a_field_that_v1_does_not_have_is_refused() {
    for (pointer, path) in [
        // So was `groups` called in v1beta1.
        ("/spec/group", "spec.group"),
        ("/spec/resourceAtributes", "spec.resourceAtributes"),
        (
            "/spec/resourceAttributes/verbs",
            "spec.resourceAttributes.verbs",
        ),
        ("/status/denied_", "status.denied_"),
        ("/items", "items"),
    ] {
        let review = with(cluster_review(), pointer, &json!(["g"]));
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        assert!(path.ends_with(field), "{parent}");
        refused(&review, &format!("unknown field `{field}`"));
        refused(&review, &format!(", at `{path}`\n"));
    }
    let review = with(cluster_review(), "/metadata/nam", &json!("x"));
    refused(&review, "unknown field `metadata.nam`");
    // Nobody is named by it.
    let mut review = with(cluster_review(), "/spec/group", &json!(["g"]));
    review["spec"].as_object_mut().unwrap().remove("user");
    review["spec"].as_object_mut().unwrap().remove("groups");
    refused(&review, "unknown field `group`");
}

#[test]
fn only_version_v1_has_reviews() {
    for version in [
        "authorization.k8s.io/v1beta1",
        "authorization.k8s.io/v2",
        "v1",
        "",
    ] {
        for kind in ["SubjectAccessReview", "LocalSubjectAccessReview"] {
            let mut review = local_review();
            review["kind"] = json!(kind);
            review["apiVersion"] = json!(version);
            refused(&review, &format!("apiVersion `{version}` has no {kind}"));
        }
    }
    for kind in [
        "SelfSubjectAccessReview",
        "SelfSubjectRulesReview",
        "Pod",
        "",
    ] {
        let review = with(cluster_review(), "/kind", &json!(kind));
        let why = if kind.is_empty() {
            "it has no `kind`"
        } else {
            kind
        };
        refused(&review, why);
    }
}

#[test]
fn metadata_must_be_empty() {
    for (field, value) in [
        ("name", json!("x")),
        ("generateName", json!("x-")),
        ("resourceVersion", json!("1")),
        ("generation", json!(1)),
        ("labels", json!({"a": "b"})),
        ("annotations", json!({"a": ""})),
        ("finalizers", json!(["a/b"])),
        (
            "ownerReferences",
            json!([{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}]),
        ),
    ] {
        let pointer = format!("/metadata/{field}");
        refused(
            &with(cluster_review(), &pointer, &value),
            "metadata: must be empty\n",
        );
        refused(
            &with(local_review(), &pointer, &value),
            "metadata: must be empty except for namespace\n",
        );
    }
    // What says nothing, and what a server sets itself whatever is asked for.
    for (field, value) in [
        ("name", json!("")),
        ("labels", json!({})),
        ("annotations", Value::Null),
        ("finalizers", json!([])),
        ("generation", json!(0)),
        ("creationTimestamp", Value::Null),
        ("creationTimestamp", json!("2026-03-01T10:00:00Z")),
        ("uid", json!("u")),
        ("deletionGracePeriodSeconds", json!(5)),
        (
            "managedFields",
            json!([{"manager": "kubectl-create", "operation": "Update"}]),
        ),
    ] {
        let pointer = format!("/metadata/{field}");
        taken(&with(cluster_review(), &pointer, &value));
        taken(&with(local_review(), &pointer, &value));
    }
    // What is in no namespace has none, whatever it says.
    taken(&with(cluster_review(), "/metadata/namespace", &json!("x")));
    taken(&with(cluster_review(), "/metadata", &Value::Null));
}

#[test]
fn a_local_review_asks_about_its_own_namespace() {
    taken(&local_review());
    for (metadata, asked) in [
        ("shop", "other"),
        ("shop", ""),
        ("", "shop"),
        ("other", "shop"),
    ] {
        let review = with(local_review(), "/metadata/namespace", &json!(metadata));
        let review = with(review, "/spec/resourceAttributes/namespace", &json!(asked));
        refused(
            &review,
            "spec.resourceAttributes.namespace: must match metadata.namespace",
        );
    }
    // It is posted to some namespace.
    let review = with(local_review(), "/metadata/namespace", &json!(""));
    let review = with(review, "/spec/resourceAttributes/namespace", &json!(""));
    refused(&review, "metadata.namespace: required value");
    let mut review = local_review();
    let spec = review["spec"].as_object_mut().unwrap();
    spec.remove("resourceAttributes");
    spec.insert(
        "nonResourceAttributes".to_owned(),
        json!({"path": "/x", "verb": "get"}),
    );
    refused(
        &review,
        "spec.nonResourceAttributes: disallowed on this kind of request",
    );
}

#[test]
fn someone_asks_one_thing() {
    let url = json!({"path": "/x", "verb": "get"});
    let one = "exactly one of nonResourceAttributes or resourceAttributes";
    refused(
        &with(cluster_review(), "/spec/nonResourceAttributes", &url),
        one,
    );
    refused(
        &with(cluster_review(), "/spec/resourceAttributes", &Value::Null),
        one,
    );
    for groups in [json!([]), Value::Null] {
        let review = with(cluster_review(), "/spec/groups", &groups);
        taken(&review);
        for user in [json!(""), Value::Null] {
            let review = with(review.clone(), "/spec/user", &user);
            refused(&review, "at least one of user or group must be specified");
        }
    }
    // A group of no name is one for a server too.
    let review = with(cluster_review(), "/spec/user", &json!(""));
    taken(&with(review, "/spec/groups", &json!([null])));
    for value in [json!({}), Value::Null] {
        let spec = with(cluster_review(), "/spec", &value);
        assert!(!reviewed(&spec.to_string()).0);
    }
}

#[test]
fn selectors_are_looked_at_before_rbac_is_asked() {
    let selected = |kind: &str, value: Value| {
        let pointer = format!("/spec/resourceAttributes/{kind}Selector");
        with(cluster_review(), &pointer, &value)
    };
    let requirement = |value: Value| json!({"requirements": [value]});
    for kind in ["field", "label"] {
        refused(
            &selected(kind, json!({})),
            "Selector.requirements: required value",
        );
        refused(
            &selected(kind, json!({"rawSelector": "", "requirements": []})),
            "Selector.requirements: required value",
        );
        let both =
            json!({"rawSelector": "a=b", "requirements": [{"key": "a", "operator": "Exists"}]});
        refused(
            &selected(kind, both),
            "Selector.rawSelector: may not be specified",
        );
        for (value, why) in [
            (
                json!({"key": "a", "operator": "In"}),
                "requirements[0].values: must be specified",
            ),
            (
                json!({"key": "a", "operator": "NotIn", "values": []}),
                "requirements[0].values: must be specified",
            ),
            (
                json!({"key": "a", "operator": "Exists", "values": ["b"]}),
                "requirements[0].values: may not be specified",
            ),
            (json!({"operator": "Exists"}), "requirements[0].key: "),
        ] {
            refused(&selected(kind, requirement(value)), why);
        }
        for value in [
            json!({"rawSelector": "a=b"}),
            requirement(json!({"key": "a", "operator": "In", "values": ["b"]})),
            requirement(json!({"key": "a", "operator": "DoesNotExist", "values": null})),
            // Newer clients may know operators that a server doesn't.
            requirement(json!({"key": "a", "operator": "Near", "values": ["b"]})),
            requirement(json!({"key": "a", "operator": ""})),
            Value::Null,
        ] {
            taken(&selected(kind, value));
        }
    }
    let odd = |key: &str, value: &str| {
        requirement(json!({"key": key, "operator": "In", "values": [value]}))
    };
    taken(&selected("field", odd("spec.a[0] b", "not a label!")));
    refused(
        &selected("label", odd("not a key", "b")),
        "requirements[0].key: invalid value",
    );
    refused(
        &selected("label", odd("a", "not a label!")),
        "requirements[0].values: invalid value",
    );
}

#[test]
fn what_rbac_does_not_look_at_is_taken() {
    for (pointer, value) in [
        ("/spec/uid", json!("u")),
        ("/spec/uid", Value::Null),
        (
            "/spec/extra",
            json!({"scopes": ["a", null], "none": null, "a.b/c": []}),
        ),
        ("/spec/extra", Value::Null),
        ("/spec/resourceAttributes/version", json!("v1")),
        ("/spec/resourceAttributes/version", json!("*")),
        (
            "/status",
            json!({"allowed": false, "denied": true, "reason": "r", "evaluationError": "e"}),
        ),
        ("/status", Value::Null),
    ] {
        taken(&with(cluster_review(), pointer, &value));
    }
}

/// Formats that know no names let a struct be written as the list of its fields.
#[test]
fn a_list_of_fields_is_no_object() {
    let head = r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":"#;
    for (spec, path) in [
        (
            r#"["wide",null,null,null,{"verb":"get","resource":"pods"},null]"#,
            "spec",
        ),
        (
            r#"{"user":"wide","resourceAttributes":["shop","get","",null,"pods",null,null,null,null]}"#,
            "spec.resourceAttributes",
        ),
        (
            r#"{"user":"wide","nonResourceAttributes":["/metrics/","get"]}"#,
            "spec.nonResourceAttributes",
        ),
    ] {
        let (answered, stderr) = reviewed(&format!("{head}{spec}}}\n"));
        assert!(!answered);
        let told = format!("error: -:1: a list, where a mapping belongs, at `{path}`\n");
        assert_eq!(stderr, told);
    }
}

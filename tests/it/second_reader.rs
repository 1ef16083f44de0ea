//! The reader against a second one, which was written for the tests from the rules of kubectl's
//! libraries: the same objects, or it is said that something wasn't judged.

use proptest::prelude::*;
use serde_json::Value;

use crate::support::second::{self, Outcome, compare, stored};
use crate::support::testdata;

/// The second reader reads what kubectl was recorded to send, too.
#[test]
fn both_readers_read_what_kubectl_sends() {
    let path = testdata().join("conformance/manifests/dev.jsonl");
    let lines = std::fs::read_to_string(path).unwrap();
    let (mut agree, mut apart, mut wrong) = (0, Vec::new(), Vec::new());
    for line in lines.lines() {
        let Ok(case) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let (Some(written), name) = (case["text"].as_str(), case["name"].as_str().unwrap()) else {
            continue;
        };
        // Half a character in JSON is nothing for the second reader.
        if written.contains("\\ud800") {
            continue;
        }
        match compare(written) {
            Ok(Outcome::Agree) => agree += 1,
            Ok(Outcome::Refused) => {}
            Err(why) => apart.push(format!("{name}: {why}")),
        }
        let (sent, _) = second::sent(written);
        if stored(&sent).objects != stored(case["posted"].as_array().unwrap()).objects {
            wrong.push(name.to_owned());
        }
    }
    assert_eq!(apart, [""; 0], "{}", apart.join("\n"));
    assert_eq!(wrong, [""; 0]);
    assert!(agree > 850, "{agree}");
}

/// Texts that are whole as they stand.
const WHOLE: [&str; 6] = [
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: b\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: view\nsubjects:\n- kind: User\n  name: ann\n- {kind: Group, name: devs}\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: |\n    kind: ClusterRole\n    b\n  c: \"d\\n\"\n---\nkind: ClusterRole\napiVersion: rbac.authorization.k8s.io/v1\nmetadata: {name: r}\nrules:\n- apiGroups: [\"\"]\n  resources: [pods]\n  verbs: [get]\n",
    "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: p\n- apiVersion: rbac.authorization.k8s.io/v1\n  kind: ClusterRoleBinding\n  metadata:\n    name: b\n  roleRef: {kind: ClusterRole, name: edit}\n  subjects:\n  - kind: User\n    name: bob\nmetadata:\n  resourceVersion: \"\"\n",
    "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"ClusterRoleBinding\",\"metadata\":{\"name\":\"j\"},\"roleRef\":{\"kind\":\"ClusterRole\",\"name\":\"view\"},\"subjects\":[{\"kind\":\"User\",\"name\":\"u\"}]}\n",
    "x: &a {name: ann, kind: User}\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: &m {name: b, namespace: ns}\nroleRef: {kind: Role, name: r}\nsubjects: [*a, {<<: *a, name: bob}, {kind: User, <<: [*a, {namespace: x}]}]\n",
    "---\n# a comment\nkind: \"Role\"\napiVersion: 'rbac.authorization.k8s.io/v1'\nmetadata:\n  name: >-\n    folded\n  labels: {a: b}\n? rules\n: - verbs: [get,\n      list]\n    apiGroups: ['']\n    resources:\n    - pods\n",
];

/// What is put into them, or for a part of them.
const PIECES: [&str; 78] = [
    "\n",
    "\n\n",
    " ",
    "  ",
    "\t",
    ":",
    ": ",
    "- ",
    "-",
    "? ",
    ", ",
    ",",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "&m ",
    "*m",
    "!x ",
    "! ",
    "!!str ",
    "!!int ",
    "!!binary ",
    "!<tag:yaml.org,2002:str> ",
    "'",
    "\"",
    "''",
    "|\n",
    "|-\n  x\n",
    "|+\n",
    "|2\n",
    ">\n",
    ">-\n  y\n  z\n",
    "#",
    " # c",
    "\n# c\n",
    "\n---\n",
    "\n--- # c\n",
    "\n---",
    "\n...\n",
    "--- x\n",
    "%",
    "@",
    "\\",
    "\\x41",
    "\\\n",
    "\\/",
    "\r",
    "\r\n",
    "\u{85}",
    "\u{2028}",
    "é",
    "\u{1}",
    "<<: ",
    "\"<<\": ",
    "<<: {name: zz}",
    "<<: [*a, {name: yy}]",
    "kind: Pod",
    "\nkind: ConfigMap\n",
    "\"kind\": ClusterRole",
    "items: []",
    "\nitems:\n- {a: b}\n",
    "null",
    "~",
    "yes",
    "n",
    "0x1",
    "010",
    "1e3",
    ".inf",
    "1_0",
    "name: zz",
    "\nname: zz\n",
    "\n  ",
    "\n - ",
    "}\n",
];

/// Changes to a text: where, how much of it goes, and what comes.
fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, &'static str)>> {
    let goes = prop_oneof![6 => Just(0_usize), 1 => 1..6_usize, 1 => 1..60_usize];
    let comes = prop_oneof![8 => prop::sample::select(&PIECES[..]), 1 => Just("")];
    prop::collection::vec((any::<prop::sample::Index>(), goes, comes), 1..5)
}

fn changed(text: &str, changes: &[(prop::sample::Index, usize, &str)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (at, goes, comes) in changes {
        let at = at.index(chars.len() + 1);
        let end = (at + goes).min(chars.len());
        chars.splice(at..end, comes.chars());
    }
    chars.into_iter().collect()
}

/// Values in flow style, with anchors, aliases and merges here and there.
fn flow() -> impl Strategy<Value = String> {
    let scalar = prop::sample::select(vec![
        "x", "'1'", "1", "-1", "1_000", "yes", "~", "''", "1.5", "!!str 1", "*s", "a b", "0x1F",
        "view",
    ]);
    let key = prop::sample::select(vec![
        "name",
        "kind",
        "namespace",
        "a",
        "<<",
        "<<",
        "'<<'",
        "1",
        "'1'",
        "*s ",
        "! name",
        "yes",
    ]);
    let anchor = prop::sample::select(vec!["", "", "", "&s ", "!x "]);
    scalar
        .prop_map(str::to_owned)
        .prop_recursive(3, 24, 4, move |inner| {
            let entry =
                (key.clone(), inner.clone()).prop_map(|(key, value)| format!("{key}: {value}"));
            prop_oneof![
                (anchor.clone(), prop::collection::vec(inner, 0..4))
                    .prop_map(|(anchor, items)| format!("{anchor}[{}]", items.join(", "))),
                (anchor.clone(), prop::collection::vec(entry, 0..5))
                    .prop_map(|(anchor, entries)| format!("{anchor}{{{}}}", entries.join(", "))),
            ]
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn changed_texts_read_alike(
        whole in prop::sample::select(&WHOLE[..]),
        next in prop::sample::select(&WHOLE[..]),
        two in any::<bool>(),
        changes in changes(),
    ) {
        let text = if two { format!("{whole}---\n{next}") } else { whole.to_owned() };
        let text = changed(&text, &changes);
        if let Err(why) = compare(&text) {
            return Err(TestCaseError::fail(why));
        }
    }

    #[test]
    fn values_read_alike(subject in flow(), role_ref in flow(), metadata in flow()) {
        let text = format!(
            "s: &s ann\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n\
             metadata: {{name: b, <<: {metadata}}}\n\
             roleRef: {{<<: {role_ref}, kind: ClusterRole, name: view}}\n\
             subjects: [{{kind: User, name: ann}}, {{kind: User, <<: {subject}}}, {subject}]\n"
        );
        // Fields that no server knows make the first reader refuse an object.
        let text = text.replacen("s: &s ann\n", "", 1).replacen("ClusterRoleBinding", "&s ClusterRoleBinding", 1);
        if let Err(why) = compare(&text) {
            return Err(TestCaseError::fail(why));
        }
    }
}

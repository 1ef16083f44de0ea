//! Names as an attacker writes them, and a cluster that is full of them.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::told::put;

/// Each steers, hides, breaks or forges in some format.
pub const NAMES: [&str; 42] = [
    "x\nyes",
    "x\r\nerror: y",
    "x\u{85}y\u{2028}z\u{2029}",
    "\u{1b}[2K\u{1b}]8;;https://evil.example\u{7}click\u{9b}1m",
    "\u{202e}nimda",
    "a\u{200b}d\u{ad}m\u{34f}i\u{2060}n\u{feff}",
    "\u{3164}\u{115f}\u{1160}\u{ffa0}\u{17b4}\u{180e}\u{2800}",
    "\u{fff9}a\u{fffa}b\u{fffb}\u{fffe}\u{ffff}",
    "tag\u{e0041}\u{e0001}\u{fe0f}\u{e0101}",
    "=cmd()",
    "+1",
    "-1",
    "@SUM(A1)",
    "  \"=1",
    "＝1＋1",
    "a,b\"c\"",
    "@octocat",
    "x @org/team y",
    "owner#1 and owner-repo#2 #3 GH-4",
    "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
    "abcdefabc",
    "www.evil.example",
    "http:evil https:\\\\evil.example ftp:x",
    "me@evil.example mailto:me@evil.example",
    ":rocket: :x:",
    "[click](https:evil) ![i](x) <b>bold<b> <!-- c --> <evil@x.y>",
    "&#64;octocat &lt;b&gt; &commat;x",
    "*a* _b_ **c** ~~d~~ `e` ``f`` ```",
    "a | b | c \\| d \\",
    "$x$ $$y$$ $`z`$ [^1] [ ] [x]",
    "# h",
    "- [ ] item",
    "===",
    "1. one",
    "> quote",
    "x # SKIP y",
    "x\\# TODO y #todo",
    "::error file=a::b",
    "y ::add-mask::x ##vso[task.setvariable variable=a]b ##[error]c",
    "ann                                                   other.yaml:1",
    "x gives User bob the ClusterRole view, cluster-wide and so on and on and on and on and on rule 1: get secrets",
    "]]><![CDATA[ \u{0}\u{8}\u{7f}",
];

/// Any name that is put together of such parts.
pub fn name() -> impl Strategy<Value = String> {
    let parts: Vec<&str> = NAMES
        .into_iter()
        .chain([
            "a", " ", "`", "|", "\\", "\n", "#", "@", ":", "'", "\"", "=",
        ])
        .collect();
    prop::collection::vec(prop::sample::select(parts), 1..4).prop_map(|parts| parts.concat())
}

/// The name, as one that an API server takes for a role or binding.
fn of_object(name: &str) -> String {
    name.replace(['/', '%'], "-")
}

const API: &str = "rbac.authorization.k8s.io/v1";

/// The role and binding of a name, and a binding to a role that isn't there: JSON, a line each.
pub fn objects(name: &str) -> String {
    let of_object = of_object(name);
    let subjects = json!([
        {"kind": "User", "name": name},
        {"kind": "Group", "name": name},
    ]);
    let role = json!({
        "apiVersion": API, "kind": "ClusterRole",
        "metadata": {"name": of_object, "labels": {"a": "b"}},
        "rules": [
            {"apiGroups": ["", name], "resources": ["pods", name], "verbs": ["get", name]},
            {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": [name]},
            {"nonResourceURLs": [format!("/{name}")], "verbs": ["get"]},
        ],
    });
    let binding = |suffix: &str, role: &str| {
        json!({
            "apiVersion": API, "kind": "ClusterRoleBinding",
            "metadata": {"name": format!("{of_object}{suffix}")},
            "roleRef": {"kind": "ClusterRole", "name": role, "apiGroup": "rbac.authorization.k8s.io"},
            "subjects": subjects,
        })
    };
    let gone = binding("gone", &format!("{of_object}gone"));
    let refused = json!({
        "apiVersion": API, "kind": "Role", "metadata": {"name": of_object, "namespace": name},
    });
    let all = [role, binding("", &of_object), gone, refused];
    all.map(|object| format!("{object}\n")).concat()
}

/// Files below a folder, one a name, which is called so too.
pub fn cluster(folder: &Path) {
    for (number, name) in NAMES.iter().enumerate() {
        let name_of_file = name.replace(['/', '\0'], "-");
        put(
            folder,
            &format!("{name_of_file}{number}.json"),
            objects(name),
        );
    }
}

/// The names that a file of assertions may hold.
pub fn names_of_assertions() -> Vec<&'static str> {
    let no_character = |c| matches!(c, '\0' | '\u{fffe}' | '\u{ffff}');
    let names = NAMES.into_iter();
    names.filter(|name| !name.contains(no_character)).collect()
}

/// Assertions of these names; no `cannot` holds, nor does the last, which all names are against.
pub fn assertions() -> Value {
    let all = names_of_assertions().into_iter().flat_map(|name| {
        let who = json!({"as": name, "verb": "get", "resource": "pods"});
        [
            json!({"name": name, "can": who}),
            json!({"name": format!("no {name}"), "cannot": who}),
        ]
    });
    let no_one = json!({"name": "none", "noOne": {"verb": "get", "resource": "pods"}});
    let all: Vec<Value> = all.chain([no_one]).collect();
    json!({"assertions": all})
}

//! What a hostile text makes the reader do grows with its length alone, and aliases stand for no more than the run's budget, however many texts share it.

use crate::support::limited;
use rbac_eval::kube::{self, ALIASED_IN_ALL, Manifest, Role};
use rbac_eval::text::{Files, SourceText};
use tempfile::TempDir;

const HEAD: &str =
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n";

fn text(name: &str, bytes: String) -> SourceText {
    SourceText {
        name: name.to_owned(),
        bytes: bytes.into_bytes(),
        named: true,
    }
}

fn read(texts: &[SourceText]) -> Manifest {
    kube::parse(&mut Files::default(), texts)
}

/// Asserts that reading a long text ends soon: what grew with the square of its length would not.
#[track_caller]
fn ends(name: &str, text: &str) {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    let args = ["can-i", "get", "pods", "--as", "ann", "-f", name];
    limited::ends(folder.path(), None, &args);
}

/// A document of a few kilobytes whose aliases stand for nearly as much as kubectl takes.
fn bomb(number: usize) -> String {
    let words = vec!["get"; 300].join(",");
    let verbs = vec!["*w"; 60].join(",");
    format!("{HEAD}x{number}: &w [{words}]\nrules: [{{verbs: [{verbs}]}}]\n")
}

#[test]
fn aliases_of_many_documents_share_one_budget() {
    let documents: Vec<String> = (0..200).map(bomb).collect();
    let one = text("bombs.yaml", documents.join("---\n"));
    let many: Vec<SourceText> = documents
        .iter()
        .enumerate()
        .map(|(number, document)| text(&format!("{number}.yaml"), document.clone()))
        .collect();
    for texts in [std::slice::from_ref(&one), &many[..]] {
        let manifest = read(texts);
        assert!(manifest.objects.is_empty());
        assert_eq!(manifest.diagnostics.len(), 200);
        for told in &manifest.diagnostics {
            assert!(told.is_unjudged(), "{told:?}");
            assert!(told.message.contains("alias bomb"), "{told:?}");
            assert!(
                told.message.contains(&ALIASED_IN_ALL.to_string()),
                "{told:?}"
            );
        }
    }
}

/// Aliases that no more than double a document are read whatever else there is.
#[test]
fn beside_bombs_modest_aliases_are_read() {
    let modest = format!(
        "{}rules:\n- &a {{verbs: [get, list], apiGroups: [''], resources: [pods]}}\n- *a\n",
        HEAD.replace("name: r", "name: modest")
    );
    let documents: Vec<String> = (0..150).map(bomb).chain([modest]).collect();
    let manifest = read(&[text("a.yaml", documents.join("---\n"))]);
    let [role] = manifest.objects.of::<Role>() else {
        panic!("{:?}", manifest.objects);
    };
    assert_eq!((&*role.name, role.rules.len()), ("modest", 2));
    assert_eq!(manifest.diagnostics.len(), 150);
}

#[test]
fn broken_lines_of_json_end_the_reading() {
    let line = "{\"apiVersion\": \"v1\", \"kind\": nope}\n";
    let manifest = read(&[text("a.jsonl", line.repeat(100_000))]);
    assert!(manifest.objects.is_empty() && manifest.diagnostics.len() < 3);
    let good = "{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}\n".repeat(2);
    let manifest = read(&[text("a.jsonl", good + &line.repeat(100_000))]);
    assert_eq!((manifest.skipped, manifest.diagnostics.len()), (2, 1));
    assert!(manifest.diagnostics[0].is_unjudged());
    ends("a.jsonl", &line.repeat(100_000));
}

#[test]
fn what_is_hard_to_read_ends_soon() {
    let list = |items: String| format!("apiVersion: v1\nkind: List\nitems:\n{items}");
    let item = "- apiVersion: rbac.authorization.k8s.io/v1\n  kind: Role\n  metadata: {name: r";
    let shapes: [(&str, &dyn Fn(usize) -> String); 10] = [
        ("items with aliases", &|count| {
            let items = (0..count).map(|i| format!("- &a{i} {{x: y}}\n- *a{i}\n"));
            list(items.collect())
        }),
        ("items of one alias", &|count| {
            list(format!("- &a {{x: y}}\n{}", "- *a\n".repeat(count)))
        }),
        ("roles", &|count| {
            let items = (0..count).map(|i| format!("{item}{i}}}\n  rules: []\n"));
            list(items.collect())
        }),
        ("a broken item at the end", &|count| {
            let items: String = (0..count).map(|i| format!("{item}{i}}}\n")).collect();
            list(items + "- [\n")
        }),
        ("open brackets", &|count| "[".repeat(count)),
        ("keys without colons", &|count| "a\n b\n".repeat(count)),
        ("keys that stand twice", &|count| {
            format!("{HEAD}x:\n{}", "  a: b\n".repeat(count))
        }),
        ("merges of merges", &|count| {
            let merges = (1..count).map(|i| format!("- &a{i} {{<<: *a0, b{i}: c}}\n"));
            format!("{HEAD}x:\n- &a0 {{a: b}}\n{}", merges.collect::<String>())
        }),
        ("tags", &|count| {
            format!("x: [{}]", "!<%41> a, ".repeat(count))
        }),
        ("documents", &|count| "---\na: &a b\nc: *a\n".repeat(count)),
    ];
    for (what, write) in shapes {
        eprintln!("{what}");
        ends("a.yaml", &write(100_000));
    }
}

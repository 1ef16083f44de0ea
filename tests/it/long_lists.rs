//! Lists that are longer than what is parsed at once: each item has its own line, and they are read
//! as the document that they are in.

use pretty_assertions::assert_eq;
use rbac_eval::kube::{self, Manifest, Role};
use rbac_eval::text::{Files, Located, SourceText};

const COUNT: usize = 100;

fn role(number: usize) -> String {
    format!(
        "- apiVersion: rbac.authorization.k8s.io/v1\n  kind: ClusterRole\n  metadata:\n    name: r{number}\n  \
         rules:\n  - apiGroups: [\"\"]\n    resources: [pods]\n    verbs: [get]\n"
    )
}

/// A list of roles with these items in place of some.
fn list(instead: &[(usize, &str)]) -> (Vec<String>, Manifest) {
    let items: Vec<String> = (0..COUNT)
        .map(|number| {
            let other = instead.iter().find(|(at, _)| *at == number);
            other.map_or_else(|| role(number), |(_, text)| (*text).to_owned())
        })
        .collect();
    let text = SourceText {
        name: "list.yaml".to_owned(),
        bytes: format!("apiVersion: v1\nkind: List\nitems:\n{}", items.concat()).into_bytes(),
        named: true,
    };
    let manifest = kube::parse(&mut Files::default(), &[text]);
    (items, manifest)
}

/// The names of all roles with the lines on which they and their rules stand.
fn found(manifest: &Manifest) -> Vec<(String, u32, u32)> {
    let roles = manifest.objects.of::<Role>();
    assert_eq!(roles.len(), manifest.objects.len());
    let lines = |role: &Located<Role>| {
        let rule = role.rules[0].span;
        (role.name.to_string(), role.span.line, rule.line)
    };
    roles.iter().map(lines).collect()
}

/// The same, of all items that stand as they were made.
fn expected(items: &[String], lost: &[usize]) -> Vec<(String, u32, u32)> {
    let mut line = 4;
    let mut all = Vec::new();
    for (number, item) in items.iter().enumerate() {
        if !lost.contains(&number) {
            all.push((format!("r{number}"), line, line + 5));
        }
        line += u32::try_from(item.lines().count()).unwrap();
    }
    all
}

#[test]
fn every_item_has_its_lines() {
    let (items, manifest) = list(&[]);
    assert_eq!(manifest.diagnostics, []);
    assert_eq!(found(&manifest), expected(&items, &[]));
}

/// kubectl reads a document whole or not at all.
#[test]
fn a_broken_item_loses_the_list() {
    for (broken, message) in [
        ("- kind: ClusterRole\n  rules: [\n", ""),
        ("- kind: ClusterRole\n  metadata: {name: odd\n", ""),
        ("- kind: ClusterRole\n  a: b: c\n", "`:` may not stand here"),
        ("- kind: ClusterRole\n  rules: *nope\n", "anchor"),
        ("- kind: ClusterRole\n  metadata: \"never closed\n", ""),
    ] {
        for at in [0, 31, 32, 50, COUNT - 1] {
            let (_, manifest) = list(&[(at, broken)]);
            assert_eq!(found(&manifest), [], "{broken} at {at}");
            let [diagnostic] = &*manifest.diagnostics else {
                panic!("{broken} at {at}: {:?}", manifest.diagnostics)
            };
            let told = diagnostic.message.clone();
            assert!(diagnostic.is_unjudged() && told.contains(message), "{told}");
        }
    }
}

#[test]
fn an_alias_reaches_from_item_to_item() {
    let item = "- apiVersion: rbac.authorization.k8s.io/v1\n  kind: ClusterRole\n  metadata: {name: r3}\n  \
                rules: &a\n  - {verbs: [get], apiGroups: [''], resources: [pods]}\n";
    let (_, manifest) = list(&[
        (3, item),
        (
            40,
            &item.replace("r3", "r40").replace(
                "&a\n  - {verbs: [get], apiGroups: [''], resources: [pods]}",
                "*a",
            ),
        ),
    ]);
    assert_eq!(manifest.diagnostics, []);
    assert_eq!(found(&manifest).len(), COUNT);
}

#[test]
fn a_quote_from_one_item_into_another_makes_them_one() {
    let (_, manifest) = list(&[
        (40, "- kind: ClusterRole\n  metadata: \"opened here\n"),
        (41, "- kind: ClusterRole\n  and: closed here\"\n"),
    ]);
    // Of the two, a ClusterRole without a version is left.
    assert_eq!(found(&manifest).len(), COUNT - 2);
    assert_eq!(manifest.diagnostics.len(), 1);
}

/// Of a dump of several megabytes, which is looked through in blocks.
#[test]
fn items_of_a_large_dump_have_their_lines() {
    let pod =
        "- apiVersion: v1\n  kind: Pod\n  # no end\n\n  metadata:\n    name: p\n".repeat(2_000);
    let mut text = String::from("kind: List\nitems:\n");
    let mut wanted = Vec::new();
    for number in 0..40 {
        text.push_str(&pod);
        let line = u32::try_from(text.lines().count() + 1).unwrap();
        wanted.push((format!("r{number}"), line, line + 5));
        text.push_str(&role(number));
    }
    text.push_str("apiVersion: v1\n");
    assert!(text.len() > 4 << 20);
    let text = SourceText {
        name: "dump.yaml".to_owned(),
        bytes: text.into_bytes(),
        named: true,
    };
    let manifest = kube::parse(&mut Files::default(), &[text]);
    assert_eq!(manifest.diagnostics, []);
    assert_eq!(manifest.skipped, 40 * 2_000);
    assert_eq!(found(&manifest), wanted);
}

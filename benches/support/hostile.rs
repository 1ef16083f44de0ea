//! Input that is made to cost far more than its size. What of it is refused, and that cost grows no
//! faster than input, `tests/it/bounded_work.rs` holds.

use std::fmt::Write;

const API: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

/// A row: what it is, the question, and the input; `BASE` of a question is an empty role.
pub struct Hostile {
    pub what: &'static str,
    pub name: &'static str,
    pub question: &'static [&'static str],
    pub input: String,
}

fn role(name: &str, metadata: &str, rules: impl Iterator<Item = String>) -> String {
    let mut text =
        format!("---\n{API}kind: ClusterRole\nmetadata: {{name: {name}{metadata}}}\nrules:\n");
    for rule in rules {
        // Writing to a string can't fail.
        let _ = writeln!(text, "- {rule}");
    }
    text
}

fn aggregated(name: &str, metadata: &str, selectors: &str) -> String {
    format!(
        "---\n{API}kind: ClusterRole\nmetadata: {{name: {name}{metadata}}}\n\
         aggregationRule: {{clusterRoleSelectors: [{selectors}]}}\nrules: []\n"
    )
}

fn binding(name: &str, role: &str, subjects: impl Iterator<Item = String>) -> String {
    let mut text = format!(
        "---\n{API}kind: ClusterRoleBinding\nmetadata: {{name: {name}}}\n\
         roleRef: {{kind: ClusterRole, name: {role}}}\nsubjects:\n"
    );
    for subject in subjects {
        let _ = writeln!(text, "- {{kind: User, name: {subject}}}");
    }
    text
}

fn alice() -> impl Iterator<Item = String> {
    std::iter::once("alice".to_owned())
}

fn get(at: usize) -> String {
    format!("{{verbs: [get], apiGroups: [''], resources: [r{at}]}}")
}

/// The side of a comparison that everything is new to.
pub fn base() -> String {
    role("empty", "", std::iter::once(get(0)))
}

pub fn inputs() -> Vec<Hostile> {
    let words: Vec<String> = (0..100).map(|at| format!("w{at:02}")).collect();
    let words = words.join(",");
    let product =
        format!("{{verbs: &a [{words}], apiGroups: *a, resources: *a, resourceNames: *a}}");
    let product = role("r", "", std::iter::once(product)) + &binding("b", "r", alice());
    let rules = role("r", "", (0..100_000).map(get)) + &binding("b", "r", alice());
    let bindings: String = (0..1_000)
        .map(|at| binding(&format!("b{at}"), "r", alice()))
        .collect();
    let bindings = role("r", "", (0..300).map(get)) + &bindings;
    let pods = "{verbs: [get], apiGroups: [''], resources: [pods]}".to_owned();
    let users = (0..300_000).map(|at| format!("u{at}"));
    let subjects = role("r", "", std::iter::once(pods)) + &binding("b", "r", users);
    let part = |part: &str| format!(", labels: {{part: {part}}}");
    let selector = |part: String| format!("{{matchLabels: {{part: {part}}}}}");
    let mut ring = String::new();
    for at in 0..800 {
        let (name, leaf) = (format!("ring{at}"), format!("leaf{at}"));
        let next = selector(format!("ring{}", (at + 1) % 800));
        let selectors = format!("{next}, {}", selector(leaf.clone()));
        ring.push_str(&aggregated(&name, &part(&name), &selectors));
        ring.push_str(&role(&leaf, &part(&leaf), std::iter::once(get(at))));
        ring.push_str(&binding(&name, &name, alice()));
    }
    let mut gather = String::new();
    for at in 0..10_000 {
        let name = format!("all{at}");
        gather.push_str(&aggregated(&name, "", &selector("leaf".to_owned())));
        gather.push_str(&binding(&name, &name, alice()));
        let leaf = format!("leaf{at}");
        gather.push_str(&role(&leaf, &part("leaf"), std::iter::once(get(at))));
    }
    let diff: &[&str] = &["diff", "BASE", "INPUT", "-o", "json"];
    let can_i: &[&str] = &["can-i", "get", "pods", "--as", "alice", "-f", "INPUT"];
    let who_can: &[&str] = &["who-can", "get", "pods", "-f", "INPUT"];
    let matrix: &[&str] = &["matrix", "--as", "alice", "-f", "INPUT"];
    let row = |what, name, question, input: &String| Hostile {
        what,
        name,
        question,
        input: input.clone(),
    };
    vec![
        row(
            "`diff`, one rule of 100 words in each dimension",
            "hostile-product",
            diff,
            &product,
        ),
        row(
            "`diff`, a role of 100,000 rules",
            "hostile-rules",
            diff,
            &rules,
        ),
        row(
            "`can-i`, a role of 100,000 rules",
            "hostile-can-i",
            can_i,
            &rules,
        ),
        row(
            "`diff`, 1,000 bindings to a role of 300 rules",
            "hostile-bindings",
            diff,
            &bindings,
        ),
        row(
            "`who-can`, a binding of 300,000 subjects",
            "hostile-subjects",
            who_can,
            &subjects,
        ),
        row(
            "`who-can`, a ring of 800 aggregated roles",
            "hostile-ring",
            who_can,
            &ring,
        ),
        row(
            "`matrix`, 10,000 roles that gather 10,000",
            "hostile-gather",
            matrix,
            &gather,
        ),
    ]
}

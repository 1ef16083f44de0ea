//! Markdown, read as GitHub reads it: what comes from the input makes no markup, link, mention or
//! reference, and can't push what matters out of a comment.

use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use rbac_eval::analysis::diff::{changed_role_refs, diff};
use rbac_eval::analysis::risk::weigh;
use rbac_eval::analysis::unjudged::unjudged_since;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::cluster::Defaults;
use rbac_eval::entra::Directory;
use rbac_eval::render::diff::{COMMENT_BYTES, DiffView, RuleDetail};
use serde_json::{Value, json};

use crate::support::hostile::{NAMES, name, objects};
use crate::support::store_of_text;

fn view(base: &RbacAuthorizer, head: &RbacAuthorizer, notes: Vec<String>) -> DiffView {
    let changes = weigh(diff(base, head).unwrap(), base, head);
    DiffView::new(
        base,
        head,
        &Directory::default(),
        &changes,
        &unjudged_since(base, head),
        &changed_role_refs(base, head),
        notes,
    )
}

/// What a change from nothing to these objects is told as.
fn gained(objects: &str, notes: Vec<String>) -> DiffView {
    let base = store_of_text("", Defaults::None);
    let head = store_of_text(objects, Defaults::None);
    view(&base, &head, notes)
}

/// How many rows the table of a short comment has.
fn rows_of(view: &DiffView) -> usize {
    match view.told() {
        0 => 0,
        told => 1 + told,
    }
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.strikethrough = true;
    extension.table = true;
    extension.autolink = true;
    extension.tasklist = true;
    extension.footnotes = true;
    extension.math_dollars = true;
    extension.math_code = true;
    extension.alerts = true;
    options
}

/// What GitHub makes a link or picture of in a text that isn't code, after Markdown is read.
fn has_reference(text: &str) -> bool {
    let of_hash = |word: &str| {
        word.len() >= 7 && word.len() <= 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    text.contains(['@', '#', '$', '<', '[', '*', '_', '`', '&'])
        || text.contains("www.")
        || text.contains("://")
        || text.to_lowercase().contains("gh-")
        || text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(of_hash)
        || text.split(' ').any(|word| word.matches(':').count() > 1)
}

/// Holds a document to what we write: tables of so many rows, quotes, lists, bold lines and code.
fn assert_inert(markdown: &str, rows: usize) {
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options());
    let mut found = 0;
    for node in root.descendants() {
        let data = node.data.borrow();
        match &data.value {
            NodeValue::Document
            | NodeValue::Paragraph
            | NodeValue::Code(_)
            | NodeValue::Strong
            | NodeValue::BlockQuote
            | NodeValue::List(_)
            | NodeValue::Item(_)
            | NodeValue::Table(_) => {}
            NodeValue::TableRow(_) => found += 1,
            NodeValue::TableCell => {
                assert_eq!(node.parent().map(cells), Some(header(root)), "{markdown}");
            }
            NodeValue::Text(text) => assert!(!has_reference(text), "{text}\n{markdown}"),
            NodeValue::HtmlBlock(html) => {
                let ours = [
                    "<details><summary>Why, and through which binding</summary>",
                    "<details><summary>Each rule</summary>",
                    "</details>",
                ];
                assert!(ours.contains(&html.literal.trim()), "{}", html.literal);
            }
            other => panic!("{other:?}\n{markdown}"),
        }
    }
    assert_eq!(found, rows, "{markdown}");
    assert!(!markdown.contains("\n\n\n"), "{markdown}");
}

fn cells<'a>(row: &'a AstNode<'a>) -> usize {
    row.children().count()
}

fn header<'a>(root: &'a AstNode<'a>) -> usize {
    let mut rows = root
        .descendants()
        .filter(|node| matches!(node.data.borrow().value, NodeValue::TableRow(true)));
    rows.next().map_or(0, cells)
}

#[test]
fn names_are_inert_in_a_comment() {
    let all: String = NAMES.iter().map(|name| objects(name)).collect();
    let notes = NAMES.map(|name| format!("{name} has no `{name}`"));
    let whole = gained(&all, notes.to_vec());
    let markdown = whole.to_markdown(COMMENT_BYTES);
    assert!(markdown.len() < 65_000, "{}", markdown.len());
    let rows = markdown
        .lines()
        .filter(|line| line.starts_with("| "))
        .count();
    assert_inert(&markdown, rows);
    for name in NAMES {
        let note = format!("1. {name} has no `{name}`");
        let one = gained(&objects(name), vec![note]);
        assert_inert(&one.to_markdown(COMMENT_BYTES), rows_of(&one));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn no_name_changes_the_form_of_a_comment(name in name(), note in name()) {
        let one = gained(&objects(&name), vec![note]);
        assert_inert(&one.to_markdown(COMMENT_BYTES), rows_of(&one));
    }

    #[test]
    fn any_text_is_inert(name in "\\PC*", note in any::<String>()) {
        let one = gained(&objects(&name), vec![note]);
        assert_inert(&one.to_markdown(COMMENT_BYTES), rows_of(&one));
    }
}

const API: &str = "rbac.authorization.k8s.io/v1";

fn role(name: &str, rules: &Value) -> String {
    let role = json!({
        "apiVersion": API, "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules,
    });
    format!("{role}\n")
}

fn bound(name: &str, role: &str, subject: &Value) -> String {
    let binding = json!({
        "apiVersion": API, "kind": "ClusterRoleBinding", "metadata": {"name": name},
        "roleRef": {"kind": "ClusterRole", "name": role, "apiGroup": "rbac.authorization.k8s.io"},
        "subjects": [subject],
    });
    format!("{binding}\n")
}

fn everything() -> String {
    role(
        "all",
        &json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]),
    )
}

fn pods() -> String {
    role(
        "pods",
        &json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]),
    )
}

/// What stands outside of what is shown only after a click.
fn shown(markdown: &str) -> &str {
    markdown.split("<details>").next().unwrap()
}

#[test]
fn the_gravest_comes_first_and_can_t_be_pushed_out() {
    let mut all = everything() + &pods();
    // Lesser gains, of everyone too, with names as long as they may be.
    let long = "x".repeat(3_000);
    for number in 0..2_000 {
        let user = json!({"kind": "User", "name": format!("a{number}{long}")});
        all += &bound(&format!("a{number}"), "pods", &user);
    }
    for group in [
        "system:serviceaccounts:x",
        "system:serviceaccounts",
        "system:authenticated",
    ] {
        all += &bound(
            &format!("g{}", group.len()),
            "pods",
            &json!({"kind": "Group", "name": group}),
        );
    }
    all += &bound("eve", "all", &json!({"kind": "User", "name": "eve"}));
    for number in 0..1_000 {
        let user = json!({"kind": "User", "name": "z"});
        all += &bound(&format!("gone{number}"), "gone", &user);
    }
    let notes = vec![long.clone(); 100];
    let found = gained(&all, notes);
    let severities: Vec<Option<&str>> =
        found.changes.iter().map(|change| change.severity).collect();
    let order = [
        Some("critical"),
        Some("high"),
        Some("medium"),
        Some("low"),
        Some("info"),
        None,
    ];
    let rank = |severity: &Option<&str>| order.iter().position(|one| one == severity).unwrap();
    assert!(severities.is_sorted_by_key(rank), "{severities:?}");
    assert_eq!(found.changes[0].subject.name, "eve");

    let markdown = found.to_markdown(COMMENT_BYTES);
    assert!(markdown.chars().count() < 65_536, "{}", markdown.len());
    let first = shown(&markdown)
        .lines()
        .position(|line| line.starts_with("| critical | gained | User `eve` |"));
    assert!(first.is_some(), "{markdown}");
    for group in ["system:serviceaccounts", "system:authenticated"] {
        let line = shown(&markdown)
            .lines()
            .find(|line| line.contains(&format!("`{group}`")));
        assert!(
            line.is_some_and(|line| line.starts_with("| high |")),
            "{markdown}"
        );
    }
    assert!(
        shown(&markdown).contains("not judged: 980 more of RBAC001"),
        "{markdown}"
    );
    assert!(
        markdown.starts_with("**1000 parts aren't judged"),
        "{markdown}"
    );
    let text = found.to_text(RuleDetail::Folded);
    assert!(text.contains("critical  User eve gains ClusterRole all cluster-wide"));
    assert!(text.contains("not judged: 980 more of RBAC001"));
}

#[test]
fn grave_gains_that_do_not_fit_are_counted_at_the_top() {
    let mut all = everything();
    let long = "`".repeat(500);
    for number in 0..1_000 {
        let user = json!({"kind": "User", "name": format!("u{number}{long}")});
        all += &bound(&format!("b{number}"), "all", &user);
    }
    let found = gained(&all, Vec::new());
    assert_eq!(found.changes.len(), 1_000);
    let markdown = found.to_markdown(COMMENT_BYTES);
    assert!(markdown.chars().count() < 65_536, "{}", markdown.len());
    let rows = shown(&markdown)
        .lines()
        .filter(|line| line.starts_with("| critical |"))
        .count();
    assert!(rows > 30, "{markdown}");
    let left = 1_000 - rows;
    let told = markdown.lines().nth(2).unwrap();
    assert!(
        told.starts_with(&format!("> **{left} gains of high or critical severity")),
        "{told}"
    );
    assert_inert(&markdown, rows + 1);
}

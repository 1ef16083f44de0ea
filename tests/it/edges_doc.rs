//! docs/edges.md against the table of edges, and the table against the engine and the recordings.

use std::collections::BTreeSet;
use std::fs;

use pretty_assertions::assert_eq;
use rbac_eval::analysis::paths::{EDGES, EdgeGroup, EdgeText, NO_EDGES, Proof, edge_texts};
use serde_json::Value;

use crate::support::docs::page;
use crate::support::testdata;

/// What stands between the words that are written by hand and those that are made here.
const MARK: &str = "<!-- What follows is made of the table in src/analysis/paths/table, and held to it by a test. -->\n";

/// How wide a line of the page is at most, in characters.
const WIDTH: usize = 110;

/// A text in lines, the first after `begin` and the others below it. Code spans stay whole.
fn wrapped(begin: &str, text: &str) -> String {
    let (mut out, mut line, mut inside) = (String::new(), begin.to_owned(), false);
    let mut piece = String::new();
    for word in text.split(' ') {
        piece.push_str(word);
        inside ^= word.matches('`').count() % 2 == 1;
        if inside {
            piece.push(' ');
            continue;
        }
        let is_begin = line.trim_start().is_empty() || line == begin;
        if !is_begin && line.chars().count() + 1 + piece.chars().count() > WIDTH {
            out.push_str(&line);
            out.push('\n');
            line = " ".repeat(if begin.is_empty() { 0 } else { 2 });
        } else if !is_begin {
            line.push(' ');
        }
        line.push_str(&piece);
        piece.clear();
    }
    assert!(!inside, "a code span has no end: {text}");
    out.push_str(&line);
    out.push('\n');
    out
}

fn item(name: &str, text: &str) -> String {
    wrapped(&format!("- **{name}:** "), text)
}

fn proofs(proofs: &[Proof]) -> String {
    let proofs: Vec<String> = proofs.iter().map(Proof::to_string).collect();
    format!("{}.", proofs.join("; "))
}

fn section(text: &EdgeText) -> String {
    let mut out = format!("### `{}`\n\n", text.id);
    out.push_str(&item("From", &format!("{}.", text.from)));
    out.push_str(&item("To", &format!("{}.", text.to)));
    out.push_str(&item("Condition", text.condition));
    out.push_str(&item("Why it works", text.why));
    let certainty = text.certainty.as_str();
    let certainty = match text.less_sure {
        Some(when) => format!("`{certainty}`; {when}."),
        None => format!("`{certainty}`."),
    };
    out.push_str(&item("Certainty", &certainty));
    out.push_str(&item("Severity", &format!("{}.", text.severity)));
    if let Some(blocked) = text.blocked {
        out.push_str(&item("May be blocked by", blocked));
    }
    out.push_str(&item("To close it", text.close));
    out.push_str(&item("Proof", &proofs(text.proof)));
    out
}

const NOWHERE: &str = "No edges, on purpose";

/// The part of the page that is made of the table.
fn made() -> String {
    let anchor = |title: &str| {
        let title = title.to_lowercase().replace(' ', "-");
        title.replace(',', "")
    };
    let mut out = "## Contents\n\n".to_owned();
    for group in EdgeGroup::ALL {
        let title = group.title();
        let edges: Vec<String> = group
            .edges()
            .iter()
            .map(|edge| format!("[`{0}`](#{0})", edge.id))
            .collect();
        let edges = match &edges[..] {
            [] => "none yet".to_owned(),
            edges => edges.join(", "),
        };
        let begin = format!("- [{title}](#{}): ", anchor(title));
        out.push_str(&wrapped(&begin, &edges));
    }
    out.push_str(&format!("- [{NOWHERE}](#{})\n", anchor(NOWHERE)));
    for group in EdgeGroup::ALL {
        out.push_str(&format!("\n## {}\n\n", group.title()));
        out.push_str(&wrapped("", group.about()));
        for edge in group.edges() {
            out.push('\n');
            out.push_str(&section(edge));
        }
    }
    out.push_str(&format!("\n## {NOWHERE}\n\n"));
    out.push_str(&wrapped(
        "",
        "These rights look as if they led on. By themselves they don't, and no path takes them.",
    ));
    out.push('\n');
    for nowhere in NO_EDGES {
        let text = format!("{} Proof: {}.", nowhere.reason, nowhere.proof);
        out.push_str(&wrapped(&format!("- {}: ", nowhere.what), &text));
    }
    out
}

#[test]
fn the_page_is_made_of_the_table() {
    let text = page("docs/edges.md");
    let (_, below) = text.split_once(MARK).expect("the page has the mark");
    let made = made();
    assert!(
        below == format!("\n{made}"),
        "below its mark docs/edges.md has to hold this:\n\n{made}"
    );
}

#[test]
fn the_headings_are_the_edges() {
    let text = page("docs/edges.md");
    let headings: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'))
        .collect();
    let ids: Vec<&str> = edge_texts().map(|edge| edge.id).collect();
    assert_eq!(headings, ids);
    for edge in edge_texts() {
        assert_eq!(edge.docs(), format!("docs/edges.md#{}", edge.id));
        assert_eq!(EdgeText::of(edge.id), Some(edge));
    }
    assert_eq!(EdgeText::of("csr-sign"), None);
}

/// The edges that there have to be, written down once more: none gets lost with its entry.
const WANTED: [&str; 12] = [
    "member same-name masters everything everything-ns",
    "bind bind-put bind-held bind-covered give-by-role escalate aggregate takeover-role",
    "impersonate-user impersonate-group impersonate-sa impersonate-node impersonate-constrained",
    "impersonate-extra token ghost token-secret secret-retarget secret-read secret-to-sa",
    "secret-to-user csr-approve csr-put csr-nodeclient bootstrap-token pod-certificate",
    "run-as run-as-put run-mount run-privileged run-pv pod-patch ephemeral exec own-namespace psa-label gate-delete",
    "pod-account pod-secrets pod-escape pod-shared-pid pod-imds",
    "node-pods node-rbac node-control-plane nodes-proxy nodes-status-proxy kubelet-read steer",
    "mutating-webhook validating-webhook mutating-policy policy-param apiservice crd-conversion",
    "service-traffic dns trust",
    "deputy deputy-impersonates source-write controller-takeover ingress-nginx",
    "anonymous authenticated",
];

#[test]
fn every_specified_edge_has_words_and_none_twice() {
    let ids: Vec<&str> = edge_texts().map(|edge| edge.id).collect();
    let wanted: Vec<&str> = WANTED.iter().flat_map(|ids| ids.split(' ')).collect();
    assert_eq!(ids, wanted);
    let set: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(set.len(), ids.len(), "an edge stands twice");
    for group in EdgeGroup::ALL {
        for edge in group.edges() {
            assert_eq!(edge.group, *group, "{}", edge.id);
        }
    }
    assert!(EdgeGroup::Azure.edges().is_empty());
    assert!(EdgeGroup::Azure.about().contains("later version"));
}

#[test]
fn the_table_knows_each_edge_of_the_engine_as_it_is() {
    for edge in EDGES {
        let text = EdgeText::of(edge.as_str());
        let text = text.unwrap_or_else(|| panic!("{} has no words", edge.as_str()));
        assert_eq!(text.certainty, edge.certainty(), "{}", text.id);
    }
}

/// The ids of the recorded steps, and the kinds of the recorded attacks' steps.
fn recorded() -> (BTreeSet<String>, BTreeSet<String>) {
    let paths = testdata().join("conformance/paths");
    let lines = |text: String| -> Vec<Value> {
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    };
    let steps = lines(fs::read_to_string(paths.join("steps.jsonl")).unwrap());
    let steps = steps.iter().map(|step| step["id"].as_str().unwrap());
    let steps = steps.map(str::to_owned).collect();
    let mut kinds = BTreeSet::new();
    for case in fs::read_dir(paths.join("cases")).unwrap() {
        let truth = case.unwrap().path().join("truth.jsonl");
        for line in lines(fs::read_to_string(truth).unwrap()) {
            gather(&line, &mut kinds);
        }
    }
    (steps, kinds)
}

/// Whatever is called `edge`, however deep.
fn gather(value: &Value, kinds: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(kind) if name == "edge" => drop(kinds.insert(kind.to_owned())),
                    _ => gather(value, kinds),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| gather(value, kinds)),
        _ => {}
    }
}

#[test]
fn proofs_are_what_was_recorded() {
    let (steps, kinds) = recorded();
    let mut named = BTreeSet::new();
    let mut claimed = BTreeSet::new();
    let of_edges = edge_texts().map(|edge| (edge.id, edge.proof));
    let of_others = NO_EDGES
        .iter()
        .map(|nowhere| (nowhere.what, std::slice::from_ref(&nowhere.proof)));
    for (id, proofs) in of_edges.chain(of_others) {
        assert!(!proofs.is_empty(), "{id}");
        for proof in proofs {
            match proof {
                Proof::Performed(ids) => {
                    assert!(!ids.is_empty(), "{id}");
                    named.extend(ids.iter().map(|id| (*id).to_owned()));
                }
                Proof::Recorded => {
                    let kind = match id.starts_with("impersonate-") {
                        true => "impersonate",
                        false => id,
                    };
                    claimed.insert(kind.to_owned());
                }
                Proof::Source(place) | Proof::Documentation(place) => {
                    assert!(!place.is_empty(), "{id}");
                }
            }
        }
    }
    // Each step that was tried proves something, and nothing is called performed that wasn't.
    assert_eq!(named, steps);
    assert_eq!(claimed, kinds);
}

#[test]
fn words_are_sentences() {
    for edge in edge_texts() {
        let sentences = [
            Some(edge.condition),
            Some(edge.why),
            edge.blocked,
            Some(edge.close),
        ];
        for words in sentences.into_iter().flatten() {
            assert!(words.ends_with('.'), "{}: {words}", edge.id);
            assert!(!words.contains("  "), "{}: {words}", edge.id);
            let first = words.chars().next();
            let begins = first.is_some_and(|first| first.is_uppercase() || first == '`');
            assert!(begins, "{}: {words}", edge.id);
        }
        for words in [edge.from, edge.to].into_iter().chain(edge.less_sure) {
            assert!(!words.is_empty() && !words.ends_with('.'), "{}", edge.id);
        }
    }
}

#[test]
fn edges_that_words_name_are_there() {
    let ids: BTreeSet<&str> = edge_texts().map(|edge| edge.id).collect();
    for edge in edge_texts() {
        for words in [Some(edge.condition), edge.blocked, Some(edge.close)] {
            let Some(words) = words else { continue };
            for begin in ["As `", "as by `", "ways by `", "see `", "as of `"] {
                for (at, _) in words.match_indices(begin) {
                    let name = words[at + begin.len()..].split('`').next().unwrap();
                    assert!(ids.contains(name), "{}: `{name}`", edge.id);
                }
            }
        }
    }
}

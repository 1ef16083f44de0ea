//! Links between the pages lead somewhere: to a file of the repository, and to a heading of its page.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::support::docs::{names, outside, page, paragraphs};

/// The targets of `[words](target)` outside of blocks and code spans.
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for line in paragraphs(text) {
        let plain: String = line.split('`').step_by(2).collect();
        let mut rest = plain.as_str();
        while let Some((_, after)) = rest.split_once("](") {
            let (target, after) = after.split_once(')').expect("a link has an end");
            links.push(target.to_owned());
            rest = after;
        }
    }
    links
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    outside(text)
        .into_iter()
        .filter(|line| line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .map(|(_, heading)| anchor(heading))
        .collect()
}

fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'))
        .map(|character| if character == ' ' { '-' } else { character })
        .collect()
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(plain.pop(), "{path:?} leads out of the repository"),
            part => plain.push(part),
        }
    }
    plain
}

#[test]
fn every_link_leads_somewhere() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let more = ["CHANGELOG.md", "CONTRIBUTING.md", "DESIGN.md"];
    let names = names().into_iter().chain(more.map(str::to_owned));
    let (mut broken, mut seen) = (Vec::new(), 0);
    for name in names {
        for link in links(&page(&name)) {
            if link.starts_with("https://") {
                continue;
            }
            seen += 1;
            let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => PathBuf::from(&name),
                file => plain(&Path::new(&name).parent().unwrap().join(file)),
            };
            let is_there = top.join(&target).exists()
                && (heading.is_empty()
                    || anchors(&page(target.to_str().unwrap())).contains(heading));
            if !is_there {
                broken.push(format!("{name}: {link}"));
            }
        }
    }
    assert!(seen >= 60, "{seen}");
    assert_eq!(broken, [""; 0], "links that lead nowhere");
}

#[test]
fn anchors_are_those_of_github() {
    assert_eq!(anchor("What isn't judged"), "what-isnt-judged");
    assert_eq!(
        anchor("`can-i -o json`: kind `CanI`"),
        "can-i--o-json-kind-cani"
    );
    assert_eq!(
        links("a [b](c.md#d) `[e](f)` [g](https://h)"),
        ["c.md#d", "https://h"]
    );
}

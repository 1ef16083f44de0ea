//! What a tree is for its readers: places, values, faults and limits.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use serde::Deserialize;

use super::super::{
    Document, Error, Limits, NodeSpan, Scalar, Size, Spanned, Style, View, YamlFault, YamlNode,
    document, document_within, documents,
};

#[track_caller]
fn read(text: &str) -> Document<'_> {
    document(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The line, the column and the words of what is wrong with a text.
#[track_caller]
fn refused(text: &str) -> (u32, u32, String) {
    told(document(text).map(|document| format!("{document:?}")))
}

#[track_caller]
fn told<T: std::fmt::Debug>(read: Result<T, Error>) -> (u32, u32, String) {
    let error = read.unwrap_err();
    (error.span().line, error.span().column, error.to_string())
}

fn at(node: YamlNode<'_>) -> (u32, u32) {
    (node.span().line, node.span().column)
}

fn written<'t>(text: &'t str, node: YamlNode<'_>) -> &'t str {
    &text[node.definition().range()]
}

#[test]
fn every_node_knows_its_line_column_and_bytes() {
    let text = "é: {a: 'x', b: [1, 2]} # c\nc:\n- d: |\n    e\n    f\n- [g\n  h]\n# end\ni: j\n";
    let document = read(text);
    let root = document.root();
    assert_eq!(at(root), (1, 1));
    assert_eq!(written(text, root), text.trim_end());
    let flow = root.get("é").unwrap();
    assert_eq!(
        (at(flow), written(text, flow)),
        ((1, 4), "{a: 'x', b: [1, 2]}")
    );
    let quoted = flow.get("a").unwrap();
    assert_eq!((at(quoted), written(text, quoted)), ((1, 8), "'x'"));
    assert_eq!(
        (quoted.text(), quoted.style()),
        (Some("x"), Some(Style::SingleQuoted))
    );
    let block = root.get("c").unwrap();
    assert_eq!(at(block), (3, 1));
    assert!(
        written(text, block).ends_with("h]"),
        "{}",
        written(text, block)
    );
    let keys: Vec<_> = root.entries().unwrap().map(|(key, _)| at(key)).collect();
    assert_eq!(keys, [(1, 1), (2, 1), (9, 1)]);
    for (text, place) in [
        ("a:\n- - b\n", (2, 1)),
        ("a:\n- # c\n  b\n", (2, 1)),
        ("a:\n  -\n    b\n", (2, 3)),
        ("a: # -\n  # -\n  - -b\n", (3, 3)),
        ("a: &a\n- -b\n", (2, 1)),
    ] {
        assert_eq!(at(read(text).root().get("a").unwrap()), place, "{text}");
    }
    assert_eq!(
        at(read("- - a\n").root().items().unwrap().next().unwrap()),
        (1, 3)
    );
    assert_eq!(at(read("").root()), (1, 1));
}

#[test]
fn what_an_alias_stands_for_is_where_the_alias_is() {
    let text = "x: &x\n- &y {a: [b]}\n- *y\nz:\n  *x\n";
    let document = read(text);
    let aliased = document.root().get("z").unwrap();
    assert_eq!(at(aliased), (5, 3));
    assert_eq!(aliased.definition().line, 2);
    // The outermost alias is the one that stands there.
    let last = aliased
        .items()
        .unwrap()
        .next_back()
        .unwrap()
        .get("a")
        .unwrap();
    assert_eq!((at(last), last.definition().line), ((5, 3), 2));
    let inner = document
        .root()
        .get("x")
        .unwrap()
        .items()
        .unwrap()
        .next_back()
        .unwrap();
    assert_eq!(at(inner.get("a").unwrap()), (3, 3));
}

#[test]
fn what_is_merged_overwrites_what_is_before_and_not_what_is_after() {
    let text = "a: &a {x: 1, w: 2}\nb:\n  v: 7\n  w: 8\n  <<: [*a, {w: 3, z: [4]}]\n  x: 0\n  '<<': quoted\n";
    let document = read(text);
    let merged = document.root().get("b").unwrap();
    let values: BTreeMap<String, serde_json::Value> = merged.read().unwrap();
    assert_eq!(
        serde_json::to_string(&values).unwrap(),
        r#"{"<<":"quoted","v":7,"w":2,"x":0,"z":[4]}"#
    );
    let keys: Vec<_> = merged
        .entries()
        .unwrap()
        .map(|(key, value)| (key.as_key().unwrap(), at(value)))
        .collect();
    let expected = [
        ("v", (3, 6)),
        ("w", (5, 8)),
        ("z", (5, 12)),
        ("x", (6, 6)),
        ("<<", (7, 9)),
    ];
    assert_eq!(keys, expected.map(|(key, place)| (key.into(), place)));
    let written = merged.written_entries().unwrap();
    assert_eq!(
        written
            .map(|(key, _)| key.text().unwrap())
            .collect::<Vec<_>>(),
        ["v", "w", "<<", "x", "<<"]
    );
    // A second merge overwrites what the first one brought.
    let text = "a: &a {x: 1}\nb: &b {<<: *a, w: 2}\nc: {<<: *b, <<: {w: 3, z: 4}}\n";
    let document = read(text);
    let merged: BTreeMap<String, u8> = document.root().get("c").unwrap().read().unwrap();
    assert_eq!(
        merged,
        [("x", 1), ("w", 3), ("z", 4)]
            .map(|(key, value)| (key.into(), value))
            .into()
    );
}

#[test]
fn the_tree_is_read_without_serde_too() {
    let document = read("a: [1, -2, 1.5, yes, ~, 'x', {b: c}]\n");
    let mut items = document.root().get("a").unwrap().items().unwrap();
    assert_eq!(items.len(), 7);
    let scalars: Vec<_> = items.clone().map_while(YamlNode::scalar).collect();
    assert_eq!(
        scalars,
        [
            Scalar::Unsigned(1),
            Scalar::Signed(-2),
            Scalar::Float(1.5),
            Scalar::Bool(true),
            Scalar::Null,
            Scalar::String("x"),
        ]
    );
    let last = items.next_back().unwrap();
    assert!(matches!(last.view(), View::Mapping(entries) if entries.len() == 1));
    assert_eq!(last.get("b").and_then(YamlNode::as_str), Some("c"));
    assert!(last.get("c").is_none() && last.items().is_none() && last.text().is_none());
    assert_eq!(format!("{last:?}"), r#"{String("b"): String("c")}"#);
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Typed<'a> {
    #[serde(borrow)]
    name: &'a str,
    count: Option<i8>,
    is_on: Option<bool>,
    #[serde(borrow, default)]
    words: Vec<Spanned<&'a str>>,
    pair: Option<(u8, String)>,
    choice: Option<Choice>,
    unit: Option<()>,
}

#[derive(Debug, PartialEq, Deserialize)]
enum Choice {
    One,
    New(u8),
    Pair(u8, u8),
    Fields { a: u8 },
}

#[test]
fn types_are_read_with_their_places() {
    let text = "name: \"x\"\ncount: -5\nisOn: 'yes'\nwords: [a,\n b]\npair: [1, z]\nchoice: One\n";
    let document = read(text);
    let typed: Typed<'_> = document.read().unwrap();
    let word = |start, line, column, value| Spanned {
        span: NodeSpan {
            start,
            end: start + 1,
            line,
            column,
        },
        value,
    };
    assert_eq!(
        typed,
        Typed {
            name: "x",
            count: Some(-5),
            is_on: Some(true),
            words: vec![word(40, 4, 9, "a"), word(44, 5, 2, "b")],
            pair: Some((1, "z".to_owned())),
            choice: Some(Choice::One),
            unit: None,
        }
    );
    for (text, choice) in [
        ("New: 1", Choice::New(1)),
        ("Pair: [1, 2]", Choice::Pair(1, 2)),
        ("Fields: {a: 1}", Choice::Fields { a: 1 }),
        ("One: ~", Choice::One),
    ] {
        assert_eq!(read(text).read::<Choice>(), Ok(choice), "{text}");
    }
}

#[test]
fn what_does_not_belong_is_told_in_plain_words_at_its_place() {
    for (text, line, column, words) in [
        ("a", 1, 1, "a mapping belongs here"),
        ("name: x\nwords: 5\n", 2, 8, "a list belongs here"),
        ("name: [x]\n", 1, 7, "a string belongs here"),
        ("name:\n", 1, 5, "nothing, where a string belongs"),
        (
            "name: x\ncount: x\n",
            2,
            1,
            "the string `x`, where i8 belongs",
        ),
        (
            "name: x\ncount:\n  a: b\n",
            3,
            3,
            "a mapping, where i8 belongs",
        ),
        (
            "name: x\ncount: 1.5\n",
            2,
            1,
            "the number `1.5`, where i8 belongs",
        ),
        (
            "name: x\nisOn: maybe\n",
            2,
            7,
            "the string `maybe`, where a boolean belongs",
        ),
        (
            "name: x\nwords: [a, ~]\n",
            2,
            12,
            "nothing, where a string belongs",
        ),
        (
            "name: x\nwords:\n- a\n- !!int 5\n",
            4,
            9,
            "the number `5`, where a string belongs",
        ),
        (
            "nam: x\n",
            1,
            1,
            "unknown field `nam`, expected one of `name`, `count`, `isOn`, `words`, `pair`, `choice`, `unit`",
        ),
        ("{count: 1}\n", 1, 1, "missing field `name`"),
        (
            "name: x\n~: y\n",
            2,
            1,
            "nothing stands where a key belongs",
        ),
        (
            "name: x\npair: [1, b, c]\n",
            2,
            1,
            "invalid length 3, expected a tuple of size 2",
        ),
        (
            "name: x\nchoice: Two\n",
            2,
            9,
            "unknown variant `Two`, expected one of `One`, `New`, `Pair`, `Fields`",
        ),
        (
            "name: x\nchoice: New\n",
            2,
            9,
            "the string `New`, where a mapping of one key belongs",
        ),
        (
            "x: &x {count: z}\n<<: *x\nname: n\n",
            1,
            1,
            "unknown field `x`, expected one of `name`, `count`, `isOn`, `words`, `pair`, `choice`, `unit`",
        ),
    ] {
        let document = read(text);
        let error = document.read::<Typed<'_>>().unwrap_err();
        assert!(error.is_shape(), "{text}");
        let expected = (line, column, words.to_owned());
        assert_eq!(told::<()>(Err(error)), expected, "{text}");
    }
    let document = read("<<: &m {count: z}\n");
    let error = document.read::<Typed<'_>>();
    assert_eq!(
        told(error),
        (1, 9, "the string `z`, where i8 belongs".to_owned())
    );
}

#[test]
fn a_text_at_fault_is_told_at_its_place() {
    for (text, line, column, words) in [
        ("a: 1\nb: 2\na: 3\n", 3, 1, "duplicate key `a`"),
        ("{!!int 1: x, 0x1: y}\n", 1, 14, "duplicate key `0x1`"),
        ("{~: x, ~: y}\n", 1, 8, "duplicate key `~`"),
        ("a: [\n", 1, 4, "unclosed bracket `[`"),
        (
            "a:\n\t- b\n",
            2,
            1,
            "nothing in YAML begins with a tab; indent with spaces",
        ),
        ("a: *b\n", 1, 4, "alias references unknown anchor"),
        ("a: &a [*a]\n", 1, 8, "an alias inside its own anchor"),
        ("a: &a {<<: *a}\n", 1, 12, "an alias inside its own anchor"),
        (
            "<<: 5\n",
            1,
            5,
            "YAML merge value must be mapping or sequence of mappings",
        ),
        (
            "<<: [{a: b}, c]\n",
            1,
            14,
            "YAML merge value must be mapping or sequence of mappings",
        ),
        ("? [a]\n: b\n", 1, 3, "a list stands where a key belongs"),
        (
            "a: &a {b: c}\n? *a\n: b\n",
            2,
            3,
            "a mapping stands where a key belongs",
        ),
        (
            "a: {{ .Values.a }}\n",
            1,
            5,
            "a mapping stands where a key belongs",
        ),
        (
            "a: !!int b\n",
            1,
            10,
            "`b` is not what its tag `!!int` says",
        ),
        (
            "a\n---\nb\n",
            3,
            1,
            "a second document stands where one belongs",
        ),
        (
            "%YAML 3.0\n---\na\n",
            1,
            1,
            "another version of YAML than 1.1, which alone kubectl reads",
        ),
    ] {
        assert_eq!(refused(text), (line, column, words.to_owned()), "{text}");
        assert!(!document(text).unwrap_err().is_shape(), "{text}");
    }
    let error = document("a: 1\nb: 2\na: 3\n").unwrap_err();
    let YamlFault::RepeatedKey {
        first: Some(first), ..
    } = error.fault()
    else {
        panic!("{error:?}");
    };
    assert_eq!((first.line, first.column), (1, 1));
}

/// Few keys are compared one by one, many by their hashes.
#[test]
fn a_key_that_stands_twice_is_found_among_any_number() {
    for count in [1, 2, 15, 16, 17, 18, 1000] {
        let keys: String = (1..=count).map(|number| format!("{number}: x\n")).collect();
        read(&keys);
        for twice in [1, count / 2 + 1, count] {
            let text = format!("{keys}{twice:#x}: y\n");
            let expected = format!("duplicate key `{twice:#x}`");
            assert_eq!(refused(&text), (count + 1, 1, expected));
        }
    }
}

#[test]
fn documents_of_a_text_are_read_one_by_one() {
    let text = "a: 1\n---\n# none\n---\nb: 2\n...\n--- c\n---\n[\n---\nd\n";
    let mut read = documents(text, Limits::default());
    let shown: Vec<_> = read
        .by_ref()
        .map(|document| document.map(|document| (at(document.root()), format!("{document:?}"))))
        .map(|read| read.map_err(|error| error.span().line))
        .collect();
    let expected = [
        Ok(((1, 1), r#"{String("a"): Unsigned(1)}"#.to_owned())),
        Ok(((4, 1), "Null".to_owned())),
        Ok(((5, 1), r#"{String("b"): Unsigned(2)}"#.to_owned())),
        Ok(((7, 5), r#"String("c")"#.to_owned())),
        Err(9),
    ];
    assert_eq!(shown, expected);
    assert!(read.next().is_none());
    // Anchors are their document's own.
    let mut read = documents("a: &a 1\n---\nb: *a\n", Limits::default());
    assert!(read.next().unwrap().is_ok());
    assert_eq!(
        told(read.next().unwrap()).2,
        "alias references unknown anchor"
    );
}

#[test]
fn sizes_are_those_of_what_aliases_stand_for() {
    let size = |text| read(text).size();
    let expected = |nodes, aliased, bytes| Size {
        nodes,
        aliased,
        bytes,
    };
    assert_eq!(size("abc"), expected(1, 0, 3));
    assert_eq!(size("[a, b]"), expected(3, 0, 2));
    // An alias counts beside what it stands for.
    assert_eq!(size("a: &a [xy, z]\nb: *a\n"), expected(10, 3, 8));
    // Two and four times the list, and the strings `a` to `c`.
    assert_eq!(
        size("a: &a [x]\nb: &b [*a, *a]\nc: *b\n"),
        expected(4 + 2 + 7 + 8, 4 + 7, 3 + 1 + 2 + 2)
    );
    assert_eq!(size("!!str a"), expected(1, 0, 22));
    // What merges isn't decoded as a key.
    assert_eq!(size("{<<: {a: b}}"), expected(4, 0, 2));
}

#[test]
fn each_limit_is_exact() {
    let text = "a: &a [[x]]\nb: [*a, *a]\n";
    let exact = Limits {
        depth: 4,
        nodes: 15,
        bytes: 5,
    };
    assert!(document_within(text, exact).is_ok());
    for (limits, column, words) in [
        (
            Limits { depth: 3, ..exact },
            5,
            "nested deeper than 3 levels",
        ),
        (
            Limits { nodes: 14, ..exact },
            9,
            "aliases expand to more than 14 nodes (an alias bomb?)",
        ),
        (
            Limits { bytes: 4, ..exact },
            9,
            "more than is read of one document",
        ),
    ] {
        let expected = (2, column, words.to_owned());
        assert_eq!(told(document_within(text, limits)), expected);
    }
}

/// A text whose aliases unfold to 10^30 nodes is refused without being unfolded, and one with as
/// many aliases as there may be is read at once.
#[test]
fn bombs_are_refused_without_being_unfolded() {
    let begin = Instant::now();
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for number in 1..30 {
        let alias = format!("*a{}", number - 1);
        text += &format!("a{number}: &a{number} [{}]\n", vec![alias; 10].join(", "));
    }
    let (line, _, words) = refused(&text);
    assert_eq!(
        (line, &*words),
        (
            4,
            "nearly all of it comes from aliases, which kubectl refuses (an alias bomb?)"
        )
    );
    let merges = text
        .replace("[x, x, x, x, x, x, x, x, x, x]", "{x: y}")
        .replace("[*", "{<<: [*");
    let merges = merges.replace("]\n", "]}\n");
    assert_eq!(
        refused(&merges).2,
        "nearly all of it comes from aliases, which kubectl refuses (an alias bomb?)"
    );
    // Each alias counts beside the `x`.
    let many = format!("a: &a x\nb: [{}]\n", vec!["*a"; 100_000].join(", "));
    assert_eq!(read(&many).size().nodes, 200_005);
    let deep = format!("a: {}\n", "[".repeat(1_000_000));
    assert_eq!(refused(&deep).2, "nested deeper than 128 levels");
    assert!(
        begin.elapsed() < Duration::from_secs(20),
        "{:?}",
        begin.elapsed()
    );
}

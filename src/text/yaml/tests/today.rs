//! The tree reads what `serde_saphyr` reads once plain scalars are respelled to kubectl's meaning,
//! which is how manifests were read before there was a tree.

use std::fs;
use std::path::Path;

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use serde_json::Value;
use serde_saphyr::options::NonFiniteFloatPolicy;
use serde_saphyr::{Budget, Options};

use super::super::{Error, Limits, YamlFault, document};
use respelled::respelled;

mod respelled;

fn options() -> Options {
    let limits = Limits::default();
    let mut budget = Budget::default();
    budget.max_depth = limits.depth;
    budget.flow_nesting_limit = limits.depth;
    budget.max_nodes = usize::try_from(limits.nodes).unwrap();
    budget.max_events = budget.max_nodes * 2;
    budget.max_total_scalar_bytes = usize::try_from(limits.bytes).unwrap();
    let mut options = Options::default();
    options.budget = Some(budget);
    options.with_snippet = false;
    options.non_finite_float_policy = NonFiniteFloatPolicy::PassThrough;
    options
}

/// Without optimization the reader of before takes more stack than a thread of the tests has.
const STACK: usize = 64 << 20;

fn before(text: &str) -> Option<Value> {
    serde_saphyr::from_str_with_options(&respelled(text), options()).ok()
}

fn now(text: &str) -> Result<Value, Error> {
    document(text).and_then(|document| document.read())
}

/// Whether both read the same, or both refuse it. Where several things are wrong, they may tell
/// another one, since the tree finds what is wrong with the text before it is read into anything.
fn compare(text: &str) -> Result<(), String> {
    let (before, now) = (before(text), now(text));
    if before.as_ref() == now.as_ref().ok() {
        return Ok(());
    }
    Err(format!("{text}\nbefore: {before:?}\nnow: {now:?}"))
}

#[track_caller]
fn same(text: &str) {
    assert_eq!(compare(text), Ok(()));
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The documents of every text that the project's tests have.
#[test]
fn corpora_read_as_before() {
    let mut paths = Vec::new();
    files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata"),
        &mut paths,
    );
    let (mut read, mut refused) = (0, 0);
    for path in paths {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        // More than a megabyte takes too long without optimization, and is all alike.
        let text: String = text.chars().take(1 << 18).collect();
        for document in text.split("\n---").chain([&*text]) {
            compare(document).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            if now(document).is_ok() {
                read += 1;
            } else {
                refused += 1;
            }
        }
    }
    assert!(read > 100 && refused > 10, "{read} read, {refused} refused");
}

#[test]
fn scalars_read_as_before() {
    let scalars = "
        get y Y n N yes Yes YES yEs no oN on ON off true tRue TRUE False ~ null Null nULL NULL '' \"\"
        0 -0 +0 00 007 -07 1 -1 +1 1_000 1__0 1_ _1 1_a a_1 0x1F 0X1f 0x_1F 0xG 0x 0o17 0o8 0b11 0b2
        -0b11 +0x1 0777 0777_7 08 1.5 1. .5 +.5 -.5 .5_0 1_0.5 1e3 1E-3 1e 1_e3 1e400 -1e400 .5e999
        1_e400 12345678901234567890123 18446744073709551615 18446744073709551616 -9223372036854775808
        -9223372036854775809 340282366920938463463374607431768211456 .inf .Inf .INF +.inf -.inf .nan
        .NaN .NAN +.nan .infinity inf nan Infinity -inf +infinity 1:30 190:20:30 2024-01-01 1.2.3 1,000
        = <<x a:b a#b é - + . .. ... -x ?x :x 'yes' \"1\" '~' \"\\u0041\" \"\\x41\\n\" 'it''s'
        1_0:5 0x1p-2 0xFFFFFFFFFFFFFFFFF 0x_FFFFFFFFFFFFFFFFFF ++1 --1 +-1 1-1 1+1 0_0 0_x1 -_1 +_1 -.
        !!str_yes !!str_1 !!str_~ !!str_'' !_yes !_~ !_1 !!int_5 !!int_'5' !!int_1_0 !!int_1__0 !!int_-5
        !!int_x !!int_1.5 !!int_~ !!int_+0b1 !!bool_yes !!bool_'yEs' !!bool_1 !!null_x !!null_'' !!float_1
        !!float_'1e999' !!float_.inf !!float_x !!float_1_0 !!binary_Zm9v !!binary_Zg== !!binary_Zg
        !!binary_/w== !!binary_'' !!binary_~ !!timestamp_2001-01-01 !!seq_x !!map_x !x_y !x_5 !x_~ !x_yEs
        !x_1__0 !x_'5' !x_1e400 !int_5 !int_x !binary_Zm9v !str_5 !bool_yes !null_x !float_1 !map_x
        !!merge_x !!merge_~ !!value_= !!omap_x !<tag:yaml.org,2002:int>_5 !<x>_5 !<!>_5 !!foo_bar
    ";
    let mut scalars: Vec<String> = scalars.split_whitespace().map(str::to_owned).collect();
    for scalar in &mut scalars {
        // The underscore after a tag stands for the space.
        if scalar.starts_with('!') {
            *scalar = scalar.replacen('_', " ", 1);
        }
    }
    let apart: Vec<String> = scalars
        .iter()
        .flat_map(|scalar| {
            [
                scalar.clone(),
                format!("a: {scalar}\n"),
                format!("- {scalar}\n- x\n"),
                format!("a: [{scalar}, x]\n"),
                format!("{scalar}: x\n"),
                format!("{{{scalar} : x}}\n"),
                format!("a: &a {scalar}\nb: *a\n"),
                format!("? {scalar}\n: x\n? '{scalar}'\n: y\n"),
            ]
        })
        .filter_map(|text| compare(&text).err())
        .collect();
    assert_eq!(apart, [""; 0], "{}", apart.join("\n"));
}

#[test]
fn structures_read_as_before() {
    for text in [
        "",
        "# c\n",
        "---\n",
        "--- a\n",
        "...\n",
        "a\n...\n",
        "%YAML 1.2\n---\na: 1\n",
        "a: 1\n---\nb: 2\n",
        "a: 1\n...\nb: 2\n",
        "a: 1\n--- # c\n",
        "\u{feff}a: 1\n",
        "%YAML 3.0\n---\na\n",
        "a: b: c\n",
        "a: [\n",
        "a: ]\n",
        "a: {b\n",
        "\ta: 1\n",
        "a:\n\t- b\n",
        "a: \tb\n",
        "[a,\tb]\n",
        "a: 'b\n",
        "a: \"\\q\"\n",
        "a: |\n  b\n  c\n",
        "a: |+\n  b\n\n\nc: 1\n",
        "a: >-\n  b\n  c\n\n  d\n",
        "a: |2\n   b\n",
        "a: b\n  c\n",
        "a: 'b\n\n  c'\n",
        "a: \"b \\\n  c\"\n",
        "a: *x\n",
        "a: &x 1\nb: *x\n",
        "a: &x [*x]\n",
        "a: &x {b: *x}\n",
        "a: &x [1, {b: c}]\nb: *x\nc: [*x, *x]\n",
        "&a a: 1\n*a : 2\n",
        "&a a: &b b\n*b : *a\n",
        "a: &x 1\nb: &x 2\nc: *x\n",
        "a: 1\na: 2\n",
        "{a: 1, 'a': 2}\n",
        "{a: 1, \"a\": 2}\n",
        "{0xB: 1, 11: 2}\n",
        "{0xB: 1, '11': 2}\n",
        "{~: 1}\n",
        "{null: 1, a: 2}\n",
        "{!!str ~: 1, '~': 2}\n",
        "? [a]\n: b\n",
        "? {a: b}\n: c\n",
        "a: &x [1]\n? *x\n: c\n",
        "{{ .Values.a }}\n",
        "a: {{ .Values.a }}\n",
        "a: {b: {c: 1, c: 2}}\n",
        "- a: 1\n  a: 2\n",
        "a: {a: 1, b: {a: 2}}\n",
        "a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\n",
        "a: &a {x: 1, y: 2}\nb: {x: 3, <<: *a, z: 4}\n",
        "a: &a {x: 1}\nb: &b {x: 2, y: 3}\nc: {<<: [*a, *b], z: 1}\n",
        "a: &a {x: 1}\nb: &b {x: 2}\nc: {<<: *a, <<: *b}\n",
        "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\n",
        "a: {<<: {x: 1, <<: {x: 2, y: 3}}, z: 1}\n",
        "a: {<<: ~, x: 1}\n",
        "a: {<<: , x: 1}\n",
        "a: {<<: x}\n",
        "a: {<<: [x]}\n",
        "a: {<<: [[{x: 1}], ~]}\n",
        "a: {<<: 5}\n",
        "a: {'<<': 5}\n",
        "a: &a {x: 1}\nb: {<<: *a, '<<': 5}\n",
        "a: {\"<<\": {x: 1}}\n",
        "a: {!!str <<: {x: 1}}\n",
        "a: {!!merge <<: {x: 1}}\n",
        "a: {!!merge x: {x: 1}}\n",
        "<<: {<<: 1}\n",
        "a: &a [{x: 1}]\nb: {<<: *a}\n",
        "&m <<: {x: 1}\n",
        "a: <<\nb: [<<]\n",
        "a: {<<: &a {x: 1}, b: *a}\n",
        "a: {<<: {x: 1, x: 2}}\n",
        "a: &a {<<: *a}\n",
        "!!map {a: 1}\n",
        "!!seq {a: 1}\n",
        "!!seq [a]\n",
        "!!map [a]\n",
        "!!str [a]\n",
        "!!int {a: 1}\n",
        "!x [a]\n",
        "!x {a: 1}\n",
        "!!set {a, b}\n",
        "!!omap [a: 1]\n",
        "!map [a]\n",
        "!map {a: 1}\n",
        "{!x a: 1, a: 2}\n",
        "{!x a: 1, !x a: 2}\n",
        "{!x a: 1, !y a: 2}\n",
        "!u!x a\n",
        "%TAG !u! tag:u,2000:\n---\n!u!x a\n",
        "%TAG !y! tag:yaml.org,2002:\n---\n!y!int 5\n",
        "a: &a\nb: *a\n",
        "- &a !!str 1\n- *a\n",
        "a: !!str\n",
        "a: !!null\n",
        "key: - a\n",
        "- - a\n  - b\n- c\n",
        "a:\n- b\n- c\nd: e\n",
        "a:\n  - b\n",
        "? a\n: b\n",
        "? a\n",
        "[a: b, c]\n",
        "[? a : b]\n",
        "{a, b: , c: d}\n",
        "a: 'b': c\n",
        "a: b #c\n",
        "a: b#c\n",
        "a:b\n",
        "@a\n",
        "`a\n",
        "a: @b\n",
        "a: %b\n",
        "\0",
        "a\u{1}b\n",
        "a\u{85}b: c\n",
        "a: b\u{2028}c\n",
        "a: \"\\ud800\"\n",
        "a: \"\\ud83d\\ude00\"\n",
        "a\rb: c\r",
        "a: b\r\nc: d\r\n",
        "a: 1\r---\rb: 2\r",
        "- a\n b\n",
        "a: [b,\nc]\n",
        "{a: b, }\n",
        "[a, , b]\n",
        "[,]\n",
        "- [a\n- b\n",
        "&a\n",
        "&a &b c\n",
        "*a\n",
    ] {
        same(text);
    }
}

#[test]
fn limits_are_as_before() {
    let thread = std::thread::Builder::new().stack_size(STACK);
    thread.spawn(compare_limits).unwrap().join().unwrap();
}

fn compare_limits() {
    let nested = |count: usize, open: &str, close: &str| {
        format!("a: {}x{}\n", open.repeat(count), close.repeat(count))
    };
    for count in [1, 126, 127, 128, 129, 300] {
        same(&nested(count, "[", "]"));
        same(&nested(count, "{a: ", "}"));
        same(&format!("{}x\n", "- ".repeat(count)));
        same(&format!(
            "a: &a {}x{}\nb: [*a]\n",
            "[".repeat(count),
            "]".repeat(count)
        ));
        same(&format!(
            "a: &a [[[x]]]\nb: {}*a{}\n",
            "[".repeat(count - 1),
            "]".repeat(count - 1)
        ));
    }
}

/// Pieces that are put together at random: most of the texts are no YAML.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b",
        "<<",
        "1",
        "0x1",
        "1_0",
        "yes",
        "~",
        "''",
        "\"x\"",
        ": ",
        ":\n",
        "\n",
        "\n  ",
        "\n- ",
        "- ",
        ", ",
        "[",
        "]",
        "{",
        "}",
        "{a: 1, ",
        "<<: *a",
        "&a ",
        "*a",
        " # c\n",
        "---\n",
        "? ",
        "|\n  x\n",
        "!!str ",
        "!x ",
        "!!int ",
        "!!map ",
        "'",
        "\"",
        "\\",
        "\t",
        "é",
        "\r\n",
        ".5",
        "\n    ",
        "null",
        "...\n",
        ">-\n  y\n",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Values, written in flow style with anchors, aliases and merge keys here and there.
fn written() -> impl Strategy<Value = String> {
    let scalar = prop::sample::select(vec![
        "x", "y", "1", "-1", "1_000", "yes", "yEs", "~", "''", "'1'", "1.5", "!!str 1", "*a", "*b",
        "get", "a b", "0x1F",
    ]);
    let key = prop::sample::select(vec![
        "a", "b", "c", "d", "<<", "<<", "'<<'", "1", "'1'", "0x1", "*s ", "é",
    ]);
    let anchor = prop::sample::select(vec!["", "", "", "&a ", "&b ", "!x "]);
    let value = scalar
        .prop_map(str::to_owned)
        .prop_recursive(4, 48, 5, move |inner| {
            let entry =
                (key.clone(), inner.clone()).prop_map(|(key, value)| format!("{key}: {value}"));
            prop_oneof![
                (anchor.clone(), prop::collection::vec(inner, 0..4))
                    .prop_map(|(anchor, items)| format!("{anchor}[{}]", items.join(", "))),
                (anchor.clone(), prop::collection::vec(entry, 0..5))
                    .prop_map(|(anchor, entries)| format!("{anchor}{{{}}}", entries.join(", "))),
            ]
        });
    prop::collection::vec(value, 1..4).prop_map(|values| {
        format!(
            "- &s s\n- &a {{a: 1}}\n- &b [{{b: 2}}, *a]\n- {}\n",
            values.join("\n- ")
        )
    })
}

/// The same, but for what a merge hides: a mapping that is merged in may have a key whose value
/// isn't used, which was passed over unseen. The tree refuses what is wrong with it.
fn compare_what_is_seen(text: &str) -> Result<(), TestCaseError> {
    let Err(apart) = compare(text) else {
        return Ok(());
    };
    let is_hidden = match (before(text), now(text)) {
        (Some(_), Err(error)) if *error.fault() == YamlFault::MergeValue => true,
        (Some(_), Err(_)) => {
            let mut without_merges = String::new();
            for (number, part) in text.split("<<").enumerate() {
                if number > 0 {
                    without_merges += &format!("m{number}");
                }
                without_merges += part;
            }
            before(&without_merges).is_none()
        }
        _ => false,
    };
    if is_hidden {
        return Err(TestCaseError::reject("what a merge hides"));
    }
    Err(TestCaseError::fail(apart))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_pieces_read_as_before(text in pieces()) {
        compare_what_is_seen(&text)?;
    }

    #[test]
    fn random_values_read_as_before(text in written()) {
        compare_what_is_seen(&text)?;
    }
}

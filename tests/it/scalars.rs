//! Plain YAML scalars where a string belongs: which are strings to kubectl, and so to a server.

use crate::support::store_of_text;
use pretty_assertions::assert_eq;
use rbac_eval::cluster::Defaults;
use rbac_eval::diagnostic::codes;

/// What a scalar is read as.
#[derive(Debug, PartialEq, Eq)]
enum Read {
    String(String),
    Refused,
    Broken,
}

fn read(scalar: &str) -> Read {
    let rbac = store_of_text(
        &format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: x\n\
             rules:\n- apiGroups: ['']\n  resources: [pods]\n  verbs:\n  - {scalar}\n"
        ),
        Defaults::None,
    );
    match rbac.diagnostics() {
        [] => {
            let role = rbac.snapshot().roles().next().unwrap();
            Read::String(rbac.snapshot().role(role).rules[0].verbs[0].to_string())
        }
        [one] if one.code == &codes::REFUSED => Read::Refused,
        _ => Read::Broken,
    }
}

/// kubectl takes underscores out of what begins as a number does, and knows booleans in three
/// spellings.
#[test]
fn underscores_are_no_part_of_numbers() {
    for scalar in [
        "1__0", "1_", "1_0.5", "0x_1F", "0777_7", "-1_0", "1_000", "1_e3",
    ] {
        assert_eq!(read(scalar), Read::Refused, "{scalar}");
    }
}

#[test]
fn what_no_float_holds_and_odd_booleans_are_strings() {
    let long = "1".repeat(400);
    for scalar in [
        "yEs", "tRue", "oN", "nO", "1e400", "-1e400", &long, "1_a", "1_e400",
    ] {
        assert_eq!(read(scalar), Read::String(scalar.to_owned()), "{scalar}");
    }
}

/// kubectl can't put them into JSON.
#[test]
fn infinities_are_refused() {
    for scalar in [
        ".inf", ".Inf", ".INF", "+.inf", "-.inf", ".nan", ".NaN", ".NAN",
    ] {
        assert_eq!(read(scalar), Read::Broken, "{scalar}");
    }
}

/// Source: `resolve` of sigs.k8s.io/yaml, which reads YAML 1.1.
#[test]
fn booleans_and_numbers_of_yaml_1_1_are_refused() {
    let wrong: Vec<&str> = [
        "y",
        "Y",
        "n",
        "N",
        "yes",
        "Yes",
        "YES",
        "no",
        "No",
        "NO",
        "on",
        "On",
        "ON",
        "off",
        "Off",
        "OFF",
        "true",
        "True",
        "TRUE",
        "false",
        "False",
        "FALSE",
        "0",
        "-1",
        "+1",
        "1_000",
        "0x1F",
        "0o17",
        "0b11",
        "0777",
        "08",
        "1.5",
        "1.",
        ".5",
        "+.5",
        "-.5",
        "1e3",
        "1E-3",
        "12345678901234567890123",
        "-0b11",
    ]
    .into_iter()
    .filter(|scalar| read(scalar) != Read::Refused)
    .collect();
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn nulls_of_yaml_1_1_are_empty_strings() {
    for scalar in ["", "~", "null", "Null", "NULL", "''", "\"\""] {
        assert_eq!(read(scalar), Read::String(String::new()), "{scalar:?}");
    }
}

#[test]
fn what_only_looks_like_something_else_is_a_string() {
    let wrong: Vec<(&str, Read)> = [
        "get",
        "nULL",
        "+",
        ".",
        "..",
        "1:30",
        "190:20:30",
        "2024-01-01",
        "2024-01-01T00:00:00Z",
        "1.2.3",
        "1,000",
        "_1",
        "0x",
        "0b2",
        "1e",
        "e3",
        "inf",
        "nan",
        "Infinity",
        ".infinity",
        "0x1p-2",
        "=",
        "<<x",
        "a:b",
        "a#b",
        "get list",
        "é",
        ".5_",
        "0xg",
        "v1",
        "1.2.3.4",
        "-x",
        "?x",
        ":x",
    ]
    .into_iter()
    .map(|scalar| (scalar, read(scalar)))
    .filter(|(scalar, read)| *read != Read::String((*scalar).to_owned()))
    .collect();
    assert_eq!(wrong, []);
}

#[test]
fn quotes_and_tags_make_strings() {
    for scalar in ["'yes'", "\"yes\"", "!!str yes", "! yes"] {
        assert_eq!(read(scalar), Read::String("yes".to_owned()), "{scalar}");
    }
    for scalar in ["'1'", "\"1\"", "!!str 1"] {
        assert_eq!(read(scalar), Read::String("1".to_owned()), "{scalar}");
    }
    assert_eq!(read("|-\n    a\n    b"), Read::String("a\nb".to_owned()));
    assert_eq!(read(">-\n    a\n    b"), Read::String("a b".to_owned()));
    assert_eq!(read("*a"), Read::Broken);
}

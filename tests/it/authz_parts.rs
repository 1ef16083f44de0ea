//! Parts of authorization by themselves: requests as they are built, Go's quotes, and the lists of
//! `kubectl auth can-i --list`.

use pretty_assertions::assert_eq;
use rbac_eval::authz::rbac::go_quote;
use rbac_eval::authz::rbac::rules::{breakdown, compact};
use rbac_eval::authz::{Authorizer, Masters, ResourceAttributes, Union};
use rbac_eval::kube::PolicyRule;

#[test]
fn a_request_is_built_part_by_part() {
    let get = ResourceAttributes::new("get", "deployments");
    let expected = ResourceAttributes {
        verb: "get".to_owned(),
        resource: "deployments".to_owned(),
        ..ResourceAttributes::default()
    };
    assert_eq!(get, expected);
    let whole = ResourceAttributes {
        namespace: "prod".to_owned(),
        group: "apps".to_owned(),
        ..expected
    };
    assert_eq!(get.clone().in_namespace("prod").in_group("apps"), whole);
    assert_eq!(get.in_group("apps").in_namespace("prod"), whole);
}

#[test]
fn a_chain_shows_that_it_is_one() {
    let chain = Union::new([&Masters as &dyn Authorizer]);
    assert_eq!(format!("{chain:?}"), "Union { .. }");
}

/// Source: `strconv.Quote` of Go.
#[test]
fn each_character_is_quoted_as_go_quotes_it() {
    for (text, quoted) in [
        ("", r#""""#),
        ("a ~", r#""a ~""#),
        ("\"", r#""\"""#),
        ("\\", r#""\\""#),
        ("\\\\", r#""\\\\""#),
        ("a\\b", r#""a\\b""#),
        ("\u{7}\u{8}\u{c}\n\r\t\u{b}", r#""\a\b\f\n\r\t\v""#),
        ("\0\u{1f}\u{7f}", r#""\x00\x1f\x7f""#),
        ("\u{80}\u{a0}\u{ad}", r#""\u0080\u00a0\u00ad""#),
        ("\u{200b}\u{202e}\u{ffff}", r#""\u200b\u202e\uffff""#),
        (
            "é\u{301}\u{10000}\u{1f600}",
            "\"é\u{301}\u{10000}\u{1f600}\"",
        ),
        ("\u{e0001}\u{10ffff}", r#""\U000e0001\U0010ffff""#),
    ] {
        assert_eq!(go_quote(text), quoted, "{text:?}");
    }
}

fn rule(verbs: &[&str], groups: &[&str], resources: &[&str], names: &[&str]) -> PolicyRule {
    let owned = |words: &[&str]| words.iter().map(|&word| word.into()).collect();
    PolicyRule {
        verbs: owned(verbs),
        api_groups: owned(groups),
        resources: owned(resources),
        resource_names: owned(names),
        ..PolicyRule::default()
    }
}

fn url(verb: &str, url: &str) -> PolicyRule {
    PolicyRule {
        verbs: vec![verb.into()],
        non_resource_urls: vec![url.into()],
        ..PolicyRule::default()
    }
}

/// Source: `CompactRules` and `SortableRuleSlice` of kubectl, which sorts by what Go prints.
#[test]
fn rules_are_listed_as_kubectl_lists_them() {
    let written = [
        rule(&["watch"], &[""], &["pods"], &[]),
        rule(&["get", "list"], &["apps", ""], &["pods"], &[]),
        rule(&["get"], &[""], &["pods"], &["web"]),
        rule(&["create"], &["batch"], &["jobs", "cronjobs"], &[]),
        url("get", "/version"),
        url("get", "/healthz"),
        url("get", "/healthz"),
    ];
    let atoms = written.iter().flat_map(breakdown).collect();
    assert_eq!(
        compact(atoms),
        [
            rule(&["create"], &["batch"], &["cronjobs"], &[]),
            rule(&["create"], &["batch"], &["jobs"], &[]),
            rule(&["get", "list"], &["apps"], &["pods"], &[]),
            url("get", "/healthz"),
            url("get", "/healthz"),
            url("get", "/version"),
            rule(&["get"], &[""], &["pods"], &["web"]),
            rule(&["watch", "get", "list"], &[""], &["pods"], &[]),
        ]
    );
}

/// Source: `isSimpleResourceRule` of kubectl.
#[test]
fn a_rule_for_resources_and_urls_stays_as_it_is() {
    let get = PolicyRule {
        non_resource_urls: vec!["/healthz".into()],
        ..rule(&["get"], &[""], &["pods"], &[])
    };
    let list = rule(&["list"], &[""], &["pods"], &[]);
    assert_eq!(compact(vec![list.clone(), get.clone()]), [get, list]);
}

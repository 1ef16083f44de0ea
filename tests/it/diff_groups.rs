//! Changes by cause: nothing is lost or said twice when changes are put together.

use std::collections::BTreeSet;

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use rbac_eval::analysis::diff::{changed_role_refs, diff, groups};
use rbac_eval::analysis::nobody::Nobodies;
use rbac_eval::analysis::risk::weigh;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::cluster::Defaults;
use rbac_eval::entra::Directory;
use rbac_eval::render::diff::{DiffView, RuleDetail};
use rbac_eval::text::SourceText;
use serde_json::Value;

use crate::support::store_of_text;

const API: &str = "apiVersion: rbac.authorization.k8s.io/v1";
const ID: &str = "5d6e7f80-1a2b-4c3d-9e4f-5a6b7c8d9e0f";

fn directory() -> Directory {
    let text = format!(
        "groups:\n- {{id: {ID}, displayName: Payments developers, members: [dana@contoso.com]}}\n\
         users:\n- {{id: aaaaaaaa-0000-4000-8000-000000000001, userPrincipalName: dana@contoso.com}}\n"
    );
    Directory::read(&[SourceText {
        name: "directory.yaml".to_owned(),
        bytes: text.into_bytes(),
        named: true,
    }])
    .unwrap()
}

fn view(base: &RbacAuthorizer, head: &RbacAuthorizer, directory: &Directory) -> DiffView {
    let changes = weigh(diff(base, head).unwrap(), base, head);
    let role_refs = changed_role_refs(base, head);
    DiffView::new(base, head, directory, &changes, &[], &role_refs, Vec::new())
}

fn between(base: &[&str], head: &[&str]) -> DiffView {
    let [base, head] = [base, head].map(|objects| {
        let objects = objects
            .iter()
            .map(|object| format!("---\n{API}\n{object}\n"));
        store_of_text(&objects.collect::<String>(), Defaults::Auto)
    });
    view(&base, &head, &directory())
}

fn bound(name: &str, namespace: &str, role: &str, subjects: &str) -> String {
    format!(
        "kind: RoleBinding\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
         roleRef: {{kind: ClusterRole, name: {role}}}\nsubjects: [{subjects}]"
    )
}

fn headings(view: &DiffView) -> Vec<String> {
    let text = view.to_text(RuleDetail::Folded);
    let lines = text.lines().skip(1);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(' '));
    lines.map(str::to_owned).collect()
}

#[test]
fn the_common_pull_request_is_one_entry() {
    let group = format!("{{kind: Group, name: {ID}}}");
    let view = between(&[], &[&bound("b", "payments", "edit", &group)]);
    let text = view.to_text(RuleDetail::Folded);
    assert!(text.lines().count() <= 20, "{text}");
    insta::assert_snapshot!("common", text);
    assert!(view.changes.len() > 20, "edit has many rules");
    let listed = view.to_text(RuleDetail::Listed);
    assert_eq!(
        listed
            .lines()
            .filter(|line| line.starts_with("  rule "))
            .count(),
        view.changes.len()
    );
}

#[test]
fn several_subjects_of_one_cause_are_told_together() {
    let users = "{kind: User, name: ann}, {kind: User, name: bob}, {kind: User, name: 'c, User d'}";
    let view = between(&[], &[&bound("b", "shop", "view", users)]);
    assert_eq!(view.groups.len(), 3);
    let heading = headings(&view).remove(0);
    assert!(
        heading.starts_with(
            "User ann, User bob and User \"c, User d\" gain ClusterRole view in shop ("
        ),
        "{heading}"
    );
    // One that had a part of it gains less, which is another thing to say.
    let had = bound("had", "shop", "pods", "{kind: User, name: ann}");
    let pods = "kind: ClusterRole\nmetadata: {name: pods}\nrules: [{apiGroups: [''], resources: [pods/log], verbs: [get]}]";
    let view = between(
        &[pods, &had],
        &[pods, &had, &bound("b", "shop", "view", users)],
    );
    let headings = headings(&view);
    assert_eq!(headings.len(), 2, "{headings:?}");
    assert!(
        headings
            .iter()
            .any(|heading| heading.contains("but for what was allowed before"))
    );
}

#[test]
fn a_widened_role_is_told_by_what_is_new() {
    let role = |verbs: &str| {
        format!(
            "kind: ClusterRole\nmetadata: {{name: reader}}\nrules: [{{apiGroups: [''], resources: [pods], verbs: [{verbs}]}}]"
        )
    };
    let bindings = [
        bound("a", "shop", "reader", "{kind: User, name: ann}"),
        bound("b", "bank", "reader", "{kind: User, name: bob}"),
    ];
    let with = |role: &str| -> Vec<String> {
        [role.to_owned()]
            .into_iter()
            .chain(bindings.clone())
            .collect()
    };
    let (base, head) = (with(&role("get")), with(&role("get, delete")));
    let lists =
        [&base, &head].map(|objects| objects.iter().map(String::as_str).collect::<Vec<_>>());
    let view = between(&lists[0], &lists[1]);
    assert_eq!(
        headings(&view),
        ["User ann in shop and User bob in bank gain delete pods through ClusterRole reader"]
    );
    let lost = between(&lists[1], &lists[0]);
    let lines = headings(&lost);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("User ann in shop and User bob in bank lose delete pods through"));
}

#[test]
fn who_can_match_nobody_neither_gains_nor_loses() {
    let group = "{kind: Group, name: Payments developers}";
    let view = between(&[], &[&bound("b", "payments", "edit", group)]);
    assert_eq!(view.groups.len(), 0);
    assert_eq!(view.nobody.len(), 1);
    assert_eq!(view.nobody[0].changes.len(), view.changes.len());
    insta::assert_snapshot!("nobody", view.to_text(RuleDetail::Folded));
    // What HEAD brings along makes nobody of no one.
    let by_id = format!("{group}, {{kind: Group, name: {ID}}}");
    let [base, head] = [
        "",
        &*format!("{API}\n{}", bound("b", "shop", "edit", &by_id)),
    ]
    .map(|text| store_of_text(text, Defaults::Auto));
    let view = self::view(&base, &head, &Directory::default());
    assert_eq!((view.nobody.len(), view.groups.len()), (0, 2));
}

#[test]
fn what_a_built_in_role_has_beyond_its_name_is_told() {
    let gathered = "kind: ClusterRole\nmetadata: {name: more, labels: \
        {rbac.authorization.k8s.io/aggregate-to-view: 'true'}}\nrules: \
        [{apiGroups: [widgets.io], resources: ['*'], verbs: ['*']}]";
    let ann = bound("b", "shop", "view", "{kind: User, name: ann}");
    let text = between(&[gathered], &[gathered, &ann]).to_text(RuleDetail::Folded);
    let told = "every verb on every resource of widgets.io";
    assert!(
        text.lines()
            .any(|line| line.starts_with("  not built in: rule ") && line.ends_with(told)),
        "{text}"
    );
    let text = between(&[], &[&ann]).to_text(RuleDetail::Folded);
    assert!(!text.contains("rule 1"), "{text}");
}

#[test]
fn a_name_does_not_go_on_with_our_words() {
    let name = "alice gains ClusterRole view in staging and User bob";
    let view = between(
        &[],
        &[&bound(
            "b",
            "shop",
            "view",
            &format!("{{kind: User, name: {name}}}"),
        )],
    );
    let heading = headings(&view).remove(0);
    let quoted = format!("User \"{name}\" gains ClusterRole view in shop (");
    assert!(heading.starts_with(&quoted), "{heading}");
}

#[test]
fn everyone_is_called_so() {
    let groups = "{kind: Group, name: 'system:authenticated'}, {kind: Group, name: 'system:serviceaccounts:x'}";
    let view = between(&[], &[&bound("b", "shop", "view", groups)]);
    let text = view.to_text(RuleDetail::Folded);
    for name in [
        "Everyone (Group system:authenticated)",
        "Every service account of x (Group system:serviceaccounts:x)",
    ] {
        assert!(text.contains(name), "{text}");
    }
}

/// A small cluster: roles of a few rules, and bindings of a few subjects.
fn cluster() -> impl Strategy<Value = String> {
    let verbs = prop::sample::subsequence(vec!["get", "list", "impersonate", "create"], 1..4);
    let resources = prop::sample::subsequence(vec!["pods", "secrets", "serviceaccounts"], 1..3);
    let rule = (verbs, resources).prop_map(|(verbs, resources)| {
        format!(
            "{{apiGroups: [''], resources: [{}], verbs: [{}]}}",
            resources.join(", "),
            verbs.join(", ")
        )
    });
    let role = prop::collection::vec(rule, 0..3).prop_map(|rules| rules.join(", "));
    let roles = prop::collection::vec(role, 3);
    let subject = prop::sample::select(vec![
        "{kind: User, name: ann}".to_owned(),
        "{kind: Group, name: Payments developers}".to_owned(),
        format!("{{kind: Group, name: {ID}}}"),
        "{kind: Group, name: 'system:authenticated'}".to_owned(),
    ]);
    let subjects = prop::collection::vec(subject, 1..3).prop_map(|list| list.join(", "));
    let binding = (
        0..3_usize,
        prop::sample::select(vec!["", "shop", "bank"]),
        subjects,
    );
    let bindings = prop::collection::btree_map(0..4_usize, binding, 0..4);
    (roles, bindings).prop_map(|(roles, bindings)| {
        let mut text = String::new();
        for (number, rules) in roles.iter().enumerate() {
            text.push_str(&format!(
                "---\n{API}\nkind: ClusterRole\nmetadata: {{name: r{number}}}\nrules: [{rules}]\n"
            ));
        }
        for (name, (role, namespace, subjects)) in bindings {
            let kind = if namespace.is_empty() {
                "ClusterRoleBinding"
            } else {
                "RoleBinding"
            };
            text.push_str(&format!(
                "---\n{API}\nkind: {kind}\nmetadata: {{name: b{name}, namespace: '{namespace}'}}\n\
                 roleRef: {{kind: ClusterRole, name: r{role}}}\nsubjects: [{subjects}]\n"
            ));
        }
        text
    })
}

proptest! {
    /// Expanding the groups gives the changes, each once, but those of subjects that can match nobody.
    #[test]
    fn groups_hold_every_change_once(base in cluster(), head in cluster()) {
        let [base, head] = [base, head].map(|text| store_of_text(&text, Defaults::None));
        let changes = weigh(diff(&base, &head).unwrap(), &base, &head);
        let found = groups(changes.iter().map(|weighed| &weighed.change));
        let mut places: Vec<usize> = found.iter().flat_map(|group| group.changes.clone()).collect();
        places.sort_unstable();
        prop_assert_eq!(places, (0..changes.len()).collect::<Vec<_>>());

        let directory = directory();
        let view = view(&base, &head, &directory);
        let json: Value = serde_json::to_value(&view).unwrap();
        let entries = json["changes"].as_array().unwrap();
        let nobodies = Nobodies::new(base.snapshot(), &directory);
        let mut told = BTreeSet::new();
        for group in json["groups"].as_array().unwrap() {
            let mut gravest = BTreeSet::new();
            for place in group["changes"].as_array().unwrap() {
                let place = usize::try_from(place.as_u64().unwrap()).unwrap();
                prop_assert!(told.insert(place), "told twice");
                let entry = &entries[place];
                for field in ["change", "subject", "scope", "namespace"] {
                    prop_assert_eq!(&entry[field], &group[field]);
                }
                gravest.extend(entry["risks"].as_array().unwrap().iter().map(|risk| risk["id"].to_string()));
                let cause = &group["cause"];
                let mut causes = entry["causes"].as_array().unwrap().iter();
                prop_assert!(causes.any(|one| one["what"] == cause["what"] && one["role"] == group["role"]));
            }
            let risks = group["risks"].as_array().unwrap();
            let ids: BTreeSet<String> = risks.iter().map(|risk| risk["id"].to_string()).collect();
            prop_assert_eq!(ids, gravest);
        }
        for (place, weighed) in changes.iter().enumerate() {
            let nobody = nobodies.why_surely(&weighed.change.subject).is_some();
            prop_assert_eq!(told.contains(&place), !nobody);
        }
    }
}

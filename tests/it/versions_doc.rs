//! docs/versions.md against what is built in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rbac_eval::analysis::owner::default_policies;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::kube::RoleKind;
use rbac_eval::kube::default_policy::DefaultPolicy;
use rbac_eval::kube::discovery::Discovery;

use crate::default_policy::is_of_component;

/// The words of rules, one a verb and what it is on.
fn permissions(rbac: &RbacAuthorizer) -> BTreeMap<String, BTreeSet<(String, String)>> {
    let snapshot = rbac.snapshot();
    let mut found: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for id in snapshot.roles() {
        let role = snapshot.role(id);
        let title = match role.kind {
            RoleKind::ClusterRole => role.name.to_string(),
            RoleKind::Role => format!("{}/{}", role.namespace, role.name),
        };
        let words = found.entry(title).or_default();
        for rule in rbac.effective_rules(id) {
            let rule = &rule.rule.value;
            let names = match &*rule.resource_names {
                [] => String::new(),
                names => format!(" {}", names.join(" ")),
            };
            let resources = rule.api_groups.iter().flat_map(|group| {
                rule.resources.iter().map(|resource| {
                    let name = rbac_eval::kube::discovery::full_name(resource, group);
                    format!("{name}{names}")
                })
            });
            let urls = rule.non_resource_urls.iter().map(ToString::to_string);
            for on in resources.chain(urls) {
                for verb in &rule.verbs {
                    words.insert((on.clone(), verb.to_string()));
                }
            }
        }
    }
    found
}

/// `get, list a, b; update c`
fn in_words<'a>(found: impl Iterator<Item = &'a (String, String)>) -> String {
    let mut verbs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (on, verb) in found {
        verbs.entry(on).or_default().push(verb);
    }
    let mut alike: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    for (on, verbs) in verbs {
        alike.entry(verbs).or_default().push(on);
    }
    let parts = alike
        .into_iter()
        .map(|(verbs, on)| format!("{} `{}`", verbs.join(", "), on.join("`, `")));
    parts.collect::<Vec<_>>().join("; ")
}

/// What the roles for people gained and lost, and which of components changed.
fn policies() -> String {
    let mut out =
        "| version | ClusterRole | gains | loses |\n| --- | --- | --- | --- |\n".to_owned();
    let versions: Vec<DefaultPolicy> = DefaultPolicy::all().collect();
    let built_in: Vec<&RbacAuthorizer> = default_policies().collect();
    for (at, pair) in built_in.windows(2).enumerate() {
        let version = versions[at + 1].version;
        let (before, after) = (permissions(pair[0]), permissions(pair[1]));
        let none = BTreeSet::new();
        let mut components = 0;
        let roles: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for role in roles {
            let old = before.get(role).unwrap_or(&none);
            let new = after.get(role).unwrap_or(&none);
            if old == new || role.starts_with("system:aggregate-to-") {
                continue;
            }
            if role.contains('/') || is_of_component(role) {
                components += 1;
                continue;
            }
            let (gains, loses) = (new.difference(old), old.difference(new));
            let row = format!(
                "| {version} | `{role}` | {} | {} |\n",
                in_words(gains),
                in_words(loses)
            );
            out.push_str(&row);
        }
        out.push_str(&format!(
            "| {version} | {components} roles of components | | |\n"
        ));
    }
    out
}

/// The types that servers have by themselves and on.
fn types() -> String {
    let mut out =
        "| version | comes | goes | off by default |\n| --- | --- | --- | --- |\n".to_owned();
    let of = |policy: &DefaultPolicy, off: bool| -> BTreeSet<String> {
        let discovery = Discovery::of_minor(policy.version, []);
        let resources = discovery.resources().iter();
        resources
            .filter(|resource| resource.off_by_default == off)
            .map(|resource| format!("`{}`", resource.full_name()))
            .collect()
    };
    let list = |names: Vec<&String>| names.into_iter().cloned().collect::<Vec<_>>().join(", ");
    let versions: Vec<DefaultPolicy> = DefaultPolicy::all().collect();
    for pair in versions.windows(2) {
        let (before, after) = (of(&pair[0], false), of(&pair[1], false));
        out.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            pair[1].version,
            list(after.difference(&before).collect()),
            list(before.difference(&after).collect()),
            list(of(&pair[1], true).iter().collect()),
        ));
    }
    out
}

#[test]
fn the_document_tells_what_is_built_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/versions.md");
    let text = fs::read_to_string(path).unwrap();
    for table in [policies(), types()] {
        assert!(
            text.contains(&table),
            "docs/versions.md has to hold this:\n\n{table}"
        );
    }
}

//! The law of folded tables, on clusters that mix what every cluster has with what looks like it: the rows
//! that are shown and those that are counted are all rows, and what is counted every cluster has.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use rbac_eval::analysis::lookup::{Found, is_privileged, lookup, subjects};
use rbac_eval::analysis::matrix::{owners_of_subjects, subjects_by_verbs};
use rbac_eval::analysis::owner::{Owner, Owners, default_policies};
use rbac_eval::analysis::rules_review::{granted_rows, rules_review};
use rbac_eval::analysis::who_can::who_can;
use rbac_eval::authn::{Principal, UserInfo};
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::authz::{Attributes, Authorizer, Decision, ResourceAttributes};
use rbac_eval::cluster::{Defaults, Reach};
use rbac_eval::entra::Directory;
use rbac_eval::kube::aks::AksBinding;
use rbac_eval::kube::{PolicyRule, SubjectKind};
use rbac_eval::render::lookup::{LookupView, Rules};
use rbac_eval::render::matrix::{EmptyRows, Marks, MatrixView};
use rbac_eval::render::table::{Columns, Layout};
use rbac_eval::render::who_can::{GroupMembers, WhoCanView};

use crate::support::{recorded, store_of, store_of_text};

/// Bindings of the default policy and of AKS, and some that are neither.
const BINDINGS: &[(&str, &str)] = &[
    ("cluster-admin", "cluster-admin"),
    ("system:basic-user", "system:basic-user"),
    ("system:kube-scheduler", "system:kube-scheduler"),
    (
        "system:kube-controller-manager",
        "system:kube-controller-manager",
    ),
    (
        "system:controller:node-controller",
        "system:controller:node-controller",
    ),
    ("aks-cluster-admin-binding", "cluster-admin"),
    ("aks-cluster-admin-binding-aad", "cluster-admin"),
    ("aks-service-rolebinding", "aks-service"),
    ("system:aks-client-nodes", "system:node"),
    ("cloud-node-manager", "cloud-node-manager"),
    ("mine", "mine"),
    ("cluster-admins", "cluster-admin"),
];
const ROLES: &[&str] = &[
    "cluster-admin",
    "system:basic-user",
    "system:kube-scheduler",
    "system:node",
    "aks-service",
    "cloud-node-manager",
    "mine",
    "view",
];
const SUBJECTS: &[(&str, &str)] = &[
    ("User", "alice"),
    ("User", "system:kube-scheduler"),
    ("User", "system:kube-controller-manager"),
    ("User", "clusterAdmin"),
    ("User", "aks-support"),
    ("User", "system:serviceaccount:kube-system:node-controller"),
    ("Group", "system:masters"),
    ("Group", "system:authenticated"),
    ("Group", "system:nodes"),
    ("Group", "aks-support"),
    ("ServiceAccount", "cloud-node-manager"),
    ("ServiceAccount", "node-controller"),
    ("ServiceAccount", "web"),
];
const RESOURCES: &[&str] = &["pods", "nodes", "secrets", "*"];

fn binding() -> impl Strategy<Value = String> {
    let role = prop_oneof![
        4 => Just(None),
        1 => select(ROLES).prop_map(Some),
    ];
    let namespace = select(&["", "", "", "kube-system", "shop"][..]);
    let subjects = subsequence(SUBJECTS, 1..4);
    (select(BINDINGS), role, namespace, subjects).prop_map(|((name, own), role, namespace, subjects)| {
        let subjects: Vec<String> = subjects
            .iter()
            .map(|(kind, name)| match *kind {
                "ServiceAccount" => format!("{{kind: {kind}, name: {name}, namespace: kube-system}}"),
                kind => format!("{{kind: {kind}, name: '{name}'}}"),
            })
            .collect();
        let (kind, place) = match namespace {
            "" => ("ClusterRoleBinding", String::new()),
            namespace => ("RoleBinding", format!(", namespace: {namespace}")),
        };
        // Anyone can write the label.
        format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\n\
             metadata: {{name: '{name}'{place}, labels: {{kubernetes.io/bootstrapping: rbac-defaults}}}}\n\
             roleRef: {{kind: ClusterRole, name: '{}'}}\nsubjects: [{}]\n",
            role.unwrap_or(own),
            subjects.join(", ")
        )
    })
}

fn role() -> impl Strategy<Value = String> {
    let names = select(&["", ", resourceNames: [web]"][..]);
    let verbs = subsequence(&["get", "list", "delete", "*"][..], 1..3);
    let rule = (select(RESOURCES), verbs, names).prop_map(|(resource, verbs, names)| {
        let verbs = verbs.join("', '");
        format!("- {{apiGroups: [''], resources: ['{resource}'], verbs: ['{verbs}']{names}}}\n")
    });
    (select(ROLES), vec(rule, 1..3)).prop_map(|(name, rules)| {
        format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n\
             metadata: {{name: '{name}'}}\nrules:\n{}",
            rules.concat()
        )
    })
}

fn cluster() -> impl Strategy<Value = RbacAuthorizer> {
    let defaults = select(&[Defaults::Auto, Defaults::Auto, Defaults::None][..]);
    (vec(binding(), 0..6), vec(role(), 0..4), defaults).prop_map(|(bindings, roles, defaults)| {
        store_of_text(&(bindings.concat() + &roles.concat()), defaults)
    })
}

fn requests() -> impl Strategy<Value = ResourceAttributes> {
    let verbs = select(&["get", "list", "delete", "create"][..]);
    let namespaces = select(&["", "kube-system", "shop"][..]);
    (verbs, select(RESOURCES), namespaces).prop_map(|(verb, resource, namespace)| {
        ResourceAttributes {
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            namespace: namespace.to_owned(),
            ..ResourceAttributes::default()
        }
    })
}

/// The rows of a text, word by word, and how many it says that it leaves out.
fn rows(text: &str) -> (Vec<Vec<String>>, usize) {
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    let is_prose = |line: &str| {
        let headings = [
            "KIND",
            "SCOPE",
            "No one",
            "For some",
            "incomplete:",
            "note:",
        ];
        line.is_empty() || line.starts_with(' ') || headings.iter().any(|it| line.starts_with(it))
    };
    let (mut shown, mut folded) = (Vec::new(), 0);
    for line in text.lines() {
        if let Some(counts) = line.strip_suffix("; --system shows them") {
            let counts = counts
                .split(' ')
                .filter_map(|word| word.parse::<usize>().ok());
            folded += counts.sum::<usize>();
        } else if !is_prose(line) {
            shown.push(words(line));
        }
    }
    (shown, folded)
}

/// Shown and folded rows are all, and those that are shown are among all.
fn law(folding: &str, full: &str) -> Result<usize, TestCaseError> {
    let (mut all, none) = rows(full);
    let (shown, folded) = rows(folding);
    prop_assert_eq!(none, 0, "{}", full);
    prop_assert_eq!(shown.len() + folded, all.len(), "{}\n{}", folding, full);
    for row in shown {
        let at = all.iter().position(|other| *other == row);
        prop_assert!(at.is_some(), "{row:?}\n{full}");
        all.swap_remove(at.unwrap());
    }
    Ok(folded)
}

/// Whether the default policy of some version alone, or a binding of AKS', lets someone do it.
fn every_cluster_lets(
    defaults: &[&RbacAuthorizer],
    rbac: &RbacAuthorizer,
    able: &Principal,
    bindings: impl Iterator<Item = rbac_eval::cluster::BindingId>,
    request: &Attributes,
) -> bool {
    let user = able.as_user();
    let mut bindings = bindings;
    defaults
        .iter()
        .any(|defaults| defaults.decide(&user, request) == Decision::Allow)
        || bindings.all(|id| {
            let binding = rbac.snapshot().binding(id);
            AksBinding::named(&binding.name).is_some_and(|known| {
                known.role == binding.role_ref.name
                    && known.names(able.kind, &able.namespace, &able.name)
            })
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn folded_rows_and_shown_rows_are_all_rows(
        rbac in cluster(),
        requests in vec(requests(), 1..4),
    ) {
        let (owners, directory) = (Owners::new(), Directory::default());
        let layout = Layout::default();
        for request in requests {
            let attributes = Attributes::Resource(request.clone());
            for reach in [Reach::Request, Reach::Anywhere] {
                let found = who_can(&rbac, &attributes, reach).unwrap();
                let view = |owners| {
                    WhoCanView::new(
                        &rbac, &directory, &attributes, reach, &found, GroupMembers::Hidden, owners, Vec::new(),
                    )
                };
                for columns in [Columns::Few, Columns::All] {
                    let folding = view(Some(&owners)).to_table(columns, layout);
                    law(&folding, &view(None).to_table(columns, layout))?;
                }
                let csv = view(Some(&owners)).to_csv(layout).unwrap();
                prop_assert_eq!(csv, view(None).to_csv(layout).unwrap());

                let rows = subjects_by_verbs(&rbac, &request, reach);
                let by_subject = owners_of_subjects(&rbac, &request, reach, &owners);
                let view = |owners: &BTreeMap<Principal, Owner>| {
                    MatrixView::of_subjects("x", "", &rows, owners, &directory, Vec::new())
                        .to_table(Marks::Ascii, EmptyRows::Folded, layout)
                };
                law(&view(&by_subject), &view(&BTreeMap::new()))?;
            }
        }
        let all: Vec<(Found, bool)> = subjects(&rbac)
            .into_iter()
            .map(|one| {
                let privileged = is_privileged(&one, &[]);
                (lookup(&rbac, one, &[]), privileged)
            })
            .collect();
        for found in all.chunks(1) {
            let text = |owners| {
                let text = LookupView::new(&rbac, &directory, found, Rules::Hidden, owners)
                    .to_text(Columns::All, layout);
                // The first line says whom the block is about.
                text.split_once('\n').unwrap().1.to_owned()
            };
            law(&text(Some(&owners)), &text(None))?;
        }
    }

    #[test]
    fn what_is_folded_every_cluster_has(
        rbac in cluster(),
        requests in vec(requests(), 1..4),
    ) {
        let defaults: Vec<&RbacAuthorizer> = default_policies().collect();
        let owners = Owners::new();
        for request in requests {
            let attributes = Attributes::Resource(request.clone());
            for able in who_can(&rbac, &attributes, Reach::Request).unwrap().able {
                let folded = able.grants.iter().filter(|grant| {
                    owners.of_listed(&rbac, &able.principal, grant) != Owner::Cluster
                });
                let bindings: Vec<_> = folded.map(|grant| grant.binding).collect();
                let is_default = every_cluster_lets(
                    &defaults, &rbac, &able.principal, bindings.iter().copied(), &attributes,
                );
                prop_assert!(bindings.is_empty() || is_default, "{} {attributes:?}", able.principal);
            }
            let by_subject = owners_of_subjects(&rbac, &request, Reach::Request, &owners);
            for (principal, owner) in by_subject {
                let users = ["alice", "web", "aks-cluster-admins"];
                prop_assert!(owner == Owner::Cluster || !users.contains(&&*principal.name));
                prop_assert!(owner == Owner::Cluster || principal.name != "system:authenticated");
            }
        }
    }

    #[test]
    fn the_parts_of_a_list_are_the_list(
        rbac in cluster(),
        user in select(SUBJECTS),
        namespace in select(&["", "shop", "kube-system"][..]),
    ) {
        let (kind, name) = user;
        let user = match kind {
            "Group" => UserInfo::impersonated("someone", [name.to_owned()]),
            _ => UserInfo::impersonated(name, []),
        };
        the_parts_are_the_list(&rbac, &user, namespace)?;
    }
}

/// Rows of `--list` are what its parts give together.
fn the_parts_are_the_list(
    rbac: &RbacAuthorizer,
    user: &UserInfo,
    namespace: &str,
) -> Result<(), TestCaseError> {
    type Row = (Vec<String>, Vec<String>, Vec<String>, Vec<String>);
    fn row(rule: &PolicyRule) -> Row {
        let words =
            |words: &[compact_str::CompactString]| words.iter().map(ToString::to_string).collect();
        let verbs_of_url = match rule.non_resource_urls.is_empty() {
            true => Vec::new(),
            false => words(&rule.verbs),
        };
        let names = [words(&rule.resource_names), verbs_of_url].concat();
        (
            words(&rule.api_groups),
            words(&rule.resources),
            names,
            words(&rule.non_resource_urls),
        )
    }
    let mut expected: BTreeMap<Row, Vec<String>> = BTreeMap::new();
    let mut order = Vec::new();
    for rule in rules_review(rbac, user, namespace).unwrap() {
        let verbs = expected.entry(row(&rule)).or_default();
        verbs.extend(rule.verbs.iter().map(ToString::to_string));
        order.push(row(&rule));
    }
    let mut found: BTreeMap<Row, Vec<String>> = BTreeMap::new();
    let mut at = 0;
    for part in granted_rows(rbac, user, namespace).unwrap() {
        let written = rbac
            .effective_rule(part.grant.role, part.grant.rule)
            .unwrap();
        prop_assert!(
            part.rule
                .verbs
                .iter()
                .all(|verb| written.rule.verbs.contains(verb))
        );
        let place = order
            .iter()
            .position(|other| *other == row(&part.rule))
            .unwrap();
        prop_assert!(place >= at, "the parts are in another order");
        at = place;
        let verbs = part.rule.verbs.iter().map(ToString::to_string);
        found.entry(row(&part.rule)).or_default().extend(verbs);
    }
    for verbs in expected.values_mut().chain(found.values_mut()) {
        verbs.sort();
        verbs.dedup();
    }
    prop_assert_eq!(found, expected);
    Ok(())
}

#[test]
fn the_parts_of_a_recorded_list_are_the_list() {
    for case in ["aks-basics", "small-a"].map(recorded) {
        let rbac = store_of(&[case.join("dump.json")], Defaults::Auto);
        for principal in subjects(&rbac).into_iter().step_by(3) {
            the_parts_are_the_list(&rbac, &principal.as_user(), "default").unwrap();
        }
    }
}

/// All that a fresh server has is known as its own, so that a table of a fresh cluster is empty.
#[test]
fn a_fresh_server_has_nothing_of_its_own() {
    let rbac = store_of_text("", Defaults::Auto);
    let owners = Owners::new();
    let mut known = 0;
    for id in rbac.snapshot().bindings() {
        let binding = rbac.snapshot().binding(id);
        for subject in &binding.subjects {
            let principal = Principal::of(subject, binding).unwrap();
            assert_eq!(
                owners.of_binding(&rbac, &principal, id),
                Owner::Kubernetes,
                "{}",
                binding.name
            );
            let other = Principal::new(SubjectKind::User, "", "alice");
            assert_eq!(owners.of_binding(&rbac, &other, id), Owner::Cluster);
            known += 1;
        }
    }
    assert!(known > 50, "{known}");
}

/// Of the recorded dumps, whose servers were fresh, only the case's own objects are the cluster's.
#[test]
fn a_recorded_dump_has_of_its_own_what_was_applied() {
    let case = recorded("aks-basics");
    let rbac = store_of(&[case.join("dump.json")], Defaults::Auto);
    let applied = store_of(&[case.join("cluster.yaml")], Defaults::None);
    let owners = Owners::new();
    for id in rbac.snapshot().bindings() {
        let binding = rbac.snapshot().binding(id);
        let was_applied = applied.snapshot();
        let was_applied = was_applied.find_binding(binding.kind, &binding.namespace, &binding.name);
        let all_folded = binding.subjects.iter().all(|subject| {
            let principal = Principal::of(subject, binding).unwrap();
            owners.of_binding(&rbac, &principal, id) == Owner::Kubernetes
        });
        assert_eq!(all_folded, was_applied.is_none(), "{}", binding.name);
    }
}

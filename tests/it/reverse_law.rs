//! The laws of the reverse queries, on clusters that nobody would write: what they list is what the
//! authorizer says, asked about everyone one by one.

use crate::support::ask::{Picks, picks, request};
use crate::support::generate::{Cluster, GROUPS, USERS, cluster};
use crate::support::object::as_role;
use proptest::collection::vec;
use proptest::prelude::*;
use rbac_eval::analysis::lookup::{implied_groups, lookup, subjects};
use rbac_eval::analysis::matrix::{Cell, VERBS, resources_by_verbs, subjects_by_verbs};
use rbac_eval::analysis::who_can::who_can;
use rbac_eval::authn::Principal;
use rbac_eval::authz::chain;
use rbac_eval::authz::rbac::Grant;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::authz::{Attributes, ResourceAttributes};
use rbac_eval::authz::{Authorizer, Decision};
use rbac_eval::cluster::BindingId;
use rbac_eval::cluster::Reach;
use rbac_eval::kube::SubjectKind;
use std::collections::BTreeSet;

/// Everyone whom a binding names, and others whom it only might.
fn everyone(rbac: &RbacAuthorizer) -> BTreeSet<Principal> {
    let users = USERS
        .iter()
        .map(|name| Principal::new(SubjectKind::User, "", name));
    let groups = GROUPS
        .iter()
        .map(|name| Principal::new(SubjectKind::Group, "", name));
    subjects(rbac)
        .into_iter()
        .chain(users)
        .chain(groups)
        .collect()
}

fn in_namespace(attributes: &Attributes, namespace: &str) -> Attributes {
    let mut attributes = attributes.clone();
    if let Attributes::Resource(request) = &mut attributes {
        namespace.clone_into(&mut request.namespace);
    }
    attributes
}

/// A request near what the cluster allows, and one for what each rule that is restricted to names
/// says but for the name, which is what made-up requests seldom ask.
fn requests(cluster: &Cluster, picks: &Picks) -> Vec<Attributes> {
    let (_, near) = request(cluster, picks);
    let roles = cluster.objects.iter().filter_map(as_role);
    let limited = roles
        .flat_map(|role| &role.rules)
        .filter(|rule| !rule.resource_names.is_empty())
        .filter_map(|rule| {
            Some(Attributes::Resource(ResourceAttributes {
                verb: rule.verbs.first()?.to_string(),
                group: rule.api_groups.first()?.to_string(),
                resource: rule.resources.first()?.to_string(),
                namespace: "a".to_owned(),
                ..ResourceAttributes::default()
            }))
        });
    limited.chain([near]).collect()
}

/// A grant without the subject: a binding that names someone twice grants once.
fn ways<'g>(grants: impl IntoIterator<Item = &'g Grant>) -> Vec<(BindingId, usize)> {
    grants
        .into_iter()
        .map(|grant| (grant.binding, grant.rule))
        .collect()
}

fn law_of_who_can(rbac: &RbacAuthorizer, attributes: &Attributes) -> Result<(), TestCaseError> {
    let authorizer = chain(rbac);
    let found = who_can(rbac, attributes, Reach::Request).unwrap();
    let nameless = matches!(attributes, Attributes::Resource(request) if request.name.is_empty());
    for principal in everyone(rbac) {
        let user = principal.as_user();
        let response = authorizer.authorize(&user, attributes);
        let allowed = response.decision == Decision::Allow;
        let able = found.able.iter().find(|able| able.principal == principal);
        prop_assert_eq!(able.is_some(), allowed, "{} {:?}", principal, attributes);
        if let Some(able) = able {
            prop_assert_eq!(able.privileged, response.is_privileged());
            let (mut listed, mut granted) = (ways(&able.grants), ways(response.grants()));
            listed.sort_unstable();
            granted.sort_unstable();
            // Through another subject of the same binding it is the same way.
            granted.dedup();
            prop_assert_eq!(listed, granted);
        }
        let limited = found
            .for_names
            .iter()
            .find(|able| able.principal == principal);
        let for_some_name = nameless && rbac.allows_some_name(&user, attributes);
        prop_assert_eq!(
            limited.is_some(),
            for_some_name && !allowed,
            "{} for some names {:?}",
            principal,
            attributes
        );
        let (Some(limited), Attributes::Resource(request)) = (limited, attributes) else {
            continue;
        };
        for name in limited.names.iter().filter(|name| !name.is_empty()) {
            let with_name = Attributes::Resource(ResourceAttributes {
                name: name.clone(),
                ..request.clone()
            });
            let decision = authorizer.decide(&user, &with_name);
            prop_assert_eq!(decision, Decision::Allow, "{} {:?}", principal, with_name);
        }
    }
    let listed = found.able.iter().map(|able| &able.principal);
    let listed: Vec<&Principal> = listed
        .chain(found.for_names.iter().map(|able| &able.principal))
        .collect();
    let once: BTreeSet<&Principal> = listed.iter().copied().collect();
    prop_assert_eq!(once.len(), listed.len(), "someone is listed twice");
    Ok(())
}

/// Whose role is missing is told for everyone whom the authorizer tells it.
fn law_of_incomplete(rbac: &RbacAuthorizer, attributes: &Attributes) -> Result<(), TestCaseError> {
    let told: BTreeSet<BindingId> = who_can(rbac, attributes, Reach::Request)
        .unwrap()
        .incomplete
        .into_iter()
        .collect();
    let mut missing = BTreeSet::new();
    for principal in subjects(rbac) {
        let errors = rbac.missing_roles(&principal.as_user(), attributes.namespace());
        missing.extend(errors.into_iter().map(|error| error.binding));
    }
    prop_assert!(told.is_superset(&missing), "{told:?} {missing:?}");
    for binding in told.difference(&missing) {
        // Of a binding without subjects the authorizer never hears.
        let named = &rbac.snapshot().binding(*binding).subjects;
        prop_assert!(
            named
                .iter()
                .all(|subject| Principal::of(subject, rbac.snapshot().binding(*binding)).is_none()),
            "{:?}",
            rbac.snapshot().binding(*binding)
        );
    }
    Ok(())
}

fn law_of_anywhere(rbac: &RbacAuthorizer, attributes: &Attributes) -> Result<(), TestCaseError> {
    let authorizer = chain(rbac);
    let namespaces: BTreeSet<&str> = rbac
        .snapshot()
        .bindings()
        .map(|id| &*rbac.snapshot().binding(id).namespace)
        .chain([""])
        .collect();
    // Which namespace was asked about doesn't matter any more.
    let found = who_can(rbac, attributes, Reach::Anywhere).unwrap();
    for principal in everyone(rbac) {
        let allowed = namespaces.iter().any(|namespace| {
            let request = in_namespace(attributes, namespace);
            authorizer.decide(&principal.as_user(), &request) == Decision::Allow
        });
        let listed = found.able.iter().any(|able| able.principal == principal);
        prop_assert_eq!(listed, allowed, "{} {:?}", principal, attributes);
    }
    Ok(())
}

fn law_of_lookup(rbac: &RbacAuthorizer, groups: &[String]) -> Result<(), TestCaseError> {
    for principal in everyone(rbac) {
        let reached: BTreeSet<(BindingId, usize)> = lookup(rbac, principal.clone(), groups)
            .bindings
            .iter()
            .map(|reached| (reached.binding, reached.subject))
            .collect();
        let mut all: Vec<Principal> = implied_groups(&principal)
            .iter()
            .chain(groups)
            .map(|group| Principal::new(SubjectKind::Group, "", group))
            .collect();
        all.push(principal);
        let mut expected = BTreeSet::new();
        for id in rbac.snapshot().bindings() {
            let binding = rbac.snapshot().binding(id);
            for (subject, number) in binding.subjects.iter().zip(0..) {
                if Principal::of(subject, binding).is_some_and(|one| all.contains(&one)) {
                    expected.insert((id, number));
                }
            }
        }
        prop_assert_eq!(reached, expected, "{:?}", all);
    }
    Ok(())
}

fn law_of_matrices(rbac: &RbacAuthorizer, namespace: &str) -> Result<(), TestCaseError> {
    let authorizer = chain(rbac);
    let everyone = everyone(rbac);
    for principal in &everyone {
        let user = principal.as_user();
        for row in resources_by_verbs(rbac, &user, namespace) {
            // The generated rules write these, and wildcards that cover all others alike.
            if !matches!(&*row.resource.plural, "pods" | "deployments" | "nodes") {
                continue;
            }
            let request = ResourceAttributes {
                namespace: if row.resource.namespaced {
                    namespace.to_owned()
                } else {
                    String::new()
                },
                group: row.resource.group.clone(),
                resource: row.resource.plural.clone(),
                ..ResourceAttributes::default()
            };
            let cells = VERBS.map(|verb| {
                let request = Attributes::Resource(ResourceAttributes {
                    verb: verb.to_owned(),
                    ..request.clone()
                });
                if authorizer.decide(&user, &request) == Decision::Allow {
                    Cell::Yes
                } else if rbac.allows_some_name(&user, &request) {
                    Cell::Partial
                } else {
                    Cell::No
                }
            });
            prop_assert_eq!(row.cells, cells, "{} {:?}", principal, request);
            let of_subject = subjects_by_verbs(rbac, &request, Reach::Request)
                .into_iter()
                .find(|found| found.principal == *principal)
                .map_or([Cell::No; VERBS.len()], |found| found.cells);
            prop_assert_eq!(of_subject, cells, "{} {:?}", principal, request);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn someone_is_listed_exactly_if_the_authorizer_allows_them(
        cluster in cluster(false),
        picks in vec(picks(), 1..12),
    ) {
        let rbac = cluster.authorizer();
        for attributes in picks.iter().flat_map(|picks| requests(&cluster, picks)) {
            law_of_who_can(&rbac, &attributes)?;
            law_of_incomplete(&rbac, &attributes)?;
            law_of_anywhere(&rbac, &attributes)?;
        }
    }

    #[test]
    fn lookup_finds_every_binding_that_can_grant(
        cluster in cluster(false),
        picks in vec(picks(), 1..12),
    ) {
        let rbac = cluster.authorizer();
        law_of_lookup(&rbac, &[])?;
        for picks in &picks {
            let (user, attributes) = request(&cluster, picks);
            law_of_lookup(&rbac, &user.groups)?;
            let principal = Principal::new(SubjectKind::User, "", &user.name);
            let found = lookup(&rbac, principal, &user.groups);
            for grant in chain(&rbac).authorize(&user, &attributes).grants() {
                prop_assert!(
                    found.bindings.iter().any(|reached| {
                        (reached.binding, reached.subject) == (grant.binding, grant.subject)
                    }),
                    "{user:?} {attributes:?}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn both_matrices_say_what_the_authorizer_says(cluster in cluster(false)) {
        let rbac = cluster.authorizer();
        for namespace in ["a", ""] {
            law_of_matrices(&rbac, namespace)?;
        }
    }
}

/// The laws are about something: the clusters that they are held on do allow, in part, and for
/// some names only.
#[test]
fn the_generated_clusters_give_every_kind_of_answer() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut able, mut for_names, mut incomplete) = (0, 0, 0);
    for _ in 0..400 {
        let cluster = cluster(false).new_tree(&mut runner).unwrap().current();
        let picks = picks().new_tree(&mut runner).unwrap().current();
        let rbac = cluster.authorizer();
        for attributes in requests(&cluster, &picks) {
            let found = who_can(&rbac, &attributes, Reach::Request).unwrap();
            able += usize::from(found.able.len() > 1);
            for_names += usize::from(!found.for_names.is_empty());
            incomplete += usize::from(!found.incomplete.is_empty());
        }
    }
    assert!(
        able > 20 && for_names > 20 && incomplete > 20,
        "{able} {for_names} {incomplete}"
    );
}

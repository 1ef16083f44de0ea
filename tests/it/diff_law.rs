//! The law of `diff`: for a request by a user who is exactly one subject named on either side, the
//! verdicts differ if and only if an entry of that subject, in that direction, matches.

use crate::support::ask::{Picks, picks, request};
use crate::support::generate::{Cluster, cluster};
use crate::support::object::{Object, made};
use proptest::collection::vec;
use proptest::prelude::*;
use rbac_eval::analysis::diff::{Change, Direction, diff};
use rbac_eval::analysis::lookup::subjects;
use rbac_eval::authn::Principal;
use rbac_eval::authz::Attributes;
use rbac_eval::authz::chain;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::authz::{Authorizer, Decision};
use rbac_eval::cluster::Defaults;
use rbac_eval::cluster::Snapshot;
use rbac_eval::kube::PolicyRule;
use rbac_eval::text::Files;
use std::collections::BTreeSet;

/// Two clusters that share most of their objects.
fn pair() -> impl Strategy<Value = (Cluster, Cluster)> {
    (cluster(false), cluster(false), vec(0u8..8, 64)).prop_map(|(base, other, keep)| {
        let mut objects: Vec<Object> = base
            .objects
            .iter()
            .zip(keep.iter().cycle())
            .filter(|(_, keep)| **keep > 0)
            .map(|(object, _)| object.clone())
            .collect();
        // A later object of the same name takes the place of an earlier one.
        objects.extend(
            other
                .objects
                .iter()
                .zip(keep.iter().rev().cycle())
                .filter(|(_, keep)| **keep > 4)
                .map(|(object, _)| object.clone()),
        );
        let head = Cluster { objects };
        (base, head)
    })
}

fn store_of_objects(objects: &[Object]) -> RbacAuthorizer {
    RbacAuthorizer::new(Snapshot::new(
        Files::default(),
        made(objects),
        Defaults::None,
    ))
}

fn requests(base: &Cluster, head: &Cluster, picks: &[Picks]) -> Vec<Attributes> {
    picks
        .iter()
        .flat_map(|picks| [request(base, picks).1, request(head, picks).1])
        // A real request holds the subresource apart.
        .filter(|attributes| match attributes {
            Attributes::Resource(request) => !request.resource.contains('/'),
            Attributes::NonResource(_) => true,
        })
        .collect()
}

/// The rules that allow a request, with the namespaces in which they are bound.
fn granting(
    rbac: &RbacAuthorizer,
    subject: &Principal,
    attributes: &Attributes,
) -> Vec<(String, PolicyRule)> {
    let response = chain(rbac).authorize(&subject.as_user(), attributes);
    let found = response.grants().map(|grant| {
        let rule = rbac.effective_rule(grant.role, grant.rule).unwrap().rule;
        (
            rbac.snapshot().binding(grant.binding).namespace.to_string(),
            rule.value.clone(),
        )
    });
    found.collect()
}

fn law(
    base: &RbacAuthorizer,
    head: &RbacAuthorizer,
    requests: &[Attributes],
) -> Result<(), TestCaseError> {
    let changes = diff(base, head);
    let all: BTreeSet<Principal> = subjects(base).into_iter().chain(subjects(head)).collect();
    for subject in &all {
        let user = subject.as_user();
        let of_subject: Vec<&Change> = changes
            .iter()
            .filter(|change| change.subject == *subject)
            .collect();
        for attributes in requests {
            let before = chain(base).decide(&user, attributes) == Decision::Allow;
            let after = chain(head).decide(&user, attributes) == Decision::Allow;
            let listed = |direction| {
                of_subject
                    .iter()
                    .any(|change| change.direction == direction && change.matches(attributes))
            };
            prop_assert_eq!(
                (listed(Direction::Gained), listed(Direction::Lost)),
                (after && !before, before && !after),
                "{} {:?}\n{:#?}\nBASE {:#?}\nHEAD {:#?}",
                subject,
                attributes,
                of_subject,
                granting(base, subject, attributes),
                granting(head, subject, attributes)
            );
        }
    }
    for change in &changes {
        prop_assert!(!change.causes.is_empty(), "{change:?}");
        for except in &change.except {
            prop_assert!(
                change.namespace.is_none() || except.namespace.is_none(),
                "{change:?}"
            );
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn verdicts_differ_exactly_where_an_entry_matches(
        (base, head) in pair(),
        picks in vec(picks(), 1..24),
    ) {
        let requests = requests(&base, &head, &picks);
        let (base, head) = (store_of_objects(&base.objects), store_of_objects(&head.objects));
        law(&base, &head, &requests)?;
        prop_assert_eq!(diff(&base, &base), []);
    }
}

//! The law of `diff`: for a request by a user who is exactly one subject named on either side, the
//! verdicts differ if and only if an entry of that subject, in that direction, matches.

use crate::support::ask::{Picks, picks, request};
use crate::support::generate::{Cluster, crowded_pair, overlapping_pair, pair};
use proptest::collection::vec;
use proptest::prelude::*;
use rbac_eval::analysis::diff::{Change, Direction, diff};
use rbac_eval::analysis::lookup::subjects;
use rbac_eval::authn::Principal;
use rbac_eval::authz::Attributes;
use rbac_eval::authz::chain;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::authz::{Authorizer, Decision};
use rbac_eval::kube::PolicyRule;
use rbac_eval::object::Scope;
use std::collections::BTreeSet;

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
    let changes = diff(base, head).unwrap();
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
                change.scope == Scope::Cluster || except.scope == Scope::Cluster,
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
        let (base, head) = (base.authorizer(), head.authorizer());
        law(&base, &head, &requests)?;
        prop_assert_eq!(diff(&base, &base).unwrap(), []);
    }

    #[test]
    fn verdicts_differ_exactly_where_an_overlapping_entry_matches(
        (base, head) in overlapping_pair(),
        picks in vec(picks(), 1..24),
    ) {
        let requests = requests(&base, &head, &picks);
        law(&base.authorizer(), &head.authorizer(), &requests)?;
    }

    #[test]
    fn verdicts_differ_exactly_where_an_entry_of_many_matches(
        (base, head) in crowded_pair(),
        picks in vec(picks(), 8..24),
    ) {
        let requests = requests(&base, &head, &picks);
        law(&base.authorizer(), &head.authorizer(), &requests)?;
    }
}

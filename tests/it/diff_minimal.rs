//! The law that `diff` says nothing in vain: without any entry, exception or cause it would say
//! something else, and nothing is said twice.

use crate::support::generate::{crowded_pair, overlapping_pair, pair};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rbac_eval::analysis::diff::{Change, Direction, Except, diff};
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::authz::rbac::rules::{covers_resource, is_every, rule_allows, url_matches};
use rbac_eval::authz::{
    Attributes, Authorizer, Decision, NonResourceAttributes, ResourceAttributes, chain,
};
use rbac_eval::kube::PolicyRule;
use rbac_eval::object::{ObjectRef, Scope};
use std::collections::BTreeSet;

/// A word that nothing names, so that only "any" covers it.
const FRESH: &str = "fresh";

fn fresh(word: &str) -> String {
    if word == "*" { FRESH } else { word }.to_owned()
}

/// For each combination of the words of a rule, the request that is fresh in each "any". Another
/// rule allows that request only where it covers all that this combination does.
fn typical_requests(rule: &PolicyRule, namespace: &str) -> Vec<Attributes> {
    let mut requests = Vec::new();
    for verb in &rule.verbs {
        for url in &rule.non_resource_urls {
            let mut path = url.trim_end_matches('*').to_owned();
            if path.len() < url.len() {
                path.push_str(FRESH);
            }
            let verb = fresh(verb);
            requests.push(Attributes::NonResource(NonResourceAttributes {
                verb,
                path,
            }));
        }
        for group in &rule.api_groups {
            for resource in &rule.resources {
                let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
                let mut names: Vec<&str> = rule.resource_names.iter().map(|name| &**name).collect();
                if names.is_empty() {
                    names.push(FRESH);
                }
                requests.extend(names.iter().map(|&name| {
                    Attributes::Resource(ResourceAttributes {
                        namespace: namespace.to_owned(),
                        verb: fresh(verb),
                        group: fresh(group),
                        resource: fresh(resource),
                        subresource: subresource.to_owned(),
                        name: name.to_owned(),
                    })
                }));
            }
        }
    }
    requests
}

/// Whether an exception is for a request, whatever the entry.
fn excepts(except: &Except, request: &Attributes) -> bool {
    except.scope.contains(request.namespace()) && rule_allows(&except.rule, request)
}

/// By which binding, and which rule of its role.
type Way = (ObjectRef, usize);

fn ways(change: &Change) -> Vec<Way> {
    let mut ways: Vec<Way> = change
        .causes
        .iter()
        .map(|cause| (cause.binding.clone(), cause.rule))
        .collect();
    ways.sort();
    // Of a binding that is defined twice each definition is a cause.
    ways.dedup();
    ways
}

/// The ways in which a request is allowed to the subject of a change. Through a second subject of
/// the same binding it is the same way.
fn granting_ways(rbac: &RbacAuthorizer, change: &Change, request: &Attributes) -> Vec<Way> {
    let response = chain(rbac).authorize(&change.subject.as_user(), request);
    let ways: BTreeSet<Way> = response
        .grants()
        .map(|grant| {
            let binding = rbac.snapshot().binding(grant.binding);
            (binding.object_ref(), grant.rule)
        })
        .collect();
    ways.into_iter().collect()
}

/// Whether a rule's resource or URL covers all that another one does.
fn covers(wide: &str, rule: &PolicyRule, narrow: &str) -> bool {
    let narrow = PolicyRule {
        verbs: vec![FRESH.into()],
        api_groups: vec![FRESH.into()],
        resources: rule
            .resources
            .iter()
            .filter(|word| *word == narrow)
            .cloned()
            .collect(),
        non_resource_urls: rule
            .non_resource_urls
            .iter()
            .filter(|word| *word == narrow)
            .cloned()
            .collect(),
        ..PolicyRule::default()
    };
    typical_requests(&narrow, "")
        .iter()
        .all(|request| match request {
            Attributes::Resource(request) => covers_resource(wide, request),
            Attributes::NonResource(request) => url_matches(wide, &request.path),
        })
}

fn no_word_in_vain(rule: &PolicyRule) -> Result<(), TestCaseError> {
    for words in [
        &rule.verbs,
        &rule.api_groups,
        &rule.resources,
        &rule.resource_names,
        &rule.non_resource_urls,
    ] {
        let once: BTreeSet<_> = words.iter().collect();
        prop_assert_eq!(once.len(), words.len(), "{:?}", rule);
    }
    for words in [&rule.verbs, &rule.api_groups] {
        prop_assert!(words.len() == 1 || !is_every(words), "{rule:?}");
    }
    for words in [&rule.resources, &rule.non_resource_urls] {
        for (wide, narrow) in words.iter().flat_map(|a| words.iter().map(move |b| (a, b))) {
            prop_assert!(wide == narrow || !covers(wide, rule, narrow), "{rule:?}");
        }
    }
    Ok(())
}

/// Without the entry, the verdicts would differ on a request that no entry matches.
fn law_of_an_entry(
    change: &Change,
    others: &[&Change],
    with: &RbacAuthorizer,
    without: &RbacAuthorizer,
) -> Result<(), TestCaseError> {
    no_word_in_vain(&change.rule)?;
    let user = change.subject.as_user();
    let namespace = change.scope.namespace().unwrap_or(FRESH);
    let requests = typical_requests(&change.rule, namespace);
    prop_assert!(!requests.is_empty(), "{change:#?}");
    for request in &requests {
        prop_assert!(change.matches(request), "{request:?} {change:#?}");
        for other in others {
            prop_assert!(
                !other.matches(request),
                "{request:?} {change:#?} {other:#?}"
            );
        }
        prop_assert_eq!(chain(with).decide(&user, request), Decision::Allow);
        prop_assert_eq!(chain(without).decide(&user, request), Decision::NoOpinion);
        // Every cause gives all of the entry, and nothing else gives it.
        prop_assert_eq!(
            ways(change),
            granting_ways(with, change, request),
            "{:?} {:#?}",
            request,
            change
        );
    }
    Ok(())
}

/// Without the exception, the entry would match a request that both sides allow.
fn law_of_an_exception(
    change: &Change,
    except: &Except,
    without: &RbacAuthorizer,
) -> Result<(), TestCaseError> {
    no_word_in_vain(&except.rule)?;
    let user = change.subject.as_user();
    let namespace = except.scope.namespace().or(change.scope.namespace());
    let requests = typical_requests(&except.rule, namespace.unwrap_or(FRESH));
    prop_assert!(!requests.is_empty(), "{change:#?}");
    for request in &requests {
        prop_assert!(
            rule_allows(&change.rule, request),
            "{request:?} {change:#?}"
        );
        let excepting = change.except.iter().filter(|other| excepts(other, request));
        prop_assert_eq!(excepting.count(), 1, "{:?} {:#?}", request, change);
        prop_assert_eq!(chain(without).decide(&user, request), Decision::Allow);
    }
    Ok(())
}

fn law(base: &RbacAuthorizer, head: &RbacAuthorizer) -> Result<Vec<Change>, TestCaseError> {
    let changes = diff(base, head).unwrap();
    for (at, change) in changes.iter().enumerate() {
        let (with, without) = match change.direction {
            Direction::Gained => (head, base),
            Direction::Lost => (base, head),
        };
        let others: Vec<&Change> = changes
            .iter()
            .enumerate()
            .filter(|&(other, _)| other != at)
            .map(|(_, other)| other)
            .filter(|other| other.subject == change.subject && other.direction == change.direction)
            .collect();
        law_of_an_entry(change, &others, with, without)?;
        for except in &change.except {
            law_of_an_exception(change, except, without)?;
        }
    }
    Ok(changes)
}

proptest! {
    #[test]
    fn nothing_is_said_in_vain_or_twice((base, head) in pair()) {
        law(&base.authorizer(), &head.authorizer())?;
    }

    #[test]
    fn nothing_that_overlaps_is_said_in_vain_or_twice((base, head) in overlapping_pair()) {
        law(&base.authorizer(), &head.authorizer())?;
    }

    #[test]
    fn nothing_of_many_is_said_in_vain_or_twice((base, head) in crowded_pair()) {
        law(&base.authorizer(), &head.authorizer())?;
    }
}

/// The law is about something: made-up pairs give every kind of entry.
#[test]
fn made_up_pairs_give_every_kind_of_entry() {
    let mut runner = TestRunner::deterministic();
    let mut counts = [0; 7];
    for _ in 0..100 {
        let (base, head) = overlapping_pair().new_tree(&mut runner).unwrap().current();
        for change in diff(&base.authorizer(), &head.authorizer()).unwrap() {
            let in_a_namespace = change
                .except
                .iter()
                .any(|except| except.scope != Scope::Cluster);
            for (count, found) in counts.iter_mut().zip([
                change.direction == Direction::Gained,
                change.direction == Direction::Lost,
                change.scope != Scope::Cluster,
                !change.rule.non_resource_urls.is_empty(),
                change.causes.len() > 1,
                in_a_namespace,
                change
                    .except
                    .iter()
                    .any(|except| except.scope == Scope::Cluster),
            ]) {
                *count += usize::from(found);
            }
        }
    }
    eprintln!("{counts:?}");
    assert!(counts.iter().all(|&count| count > 10), "{counts:?}");
}

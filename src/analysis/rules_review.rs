//! All that a user may do in a namespace, as `kubectl auth can-i --list` asks it.

use std::ops::{ControlFlow, Range};

use compact_str::CompactString;
use hashbrown::HashMap;

use crate::authn::UserInfo;
use crate::authz::rbac::rules::{breakdown, compact};
use crate::authz::rbac::{Grant, RbacAuthorizer, TooLarge};
use crate::cluster::{BindingId, RoleId};
use crate::kube::PolicyRule;

/// The rules that apply to a user in a namespace, broken down, put together and sorted as kubectl
/// prints them.
///
/// Cluster-wide rules come first, then the namespace's, each by binding; `system:masters` isn't
/// asked, as on a server. A RoleBinding's rules about URLs are listed, as a server lists them,
/// although they grant nothing.
///
/// Source: `RBACAuthorizer.RulesFor` of Kubernetes, and `printStatus` of `kubectl auth can-i`.
///
/// ```
/// use rbac_eval::kube::Manifest;
/// use rbac_eval::analysis::rules_review::rules_review;
/// use rbac_eval::text::Files;
/// use rbac_eval::cluster::{Defaults, Snapshot};
/// use rbac_eval::authz::rbac::RbacAuthorizer;
/// use rbac_eval::authn::UserInfo;
///
/// let snapshot = Snapshot::new(Files::default(), Manifest::default(), Defaults::Auto);
/// let rbac = RbacAuthorizer::new(snapshot)?;
/// let rules = rules_review(&rbac, &UserInfo::impersonated("alice", []), "default")?;
/// assert!(rules.iter().any(|rule| rule.resources == ["selfsubjectaccessreviews"]));
/// # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
/// ```
///
/// # Errors
/// If the rules break down into more than the limit that the error names.
pub fn rules_review(
    rbac: &RbacAuthorizer,
    user: &UserInfo,
    namespace: &str,
) -> Result<Vec<PolicyRule>, TooLarge> {
    let mut atoms = Vec::new();
    let mut count = 0;
    let mut add = |rule: &PolicyRule| {
        at_most(&mut count, rule)?;
        atoms.extend(breakdown(rule));
        Ok(())
    };
    // Rules about resources are put together; those about URLs are told again for each binding.
    let mut seen: HashMap<Range<usize>, Vec<PolicyRule>> = HashMap::new();
    for (_, _, role) in applied(rbac, user, namespace) {
        let place = rbac.place_of_rules(role);
        match seen.get(&place) {
            Some(urls) => urls.iter().try_for_each(&mut add)?,
            None => {
                let mut urls = Vec::new();
                for rule in rbac.effective_rules(role) {
                    add(rule.rule)?;
                    if !rule.rule.non_resource_urls.is_empty() {
                        urls.push(PolicyRule {
                            verbs: rule.rule.verbs.clone(),
                            non_resource_urls: rule.rule.non_resource_urls.clone(),
                            ..PolicyRule::default()
                        });
                    }
                }
                seen.insert(place, urls);
            }
        }
    }
    Ok(compact(atoms))
}

/// A row of the list, as far as one rule of one binding's role gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedRow {
    /// One group and resource, with one name or none, and the verbs on it; or one verb and URL.
    pub rule: PolicyRule,
    /// What gives it.
    pub grant: Grant,
}

/// What the rows of [`rules_review`] come from, in their order: each row once for every rule of every
/// binding that gives some of it. The verbs of a row are those of its parts together.
///
/// # Errors
/// If the rules break down into more than the limit that the error names.
pub fn granted_rows(
    rbac: &RbacAuthorizer,
    user: &UserInfo,
    namespace: &str,
) -> Result<Vec<GrantedRow>, TooLarge> {
    let mut order: HashMap<RowKey, usize> = HashMap::new();
    for (row, number) in rules_review(rbac, user, namespace)?.iter().zip(0..) {
        order.entry(key(row)).or_insert(number);
    }
    let mut rows: Vec<(usize, GrantedRow)> = Vec::new();
    let mut count = 0;
    for (binding, subject, role) in applied(rbac, user, namespace) {
        for (rule, number) in rbac.effective_rules(role).zip(1..) {
            at_most(&mut count, rule.rule)?;
            for row in compact(breakdown(rule.rule)) {
                let grant = Grant {
                    binding,
                    subject,
                    role,
                    rule: number,
                };
                // Every part is of a row.
                let at = order.get(&key(&row)).copied().unwrap_or(usize::MAX);
                rows.push((at, GrantedRow { rule: row, grant }));
            }
        }
    }
    rows.sort_by_key(|(at, _)| *at);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// What tells rows of the list apart: group, resource and name, or verb and URL.
type RowKey = (CompactString, CompactString, Option<CompactString>, bool);

fn key(row: &PolicyRule) -> RowKey {
    let first = |values: &[CompactString]| values.first().cloned();
    match first(&row.non_resource_urls) {
        Some(url) => (first(&row.verbs).unwrap_or_default(), url, None, true),
        None => (
            first(&row.api_groups).unwrap_or_default(),
            first(&row.resources).unwrap_or_default(),
            first(&row.resource_names),
            false,
        ),
    }
}

/// The bindings that apply to a user in a namespace, each once however many of its subjects match, with the
/// first of these and the role, if that is there.
fn applied(
    rbac: &RbacAuthorizer,
    user: &UserInfo,
    namespace: &str,
) -> impl Iterator<Item = (BindingId, usize, RoleId)> {
    let mut applied: Vec<(BindingId, usize)> = Vec::new();
    let _ = rbac.visit(user, namespace, |one| {
        applied.push((one.binding, one.subject));
        ControlFlow::<()>::Continue(())
    });
    applied.sort_unstable();
    applied.dedup_by_key(|(binding, _)| *binding);
    let applied = applied.into_iter();
    applied.filter_map(|(binding, subject)| Some((binding, subject, rbac.role_of(binding)?)))
}

/// Counts what a rule breaks down into, up to the limit.
fn at_most(count: &mut usize, rule: &PolicyRule) -> Result<(), TooLarge> {
    *count = size(rule).saturating_add(*count);
    if *count > MOST {
        return Err(TooLarge {
            limit: MOST,
            what: "rules of one verb, group, resource and name in the list",
        });
    }
    Ok(())
}

/// How many rules of one verb, group, resource and name, or of one verb and URL, are listed.
const MOST: usize = 1_000_000;

/// How many rules a rule breaks down into.
fn size(rule: &PolicyRule) -> usize {
    let names = rule.resource_names.len().max(1);
    let objects = [rule.api_groups.len(), rule.resources.len(), names]
        .into_iter()
        .fold(1, usize::saturating_mul);
    objects
        .saturating_add(rule.non_resource_urls.len())
        .saturating_mul(rule.verbs.len())
}

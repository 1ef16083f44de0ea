//! All that a user may do in a namespace, as `kubectl auth can-i --list` asks it.

use std::ops::{ControlFlow, Range};

use hashbrown::HashMap;

use crate::authn::UserInfo;
use crate::authz::rbac::rules::{breakdown, compact};
use crate::authz::rbac::{RbacAuthorizer, TooLarge};
use crate::cluster::BindingId;
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
    let mut bindings: Vec<BindingId> = Vec::new();
    let _ = rbac.visit(user, namespace, |applied| {
        bindings.push(applied.binding);
        ControlFlow::<()>::Continue(())
    });
    // A binding counts once, however many of its subjects match.
    bindings.sort_unstable();
    bindings.dedup();
    let mut atoms = Vec::new();
    let mut count = 0;
    let mut add = |rule: &PolicyRule| {
        count = size(rule).saturating_add(count);
        if count > MOST {
            return Err(TooLarge {
                limit: MOST,
                what: "rules of one verb, group, resource and name in the list",
            });
        }
        atoms.extend(breakdown(rule));
        Ok(())
    };
    // Rules about resources are put together; those about URLs are told again for each binding.
    let mut seen: HashMap<Range<usize>, Vec<PolicyRule>> = HashMap::new();
    for role in bindings
        .into_iter()
        .filter_map(|binding| rbac.role_of(binding))
    {
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

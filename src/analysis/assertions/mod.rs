//! Promises kept in git: assertions about who can do what, and whether they hold.
//!
//! ```
//! use rbac_eval::kube::Manifest;
//! use rbac_eval::analysis::assertions::{Outcome, Promises, keep};
//! use rbac_eval::text::Files;
//! use rbac_eval::cluster::{Defaults, Snapshot};
//! use rbac_eval::authz::rbac::RbacAuthorizer;
//!
//! let promises = Promises::read("promises.yaml", "
//! promises:
//! - name: alice reads no secrets
//!   cannot: {as: alice, verb: get, resource: secrets, namespace: default}
//! ").unwrap();
//! let snapshot = Snapshot::new(Files::default(), Manifest::default(), Defaults::Auto);
//! let rbac = RbacAuthorizer::new(snapshot);
//! let outcomes = keep(&promises, &rbac).unwrap();
//! assert!(matches!(outcomes[0].1, Outcome::Kept));
//! ```

mod ask;
mod format;

use crate::authz::chain;
use std::collections::BTreeSet;

use crate::analysis::who_can::who_can;
use crate::authn::Principal;
use crate::authn::{MASTERS, UserInfo};
use crate::authz::Attributes;
use crate::authz::rbac::Grant;
use crate::authz::rbac::RbacAuthorizer;
use crate::authz::{Authorizer, Decision};
use crate::cluster::Reach;

use ask::Asked;
pub use format::{Asserted, FormatError, Promise, Promises, Request, Who};

/// Whether a promise holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It does.
    Kept,
    /// It doesn't.
    Broken(Vec<Breach>),
}

/// One way in which a promise doesn't hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Who can, or can't.
    pub who: String,
    /// Whether they can, where they shouldn't; else they can't, where they should.
    pub can: bool,
    /// What.
    pub request: Attributes,
    /// The grants that break it; none where a right is missing.
    pub grants: Vec<Grant>,
}

/// Why a promise can't be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: promise `{name}`: {message}")]
pub struct Unjudged {
    /// `file:line`
    pub place: String,
    /// The promise's name.
    pub name: String,
    /// Why.
    pub message: String,
}

/// Judges every promise.
///
/// # Errors
/// If a promise speaks of a resource, verb or namespace that doesn't exist: a promise that can't
/// fail is none.
pub fn keep<'p>(
    promises: &'p Promises,
    rbac: &RbacAuthorizer,
) -> Result<Vec<(&'p Promise, Outcome)>, Vec<Unjudged>> {
    let mut outcomes = Vec::new();
    let mut unjudged = Vec::new();
    for promise in &promises.promises {
        match judge(promise, rbac) {
            Ok(outcome) => outcomes.push((promise, outcome)),
            Err(message) => unjudged.push(Unjudged {
                place: format!("{}:{}", promises.file, promise.line),
                name: promise.name.clone(),
                message,
            }),
        }
    }
    if unjudged.is_empty() {
        Ok(outcomes)
    } else {
        Err(unjudged)
    }
}

fn judge(promise: &Promise, rbac: &RbacAuthorizer) -> Result<Outcome, String> {
    let breaches = match &promise.asserted {
        Asserted::Can(who, request) => asserted(rbac, who, request, Decision::Allow)?,
        Asserted::Cannot(who, request) => asserted(rbac, who, request, Decision::NoOpinion)?,
        Asserted::OnlyThese(request, subjects) => only(rbac, request, subjects)?,
        Asserted::NoOne(request) => only(rbac, request, &BTreeSet::new())?,
    };
    Ok(if breaches.is_empty() {
        Outcome::Kept
    } else {
        Outcome::Broken(breaches)
    })
}

/// The requests for which someone can what they shouldn't, or can't what they should.
fn asserted(
    rbac: &RbacAuthorizer,
    who: &Who,
    request: &Request,
    should: Decision,
) -> Result<Vec<Breach>, String> {
    let user = UserInfo::impersonated(&who.user, who.groups.iter().cloned());
    let authorizer = chain(rbac);
    let asked = Asked::new(rbac, request)?;
    Ok(asked
        .requests()
        .into_iter()
        .filter_map(|attributes| {
            let response = authorizer.authorize(&user, &attributes);
            (response.decision != should).then(|| Breach {
                who: who.user.clone(),
                can: response.decision == Decision::Allow,
                request: attributes,
                grants: response.grants().copied().collect(),
            })
        })
        .collect())
}

/// Everyone but these who can. `system:masters` always can, and the default policy's own bindings
/// are part of every cluster, so neither breaks a promise.
fn only(
    rbac: &RbacAuthorizer,
    request: &Request,
    allowed: &BTreeSet<Principal>,
) -> Result<Vec<Breach>, String> {
    let asked = Asked::new(rbac, request)?;
    let mut breaches: Vec<Breach> = Vec::new();
    let mut told = BTreeSet::new();
    for attributes in asked.requests() {
        let found = who_can(rbac, &attributes, Reach::Request);
        for able in found.able {
            if able.principal.name == MASTERS || allowed.contains(&able.principal) {
                continue;
            }
            let grants: Vec<Grant> = able
                .grants
                .into_iter()
                .filter(|grant| !rbac.snapshot().binding(grant.binding).is_bootstrapped())
                .collect();
            // A cluster-wide grant breaks it in every namespace; once is enough.
            if !grants.is_empty() && told.insert((able.principal.clone(), grants.clone())) {
                breaches.push(Breach {
                    who: able.principal.to_string(),
                    can: true,
                    request: attributes.clone(),
                    grants,
                });
            }
        }
    }
    Ok(breaches)
}

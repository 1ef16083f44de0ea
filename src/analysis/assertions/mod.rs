//! Assertions kept in git: who can do what, and who can't.
//!
//! An assertion asks as `can-i` does, through [`ask`](crate::ask): with the same types, namespaces
//! and memberships.
//!
//! ```
//! use rbac_eval::analysis::assertions::{AssertionFile, Outcome, judge_all};
//! use rbac_eval::ask::KnownSubjects;
//! use rbac_eval::authz::rbac::RbacAuthorizer;
//! use rbac_eval::cluster::{Defaults, Snapshot};
//! use rbac_eval::entra::Directory;
//! use rbac_eval::kube::Manifest;
//! use rbac_eval::text::Files;
//!
//! let file = AssertionFile::read("assertions.yaml", "
//! assertions:
//! - name: alice reads no secrets
//!   cannot: {as: alice, verb: get, resource: secrets, namespace: default}
//! ").unwrap();
//! let snapshot = Snapshot::new(Files::default(), Manifest::default(), Defaults::Auto);
//! let rbac = RbacAuthorizer::new(snapshot)?;
//! let directory = Directory::default();
//! let known = KnownSubjects::new([rbac.snapshot()], &directory);
//! let judged = judge_all(&file, &rbac, &directory, &known, &[]).unwrap();
//! assert_eq!(judged[0].outcome, Outcome::Holds);
//! # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
//! ```

mod format;
mod requests;

use std::collections::BTreeSet;
use std::fmt;

use crate::analysis::owner::default_policies;
use crate::analysis::unjudged::{Unjudged, missing_role};
use crate::analysis::who_can::who_can;
use crate::ask::{KnownSubjects, Note, ResolvedUser, Resolver, Who};
use crate::authn::Principal;
use crate::authz::rbac::{Grant, RbacAuthorizer};
use crate::authz::{Attributes, Authorizer, Decision, chain};
use crate::cluster::{BindingId, Reach};
use crate::diagnostic::{Code, Describe, codes};
use crate::entra::Directory;
use crate::kube::Subject;
use crate::text::Located;

pub use format::{
    AssertedRequests, AssertedSubject, Assertion, AssertionFile, Expectation, FormatError,
    FormatProblem, Namespaces,
};
pub use requests::CannotJudge;
use requests::Requests;

/// Whether an assertion holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It does.
    Holds,
    /// It doesn't.
    Fails(Vec<Violation>),
    /// Nothing breaks it that could be judged, but these could.
    Unknown(Vec<Unjudged>),
}

/// One way in which an assertion doesn't hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Who can, or can't.
    pub who: String,
    /// Whether they can, where they shouldn't; else they can't, where they should.
    pub can: bool,
    /// What.
    pub request: Attributes,
    /// The grants that are too much; none where a right is missing.
    pub grants: Vec<Grant>,
}

/// An assertion, whether it holds, and how its words were understood.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Judged<'a> {
    /// The assertion.
    pub assertion: &'a Assertion,
    /// Whether it holds.
    pub outcome: Outcome,
    /// How its words were understood.
    pub notes: Vec<AssertionNote>,
}

/// A note on the words of an assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertionNote(pub Note);

impl fmt::Display for AssertionNote {
    /// As the command line says it, but with the fields of an assertion instead of flags.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Note::NameOfSubresource {
                resource,
                name,
                subresource,
                ..
            } => write!(
                f,
                "this asks about {resource} named {name}; for the subresource, say `subresource: \
                 {subresource}`"
            ),
            note => note.fmt(f),
        }
    }
}

/// An assertion that can't be judged, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{}: assertion `{name}`: {reason}", self.place())]
pub struct UnjudgedAssertion {
    /// The file.
    pub file: String,
    /// The line on which the assertion begins.
    pub line: u32,
    /// The assertion's name.
    pub name: String,
    /// Why.
    pub reason: CannotJudge,
}

impl UnjudgedAssertion {
    fn new(file: &AssertionFile, assertion: &Assertion, reason: CannotJudge) -> Self {
        UnjudgedAssertion {
            file: file.name.clone(),
            line: assertion.line,
            name: assertion.name.clone(),
            reason,
        }
    }

    /// The line of the assertion, or line and column of what is wrong where that is known.
    fn place(&self) -> String {
        match &self.reason {
            CannotJudge::UnknownSubject { place, .. } => {
                format!("{}:{}", place.line, place.column)
            }
            _ => self.line.to_string(),
        }
    }
}

impl Describe for UnjudgedAssertion {
    fn code(&self) -> &'static Code {
        &codes::ASSERTION_UNJUDGED
    }
}

/// Judges every assertion of a file. `known` says who is someone; `unread` is what of the input couldn't be
/// read or used, so that it could break an assertion that someone can't do something.
///
/// # Errors
/// All assertions that can't be judged.
pub fn judge_all<'a>(
    file: &'a AssertionFile,
    rbac: &RbacAuthorizer,
    directory: &Directory,
    known: &KnownSubjects<'_>,
    unread: &[Unjudged],
) -> Result<Vec<Judged<'a>>, Vec<UnjudgedAssertion>> {
    let mut judged = Vec::new();
    let mut unjudged = Vec::new();
    for assertion in &file.assertions {
        let unknown = unknown_subjects(assertion, known);
        if !unknown.is_empty() {
            let unknown = unknown.into_iter();
            unjudged.extend(unknown.map(|one| UnjudgedAssertion::new(file, assertion, one)));
            continue;
        }
        match judge(assertion, rbac, directory, unread) {
            Ok(one) => judged.push(one),
            Err(reason) => unjudged.push(UnjudgedAssertion::new(file, assertion, reason)),
        }
    }
    if unjudged.is_empty() {
        Ok(judged)
    } else {
        Err(unjudged)
    }
}

/// Everyone whom an assertion names and nothing knows: such an assertion could never fail, or never hold.
fn unknown_subjects(assertion: &Assertion, known: &KnownSubjects<'_>) -> Vec<CannotJudge> {
    let named = assertion.named.iter();
    named
        .filter_map(|named| {
            let unknown = known.check(&named.subject).err()?;
            Some(CannotJudge::UnknownSubject {
                unknown,
                place: named.place,
            })
        })
        .collect()
}

/// Judges one assertion, whoever it names.
///
/// # Errors
/// If it is about a type, verb or namespace that doesn't exist, and so could never fail, or if a
/// group's name means several groups of the directory.
pub fn judge<'a>(
    assertion: &'a Assertion,
    rbac: &RbacAuthorizer,
    directory: &Directory,
    unread: &[Unjudged],
) -> Result<Judged<'a>, CannotJudge> {
    let mut judge = Judge {
        rbac,
        missing_roles: BTreeSet::new(),
        resolver: Resolver::new(rbac.snapshot(), directory),
        notes: Vec::new(),
    };
    let violations = match &assertion.expectation {
        Expectation::Can(who, requests) => judge.one_asker(who, requests, Expected::Allowed)?,
        Expectation::Cannot(who, requests) => {
            judge.one_asker(who, requests, Expected::NotAllowed)?
        }
        Expectation::OnlyThese(requests, subjects) => judge.everyone_but(requests, subjects)?,
        Expectation::NoOne(requests) => judge.everyone_but(requests, &BTreeSet::new())?,
    };
    Ok(Judged {
        assertion,
        outcome: judge.outcome(&assertion.expectation, violations, unread),
        notes: judge.notes.into_iter().map(AssertionNote).collect(),
    })
}

/// What an assertion expects of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Allowed,
    NotAllowed,
}

struct Judge<'r> {
    rbac: &'r RbacAuthorizer,
    /// Bindings to roles that the input lacks, which could break the assertion.
    missing_roles: BTreeSet<BindingId>,
    resolver: Resolver<'r>,
    notes: Vec<Note>,
}

impl Judge<'_> {
    /// Whether the assertion holds. A right that is missing isn't there, whatever wasn't judged; that
    /// nobody else has it can't be told.
    fn outcome(
        &self,
        expectation: &Expectation,
        violations: Vec<Violation>,
        unread: &[Unjudged],
    ) -> Outcome {
        if !violations.is_empty() {
            return Outcome::Fails(violations);
        }
        if matches!(expectation, Expectation::Can(..)) {
            return Outcome::Holds;
        }
        let mut unknown = unread.to_vec();
        if !self.rbac.snapshot().is_complete() {
            let bindings = self.missing_roles.iter();
            unknown.extend(bindings.map(|&binding| missing_role(self.rbac, binding)));
        }
        if unknown.is_empty() {
            Outcome::Holds
        } else {
            Outcome::Unknown(unknown)
        }
    }

    /// The requests that someone can make and shouldn't, or can't and should.
    fn one_asker(
        &mut self,
        who: &Who,
        requests: &AssertedRequests,
        expected: Expected,
    ) -> Result<Vec<Violation>, CannotJudge> {
        let ResolvedUser { user, notes } = self.resolver.user(who)?;
        self.notes.extend(notes);
        let authorizer = chain(self.rbac);
        let mut violations = Vec::new();
        for attributes in self.requests(requests)? {
            self.rbac.check_grants(&user, &attributes)?;
            let response = authorizer.authorize(&user, &attributes);
            let can = response.is_allowed();
            let missing = response.errors.iter().map(|error| error.binding);
            self.missing_roles.extend(missing);
            if can != (expected == Expected::Allowed) {
                violations.push(Violation {
                    who: who.name.clone(),
                    can,
                    request: attributes,
                    grants: response.grants().copied().collect(),
                });
            }
        }
        Ok(violations)
    }

    /// Everyone but these who can. `system:masters` always can, and the default policy's own
    /// bindings are part of every cluster, so neither is a violation.
    fn everyone_but(
        &mut self,
        requests: &AssertedRequests,
        subjects: &BTreeSet<Principal>,
    ) -> Result<Vec<Violation>, CannotJudge> {
        let allowed = self.with_translated(subjects)?;
        let mut violations: Vec<Violation> = Vec::new();
        let mut reported = BTreeSet::new();
        for attributes in self.requests(requests)? {
            let found = who_can(self.rbac, &attributes, Reach::Request)?;
            for binding in found.incomplete {
                let snapshot = self.rbac.snapshot();
                let binding_of = snapshot.binding(binding);
                let mut subjects = binding_of.subjects.iter();
                let named = |subject: &Located<Subject>| Principal::of(subject, binding_of);
                let other = |one: Principal| !one.is_masters() && !allowed.contains(&one);
                if subjects.any(|subject| named(subject).is_some_and(other)) {
                    self.missing_roles.insert(binding);
                }
            }
            for able in found.able {
                if able.privileged || allowed.contains(&able.principal) {
                    continue;
                }
                let by_default = Self::every_cluster_lets(&able.principal, &attributes);
                let grants: Vec<Grant> = able
                    .grants
                    .into_iter()
                    .filter(|grant| {
                        let binding = self.rbac.snapshot().binding(grant.binding);
                        !(by_default && binding.is_bootstrapped())
                    })
                    .collect();
                // A cluster-wide grant is one in every namespace; once is enough.
                if !grants.is_empty() && reported.insert((able.principal.clone(), grants.clone())) {
                    violations.push(Violation {
                        who: able.principal.to_string(),
                        can: true,
                        request: attributes.clone(),
                        grants,
                    });
                }
            }
        }
        Ok(violations)
    }

    /// Whether the default policy of some version lets someone do this, as in every cluster. A label
    /// alone says nothing: anyone can write it.
    fn every_cluster_lets(principal: &Principal, attributes: &Attributes) -> bool {
        let user = principal.as_user();
        let mut defaults = default_policies();
        defaults.any(|rbac| rbac.decide(&user, attributes) == Decision::Allow)
    }

    /// The subjects as written, which bindings may name so, and as the cluster knows them.
    fn with_translated(
        &mut self,
        subjects: &BTreeSet<Principal>,
    ) -> Result<BTreeSet<Principal>, CannotJudge> {
        let mut all = subjects.clone();
        for subject in subjects {
            if let Some((translated, note)) = self.resolver.translated(subject)? {
                all.insert(translated);
                self.notes.push(note);
            }
        }
        Ok(all)
    }

    fn requests(&mut self, asserted: &AssertedRequests) -> Result<Vec<Attributes>, CannotJudge> {
        let requests = Requests::new(&self.resolver, asserted)?;
        self.notes.extend(requests.notes);
        Ok(requests.attributes)
    }
}

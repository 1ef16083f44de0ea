//! What of an input isn't judged, so that an answer may lack what it gives.
//!
//! A text that can't be read, an object that a server would refuse, a folder that a tool renders, a
//! binding to a role that the input lacks: an answer that is silent about them would look whole.
//!
//! ```
//! use rbac_eval::analysis::unjudged::unjudged;
//! use rbac_eval::authz::rbac::RbacAuthorizer;
//! use rbac_eval::cluster::{Defaults, Snapshot};
//! use rbac_eval::kube;
//! use rbac_eval::text::{Files, SourceText};
//!
//! let text = SourceText {
//!     name: "binding.yaml".into(),
//!     bytes: br#"
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: b}
//! roleRef: {kind: ClusterRole, name: elsewhere}
//! subjects: [{kind: User, name: u}]
//! "#.to_vec(),
//!     named: true,
//! };
//! let mut files = Files::default();
//! let manifest = kube::parse(&mut files, &[text]);
//! let rbac = RbacAuthorizer::new(Snapshot::new(files, manifest, Defaults::Auto))?;
//! let unjudged = unjudged(&rbac);
//! assert_eq!(unjudged[0].object.as_ref().unwrap().to_string(), "ClusterRoleBinding b");
//! # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
//! ```

use std::collections::HashSet;

use crate::authn::Principal;
use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::{BindingId, Reach};
use crate::diagnostic::{Code, Describe, Diagnostic, NoManifest, Severity, codes};
use crate::kube::RoleKind;
use crate::object::{ObjectRef, Scope};
use crate::text::{Fingerprint, Span};

/// A part of an input that isn't judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unjudged {
    /// Of which kind it is.
    pub code: &'static Code,
    /// How severe it is.
    pub severity: Severity,
    /// The object, where one is known.
    pub object: Option<ObjectRef>,
    /// Where it stands; none where no text of the input shows it.
    pub span: Option<Span>,
    /// What it is and why it isn't judged, in a sentence.
    pub reason: String,
    /// Of which sort it is, if it is no manifest as it stands, and nobody named it.
    pub no_manifest: Option<NoManifest>,
}

impl From<&Diagnostic> for Unjudged {
    fn from(diagnostic: &Diagnostic) -> Self {
        Unjudged {
            code: diagnostic.code,
            severity: diagnostic.severity,
            object: diagnostic.object.clone(),
            span: diagnostic.span,
            reason: diagnostic.message.clone(),
            no_manifest: diagnostic.no_manifest.filter(|_| !diagnostic.named),
        }
    }
}

/// A binding names a role that the input lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{binding} names {role}, which the input lacks; it may exist on the cluster")]
struct MissingRole {
    binding: ObjectRef,
    role: ObjectRef,
}

impl Describe for MissingRole {
    fn code(&self) -> &'static Code {
        &codes::ROLE_NOT_FOUND
    }

    fn object(&self) -> Option<ObjectRef> {
        Some(self.binding.clone())
    }
}

/// BASE has an object twice, and HEAD hasn't the same two.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{object} is defined twice on BASE, differently, and not so here; what it gains depends on which \
     of the two the cluster has"
)]
struct TwiceBefore {
    object: ObjectRef,
}

impl Describe for TwiceBefore {
    fn code(&self) -> &'static Code {
        &codes::DEFINED_TWICE
    }

    fn object(&self) -> Option<ObjectRef> {
        Some(self.object.clone())
    }
}

/// All that isn't judged of an input: what couldn't be read or used, and bindings to roles that it
/// lacks.
pub fn unjudged(rbac: &RbacAuthorizer) -> Vec<Unjudged> {
    let bindings = bindings_without_role(rbac, "", Reach::Anywhere);
    with_missing_roles(rbac, &bindings)
}

/// What of an input couldn't be read or used.
pub fn unread(rbac: &RbacAuthorizer) -> Vec<Unjudged> {
    let diagnostics = rbac.diagnostics().iter();
    diagnostics
        .filter(|diagnostic| diagnostic.is_unjudged())
        .map(Unjudged::from)
        .collect()
}

/// What couldn't be read or used, and these bindings, whose roles the input lacks.
///
/// A role that a server's complete policy lacks doesn't exist, so nothing is left open.
pub fn with_missing_roles(rbac: &RbacAuthorizer, bindings: &[BindingId]) -> Vec<Unjudged> {
    let mut all = unread(rbac);
    if !rbac.snapshot().is_complete() {
        all.extend(bindings.iter().map(|&binding| missing_role(rbac, binding)));
    }
    all
}

/// A binding whose role the input lacks.
pub fn missing_role(rbac: &RbacAuthorizer, binding: BindingId) -> Unjudged {
    let binding = rbac.snapshot().binding(binding);
    Unjudged::from(&Diagnostic::new(
        binding.span,
        MissingRole {
            binding: binding.object_ref(),
            role: binding.role_object(),
        },
    ))
}

/// The bindings whose role the input lacks, among those that apply to requests in a namespace (or in the
/// whole cluster where it is empty), or among all.
pub fn bindings_without_role(
    rbac: &RbacAuthorizer,
    namespace: &str,
    reach: Reach,
) -> Vec<BindingId> {
    let bindings = rbac.snapshot().bindings_in_reach(namespace, reach);
    bindings
        .filter(|&binding| rbac.role_of(binding).is_none())
        .collect()
}

/// What of HEAD couldn't be read or used, and isn't the same on BASE.
pub fn unread_since(base: &RbacAuthorizer, head: &RbacAuthorizer) -> Vec<Unjudged> {
    let known: HashSet<Unread<'_>> = unread_on(base).filter_map(|(_, unread)| unread).collect();
    unread_on(head)
        .filter(|(_, unread)| unread.as_ref().is_none_or(|unread| !known.contains(unread)))
        .map(|(diagnostic, _)| diagnostic.into())
        .collect()
}

/// What of a change isn't judged: what of HEAD couldn't be read or used, objects of several
/// definitions, and bindings to roles that the input lacks; each unless BASE has the same.
pub fn unjudged_since(base: &RbacAuthorizer, head: &RbacAuthorizer) -> Vec<Unjudged> {
    let mut all = unread_since(base, head);
    all.extend(defined_twice_since(base, head));
    // A complete dump lacks no role; but one side alone can't say that of the other.
    if !(base.snapshot().is_complete() && head.snapshot().is_complete()) {
        all.extend(missing_roles_since(base, head));
    }
    all
}

/// What tells whether two sides have the same unread thing. Its path counts only where that decides
/// what it gives.
type Unread<'d> = (
    &'static str,
    Option<&'d ObjectRef>,
    Option<&'d str>,
    Fingerprint,
);

fn unread_on(rbac: &RbacAuthorizer) -> impl Iterator<Item = (&Diagnostic, Option<Unread<'_>>)> {
    let files = rbac.snapshot().files();
    let diagnostics = rbac.diagnostics().iter();
    diagnostics
        .filter(|diagnostic| diagnostic.is_unjudged())
        .map(move |diagnostic| {
            let moved_counts = diagnostic.code == &codes::NOT_READ
                || diagnostic.code == &codes::RENDERED
                || diagnostic.code == &codes::SETTINGS_DIFFER;
            let path = diagnostic
                .span
                .filter(|_| moved_counts)
                .map(|span| files.name(span.file));
            let unread = diagnostic.content.map(|content| {
                (
                    diagnostic.code.id,
                    diagnostic.object.as_ref(),
                    path,
                    content,
                )
            });
            (diagnostic, unread)
        })
}

/// Objects of several definitions on either side, where the other hasn't the same ones. What an object
/// gains can't be told where nobody knows what it gave.
fn defined_twice_since(base: &RbacAuthorizer, head: &RbacAuthorizer) -> Vec<Unjudged> {
    let on = |rbac: &RbacAuthorizer| -> Vec<(Diagnostic, Fingerprint)> {
        let diagnostics = rbac.diagnostics().iter();
        diagnostics
            .filter(|diagnostic| diagnostic.code == &codes::DEFINED_TWICE)
            .filter_map(|diagnostic| Some((diagnostic.clone(), diagnostic.content?)))
            .collect()
    };
    let (before, after) = (on(base), on(head));
    let contents = |side: &[(Diagnostic, Fingerprint)]| -> HashSet<Fingerprint> {
        side.iter().map(|(_, content)| *content).collect()
    };
    let (known_before, known_after) = (contents(&before), contents(&after));
    let mut all: Vec<Unjudged> = after
        .iter()
        .filter(|(_, content)| !known_before.contains(content))
        .map(|(diagnostic, _)| diagnostic.into())
        .collect();
    let mut told: HashSet<ObjectRef> = all.iter().filter_map(|one| one.object.clone()).collect();
    for (diagnostic, _) in before
        .iter()
        .filter(|(_, content)| !known_after.contains(content))
    {
        if let Some(object) = &diagnostic.object
            && told.insert(object.clone())
        {
            let object = object.clone();
            all.push((&Diagnostic::nowhere(TwiceBefore { object })).into());
        }
    }
    all
}

/// Who is bound to which role where.
type Bound = (Scope, RoleKind, String, Principal);

/// Bindings of HEAD to roles that it lacks, where BASE doesn't bind all of the same subjects to the
/// same missing role: gains of unknown size.
fn missing_roles_since(base: &RbacAuthorizer, head: &RbacAuthorizer) -> Vec<Unjudged> {
    let before: HashSet<Bound> = bindings_without_role(base, "", Reach::Anywhere)
        .into_iter()
        .flat_map(|binding| bound(base, binding))
        .collect();
    bindings_without_role(head, "", Reach::Anywhere)
        .into_iter()
        .filter(|&binding| bound(head, binding).any(|bound| !before.contains(&bound)))
        .map(|binding| missing_role(head, binding))
        .collect()
}

fn bound(rbac: &RbacAuthorizer, binding: BindingId) -> impl Iterator<Item = Bound> {
    let binding = rbac.snapshot().binding(binding);
    let subjects = binding.subjects.iter();
    subjects
        .filter_map(|subject| Principal::of(subject, binding))
        .map(|principal| {
            let role = &binding.role_ref;
            (binding.scope(), role.kind, role.name.to_string(), principal)
        })
}

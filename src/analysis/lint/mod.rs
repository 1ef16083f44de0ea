//! RBAC that doesn't do what it says: findings, each with a stable code.
//!
//! Whether a rule grants is the authorizer's business; here it is told where one can't, or where
//! a name can't be anyone's. The default policy's own objects aren't looked at.
//!
//! ```
//! use rbac_eval::analysis::lint::check;
//! use rbac_eval::entra::Directory;
//! use rbac_eval::kube;
//! use rbac_eval::text::{SourceText, Files};
//! use rbac_eval::cluster::{Defaults, Snapshot};
//! use rbac_eval::authz::rbac::RbacAuthorizer;
//!
//! let text = SourceText {
//!     name: "rbac.yaml".into(),
//!     bytes: br#"
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: viewers}
//! roleRef: {kind: ClusterRole, name: view}
//! subjects: [{kind: Group, name: developers@contoso.com}]
//! "#.to_vec(),
//!     named: true,
//! };
//! let mut files = Files::default();
//! let manifest = kube::parse(&mut files, &[text]);
//! let rbac = RbacAuthorizer::new(Snapshot::new(files, manifest, Defaults::Auto))?;
//! let findings = check(&rbac, &Directory::default());
//! assert_eq!(findings[0].code.id, "RBAC004");
//! # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
//! ```

mod baseline;
mod bindings;
mod finding;
mod ignoring;
mod left_aside;
mod loading;
mod named_create;
mod roles;
mod sort;

use std::cmp::Ordering;

use crate::authz::rbac::RbacAuthorizer;
use crate::diagnostic::Diagnostic;
use crate::entra::Directory;

pub use baseline::{Baseline, BaselineError, FindingKey, KnownFindings};
pub use ignoring::{HeldBy, SettingsIgnore, may_be_ignored};
pub use left_aside::{is_left_aside, left_aside, unjudged_by_folder};
pub use sort::{
    BaseIgnores, IgnoredBy, IgnoredFinding, SortBy, SortedFindings, faults_of_settings, sort_out,
};

/// Looks for everything that [`FINDINGS`](crate::diagnostic::codes::FINDINGS) lists but for what is wrong
/// with ignores, which [`sort_out`] finds; sorted by place and code.
///
/// With a directory, names are held against it too.
pub fn check(rbac: &RbacAuthorizer, directory: &Directory) -> Vec<Diagnostic> {
    let mut findings = left_aside::gather(rbac.snapshot().files(), loading::findings(rbac));
    bindings::findings(rbac, directory, &mut findings);
    roles::findings(rbac, &mut findings);
    findings.sort_by(by_place);
    findings.dedup();
    findings
}

/// The order of findings.
fn by_place(a: &Diagnostic, b: &Diagnostic) -> Ordering {
    (a.span, a.code.id, &a.message).cmp(&(b.span, b.code.id, &b.message))
}

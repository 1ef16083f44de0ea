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

mod bindings;
mod codes;
mod loading;
mod roles;

pub use codes::{CODES, Code};

use crate::authz::rbac::RbacAuthorizer;
use crate::entra::Directory;
use crate::text::Span;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Probably not what was meant.
    Warning,
    /// Doesn't do what it says.
    Error,
}

impl Level {
    /// The level as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// Something that doesn't do what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing.
    pub code: &'static Code,
    /// How much it matters here.
    pub level: Level,
    /// Where.
    pub span: Span,
    /// The object, as `Kind namespace/name`; empty where the place is no object.
    pub object: String,
    /// What is wrong, in a sentence.
    pub message: String,
}

/// Looks for everything that [`CODES`] lists, sorted by place and code.
///
/// With a directory, names are held against it too.
pub fn check(rbac: &RbacAuthorizer, directory: &Directory) -> Vec<Finding> {
    let mut findings = loading::findings(rbac);
    bindings::findings(rbac, directory, &mut findings);
    roles::findings(rbac, &mut findings);
    findings.sort_by(|a, b| (a.span, a.code.id, &a.message).cmp(&(b.span, b.code.id, &b.message)));
    findings.dedup();
    findings
}

//! RBAC that doesn't do what it says: findings, each with a stable code.
//!
//! Whether a rule grants is the authorizer's business; here it is told where one can't, or where
//! a name can't be anyone's. The default policy's own objects aren't looked at.
//!
//! ```
//! use rbac_eval::check::check;
//! use rbac_eval::directory::Directory;
//! use rbac_eval::manifest;
//! use rbac_eval::source::{SourceText, Sources};
//! use rbac_eval::store::{Defaults, PolicyStore};
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
//! let mut sources = Sources::default();
//! let manifest = manifest::parse(&mut sources, &[text]);
//! let store = PolicyStore::new(sources, manifest, Defaults::Auto);
//! let findings = check(&store, &Directory::default());
//! assert_eq!(findings[0].code.id, "RBAC004");
//! ```

mod bindings;
mod codes;
mod loading;
mod roles;

pub use codes::{CODES, Code};

use crate::directory::Directory;
use crate::source::Place;
use crate::store::PolicyStore;

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
    pub place: Place,
    /// The object, as `Kind namespace/name`; empty where the place is no object.
    pub object: String,
    /// What is wrong, in a sentence.
    pub message: String,
}

/// Looks for everything that [`CODES`] lists, sorted by place and code.
///
/// With a directory, names are held against it too.
pub fn check(store: &PolicyStore, directory: &Directory) -> Vec<Finding> {
    let mut findings = loading::findings(store);
    bindings::findings(store, directory, &mut findings);
    roles::findings(store, &mut findings);
    findings
        .sort_by(|a, b| (a.place, a.code.id, &a.message).cmp(&(b.place, b.code.id, &b.message)));
    findings.dedup();
    findings
}

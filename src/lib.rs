//! Who can do what on a Kubernetes cluster, offline and exactly.
//!
//! `rbac_eval` decides requests as a Kubernetes API server's RBAC authorizer does, from manifests
//! or a dump instead of a cluster, and says why: which binding, which role, which rule, which file
//! and line.
//!
//! ```
//! use rbac_eval::{Authorizer, Policy, ResourceAttributes, UserInfo};
//!
//! let policy = Policy::parse("rbac.yaml", include_str!("../testdata/quickstart/rbac.yaml"))?;
//! let alice = UserInfo::impersonated("alice", []);
//! let request = ResourceAttributes::new("get", "pods").in_namespace("default").into();
//! let response = policy.authorize(&alice, &request);
//! assert!(response.is_allowed());
//! # Ok::<(), rbac_eval::TooLarge>(())
//! ```
//!
//! [`Policy`] is the way in. What it is made of has names here too: a [`Snapshot`] of a cluster's
//! objects, the [`RbacAuthorizer`] over it, and [`Authorizer`] and [`Union`] for chains with others.
//! How the house is built is told in `DESIGN.md`.
//!
//! # Features
//!
//! Without any, the crate is pure: no IO, no clock, no environment; the same input gives the same
//! answers in the same order.
//!
//! - `cli` (default): the command line, with all of the others.
//! - `render`: tables, SARIF, JUnit and the other forms of the command line's answers.
//! - `files`: reading files, folders and git revisions, and rendering folders.
//! - `parallel`: reading on all cores.
//! - `k8s-openapi`: conversions from and to that crate's types (the `openapi` module). A library that
//!   depends on this one turns default features off and lets its own dependents choose the version.
//! - `internals`: every module, for this package's own tests, benches and fuzz targets. It promises
//!   nothing.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
// The command line uses what a library without it may not; what is unused there shows in a full build.
#![cfg_attr(not(feature = "cli"), allow(dead_code))]
#![cfg_attr(not(feature = "internals"), allow(unused_imports))]

#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod analysis;
#[cfg(not(feature = "internals"))]
mod analysis;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod ask;
#[cfg(not(feature = "internals"))]
mod ask;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod authn;
#[cfg(not(feature = "internals"))]
mod authn;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod authz;
#[cfg(not(feature = "internals"))]
mod authz;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod cluster;
#[cfg(not(feature = "internals"))]
mod cluster;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod diagnostic;
#[cfg(not(feature = "internals"))]
mod diagnostic;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod entra;
#[cfg(not(feature = "internals"))]
mod entra;
#[cfg(all(feature = "internals", feature = "files"))]
#[doc(hidden)]
pub mod files;
#[cfg(all(not(feature = "internals"), feature = "files"))]
mod files;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod kube;
#[cfg(not(feature = "internals"))]
mod kube;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod object;
#[cfg(not(feature = "internals"))]
mod object;
#[cfg(all(feature = "internals", feature = "k8s-openapi"))]
#[doc(hidden)]
pub mod openapi;
#[cfg(all(not(feature = "internals"), feature = "k8s-openapi"))]
mod openapi;
mod parallel;
mod policy;
#[cfg(all(feature = "internals", feature = "render"))]
#[doc(hidden)]
pub mod render;
#[cfg(all(not(feature = "internals"), feature = "render"))]
mod render;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod review;
#[cfg(not(feature = "internals"))]
mod review;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod text;
#[cfg(not(feature = "internals"))]
mod text;
#[cfg(all(feature = "internals", feature = "files"))]
#[doc(hidden)]
pub mod tools;
#[cfg(all(not(feature = "internals"), feature = "files"))]
mod tools;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;

pub use analysis::who_can::WhoCan;
pub use authn::{Principal, UserInfo};
pub use authz::rbac::{EvaluationError, Grant, RbacAuthorizer, TooLarge};
pub use authz::{
    Attributes, Authorizer, Decision, Masters, NonResourceAttributes, Reason, ResourceAttributes,
    Response, Status, Union,
};
pub use cluster::{Defaults, Reach, Snapshot};
pub use diagnostic::Diagnostic;
pub use kube::PolicyRule;
pub use object::{ObjectRef, Scope};
pub use policy::Policy;
pub use text::SourceText;

/// Files and places in them, as answers name them.
pub mod places {
    pub use crate::text::{Files, Located, Span};
}

//! Who can do what on a Kubernetes cluster, offline and exactly.
//!
//! `rbac_eval` decides requests as a Kubernetes API server's RBAC authorizer does, from manifests
//! or a dump instead of a cluster, and says why: which binding, which role, which rule, which file
//! and line.
//!
//!
//! # Features
//!
//! - `cli` (default): the command line, and a version of Kubernetes for `k8s-openapi`.
//! - `k8s-openapi`: conversions from that crate's types (the `openapi` module). A library that
//!   depends on this one turns default features off and lets its own dependents choose the version.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod analysis;
pub mod ask;
pub mod authn;
pub mod authz;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod cluster;
pub mod diagnostic;
pub mod entra;
pub mod files;
pub mod kube;
#[cfg(feature = "k8s-openapi")]
pub mod openapi;
pub mod render;
pub mod review;
pub mod text;

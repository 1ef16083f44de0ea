//! Who can do what on a Kubernetes cluster, offline and exactly.
//!
//! `rbac_eval` decides requests as a Kubernetes API server's RBAC authorizer does, from manifests
//! or a dump instead of a cluster, and says why: which binding, which role, which rule, which file
//! and line.
//!
//! ```
//! use rbac_eval::attributes::{Attributes, ResourceAttributes};
//! use rbac_eval::authorizer::{Authorizer, Decision};
//! use rbac_eval::manifest;
//! use rbac_eval::source::{SourceText, Sources};
//! use rbac_eval::store::{Defaults, PolicyStore};
//! use rbac_eval::user::UserInfo;
//!
//! let text = SourceText {
//!     name: "rbac.yaml".into(),
//!     bytes: br#"
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: viewers, namespace: default}
//! roleRef: {kind: ClusterRole, name: view}
//! subjects: [{kind: Group, name: a1b2c3d4-aaaa-bbbb-cccc-123456789abc}]
//! "#.to_vec(),
//!     named: true,
//! };
//! let mut sources = Sources::default();
//! let manifest = manifest::parse(&mut sources, &[text]);
//! assert!(manifest.diagnostics.is_empty());
//! // The role `view` isn't in the input; it is part of every cluster's default policy.
//! let store = PolicyStore::new(sources, manifest, Defaults::Auto);
//! let authorizer = Authorizer::new(&store);
//!
//! let alice = UserInfo::impersonated(
//!     "alice@contoso.com",
//!     ["a1b2c3d4-aaaa-bbbb-cccc-123456789abc".to_owned()],
//! );
//! let mut request = ResourceAttributes {
//!     verb: "get".into(),
//!     resource: "pods".into(),
//!     namespace: "default".into(),
//!     ..Default::default()
//! };
//! let response = authorizer.authorize(&alice, &Attributes::Resource(request.clone()));
//! assert_eq!(response.decision, Decision::Allow);
//! assert_eq!(
//!     authorizer.reason(&response.grants[0]),
//!     "RBAC: allowed by RoleBinding \"viewers/default\" of ClusterRole \"view\" \
//!      to Group \"a1b2c3d4-aaaa-bbbb-cccc-123456789abc\"",
//! );
//!
//! request.namespace = "kube-system".into();
//! assert_eq!(
//!     authorizer.decide(&alice, &Attributes::Resource(request)),
//!     Decision::NoOpinion,
//! );
//! ```
//!
//! # The house
//!
//! Data flows one way; no module knows one below it in this list.
//!
//! | module | owns |
//! |---|---|
//! | [`source`] | where text came from: file and line; reading files, folders, standard input |
//! | [`manifest`] | text → typed objects, each with its place; what an API server would refuse |
//! | [`catalogue`] | the API resources: plural, kind, short names, scope, subresources |
//! | [`bootstrap`] | the default policy that a cluster starts with |
//! | [`user`], [`attributes`] | who asks, and what |
//! | [`rules`] | what one rule allows, on plain strings |
//! | [`store`] | the index of roles, bindings and subjects; aggregation; duplicates |
//! | [`principal`] | who a subject is, however a binding writes it |
//! | [`authorizer`] | the decision |
//! | [`explain`] | grants and near misses |
//! | [`query`] | `--list` and other questions beyond one request |
//! | [`diff`] | what one policy lets whom do that another doesn't |
//! | [`risk`] | how grave a gain is, as a table |
//! | [`promise`] | assertions kept in git, and whether they hold |
//! | [`directory`] | Entra ID: names for object IDs, and who is in which group |
//! | [`check`] | findings: RBAC that doesn't do what it says |
//! | [`review`] | SubjectAccessReviews in, with their status out |
//! | [`report`] | text, tables, JSON and YAML |
//!
//! Everything but the readers of [`source`] is pure: no IO, no clock, no environment; the same
//! input gives the same bytes. A verdict is data; words are made in [`report`].
//!
//! What was done and dropped for speed stands with [`store`] and [`manifest`].
//!
//! # Features
//!
//! - `cli` (default): the command line, and a version of Kubernetes for `k8s-openapi`.
//! - `k8s-openapi`: conversions from that crate's types (the `openapi` module). A library that
//!   depends on this one turns default features off and lets its own dependents choose the version.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod attributes;
pub mod authorizer;
pub mod bootstrap;
pub mod catalogue;
pub mod check;
pub mod diff;
pub mod directory;
pub mod explain;
pub mod manifest;
#[cfg(feature = "k8s-openapi")]
pub mod openapi;
pub mod principal;
pub mod promise;
pub mod query;
pub mod report;
pub mod review;
pub mod risk;
pub mod rules;
pub mod source;
pub mod store;
pub mod text;
pub mod user;

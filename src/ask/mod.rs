//! The one way to ask: from what people write to who asks and what is asked, as authorizers take it.
//!
//! Words of a command line and the fields of an assertion go through a [`Resolver`], which knows the
//! API resources of a snapshot and the names of an Entra directory. So the same words are the same
//! request everywhere, and two commands can't give two answers to it.
//!
//! This room prints nothing and decides nothing. What a reader should know comes back as data:
//! [`Warning`]s are kubectl's own and one more, [`Note`]s are ours. A SubjectAccessReview is taken literally: its
//! fields already are a [`UserInfo`](crate::authn::UserInfo) and
//! [`Attributes`](crate::authz::Attributes).
//!
//! ```
//! use rbac_eval::ask::{AskedScope, Resolver, Target, Who};
//! use rbac_eval::authz::Attributes;
//! use rbac_eval::cluster::{Defaults, Snapshot};
//! use rbac_eval::entra::Directory;
//! use rbac_eval::kube::Manifest;
//! use rbac_eval::text::Files;
//!
//! let snapshot = Snapshot::new(Files::default(), Manifest::default(), Defaults::Auto);
//! let directory = Directory::default();
//! let resolver = Resolver::new(&snapshot, &directory);
//!
//! let alice = resolver.user(&Who { name: "alice".into(), groups: vec![] }).unwrap();
//! assert_eq!(alice.user.groups, ["system:authenticated"]);
//!
//! let target = Target::parse("deploy/web", "scale").unwrap();
//! let asked = resolver.request("get", &target, AskedScope::Namespace("prod"));
//! let Attributes::Resource(request) = &asked.attributes else { panic!() };
//! assert_eq!((&*request.group, &*request.combined_resource()), ("apps", "deployments/scale"));
//! ```

mod known;
mod nearest;
mod note;
mod offer;
mod request;
mod subject;
mod who;

use crate::cluster::Snapshot;
use crate::entra::Directory;

pub use known::{KnownSubjects, UnknownSubject, bound_subjects, known_namespaces};
pub(crate) use nearest::nearest;
pub(crate) use note::did_you_mean;
pub use note::{Note, Warning};
pub use offer::{Offer, Offered, Stage};
pub use request::{AskedScope, ResolvedRequest, ResolvedTarget, SubresourceOfUrl, Target};
pub use subject::{Match, NamedSubject};
pub use who::{ResolvedUser, Who};

/// Knows what words mean: types of the snapshot's discovery, people and groups of the directory.
#[derive(Debug, Clone, Copy)]
pub struct Resolver<'s> {
    snapshot: &'s Snapshot,
    directory: &'s Directory,
}

impl<'s> Resolver<'s> {
    /// The resolver of a cluster and a directory, which may be empty.
    pub fn new(snapshot: &'s Snapshot, directory: &'s Directory) -> Self {
        Resolver {
            snapshot,
            directory,
        }
    }

    /// The cluster that is asked about.
    pub fn snapshot(&self) -> &'s Snapshot {
        self.snapshot
    }
}

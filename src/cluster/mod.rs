//! [`Snapshot`]: all decoded objects of one cluster, and what is known of them as a whole.
//!
//! It keeps the last object of each name and says where an earlier one differed, adds the built-in
//! default policy, and knows how complete the input is. It says nothing of what objects mean together:
//! that is the business of the engines, which are built from it.

mod duplicates;
mod version;

use std::collections::HashSet;
use std::ops::Deref;

use crate::diagnostic::Diagnostic;
use crate::kube::default_policy::DefaultPolicy;
use crate::kube::discovery::Discovery;
use crate::kube::{
    Binding, BindingKind, CustomResourceDefinition, Decode, Manifest, Metadata, Namespace,
    ObjectKey, Objects, Role, RoleKind, ServiceAccount, ToolComment,
};
use crate::object::ObjectRef;
use crate::text::{Files, Located, Span};

pub use duplicates::Collision;
pub use version::{Assumed, ClusterVersion, Defaults, VersionSource};

/// How much of a cluster's policy the input holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Completeness {
    /// It is a server's complete policy: it has every default ClusterRole of some version of Kubernetes,
    /// as a server prints them. What isn't in it isn't on the cluster.
    Complete,
    /// It may be a part. What isn't in it may exist on the cluster.
    Partial,
}

/// The service account that every namespace has by itself.
pub(crate) const DEFAULT_SERVICE_ACCOUNT: &str = "default";

/// The number of a role in its [`Snapshot`]. Roles are numbered by kind, namespace and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleId(pub(crate) usize);

/// The number of a binding in its [`Snapshot`]. ClusterRoleBindings come first, each kind by
/// namespace and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BindingId(pub(crate) usize);

impl RoleId {
    /// The role's place among [`Snapshot::roles`].
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

impl BindingId {
    /// The binding's place among [`Snapshot::bindings`].
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

/// All objects of one cluster.
///
/// ```
/// use rbac_eval::cluster::{Defaults, Snapshot};
/// use rbac_eval::kube;
/// use rbac_eval::text::{Files, SourceText};
///
/// let text = SourceText {
///     name: "binding.yaml".into(),
///     bytes: br#"
/// apiVersion: rbac.authorization.k8s.io/v1
/// kind: ClusterRoleBinding
/// metadata: {name: viewers}
/// roleRef: {kind: ClusterRole, name: view}
/// subjects: [{kind: Group, name: devs}]
/// "#.to_vec(),
///     named: true,
/// };
/// let mut files = Files::default();
/// let manifest = kube::parse(&mut files, &[text]);
/// let snapshot = Snapshot::new(files, manifest, Defaults::Auto);
/// let viewers = snapshot.bindings().find(|&id| snapshot.binding(id).name == "viewers").unwrap();
/// assert_eq!(snapshot.binding(viewers).role_ref.name, "view");
/// ```
#[derive(Debug, Clone)]
pub struct Snapshot {
    name: String,
    files: Files,
    diagnostics: Vec<Diagnostic>,
    collisions: Vec<Collision>,
    comments: Vec<ToolComment>,
    version: ClusterVersion,
    discovery: Discovery,
    objects: Objects,
    defaults: Option<DefaultPolicy>,
    input_objects: usize,
    completeness: Completeness,
}

impl Snapshot {
    /// The snapshot of what was read.
    ///
    /// Of an object that is defined twice, or that the default policy has too, what either definition
    /// gives counts; a diagnostic says so where they differ.
    ///
    /// A version of Kubernetes that isn't built in gets the default policy and the API resources of the
    /// nearest that is.
    pub fn new(mut files: Files, manifest: Manifest, assumed: impl Into<Assumed>) -> Self {
        let assumed = assumed.into();
        let input = InputExtent::of(&manifest);
        let version = ClusterVersion::of(assumed.version, &manifest);
        let defaults = match assumed.defaults {
            Defaults::Auto if input.completeness == Completeness::Complete => None,
            Defaults::Auto => Some(DefaultPolicy::nearest(version.minor)),
            Defaults::None => None,
            Defaults::Version(policy) => Some(policy),
        };
        let mut objects =
            defaults.map_or_else(Objects::default, |policy| policy.objects(&mut files));
        let kept = kept_as_they_are(&manifest.objects);
        objects.retain(|key| !kept.contains(key));
        let built_in = objects.lengths();
        let mut diagnostics = manifest.diagnostics;
        let mut collisions = Vec::new();
        let comments = manifest.comments;
        objects.extend(vec![manifest.objects]);
        for (at, column) in objects.columns_mut().iter_mut().enumerate() {
            let built_in = built_in.get(at).copied().unwrap_or_default();
            let found = duplicates::unite(&mut **column, built_in, &files, &mut diagnostics);
            collisions.extend(found);
        }
        for column in objects.columns_mut() {
            column.sort();
        }
        let definitions = objects.of::<CustomResourceDefinition>();
        let discovery = Discovery::of_minor(version.minor, definitions.iter().map(|it| &it.value));
        diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        Snapshot {
            name: String::new(),
            files,
            diagnostics,
            collisions,
            comments,
            version,
            discovery,
            objects,
            defaults,
            input_objects: input.objects,
            completeness: input.completeness,
        }
    }

    /// The same snapshot under a name, such as a revision or an environment.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Snapshot {
            name: name.into(),
            ..self
        }
    }

    /// What the snapshot is of; empty where nothing was said.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The files that the objects were read from.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// What was wrong with the input, in the order of its places.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Definitions of one object that differ, of which the input doesn't tell which a cluster has.
    pub fn collisions(&self) -> &[Collision] {
        &self.collisions
    }

    /// Comments of the input that speak to this program.
    pub fn comments(&self) -> &[ToolComment] {
        &self.comments
    }

    /// Each object, and where it stands.
    pub fn places(&self) -> impl Iterator<Item = (ObjectRef, Span)> {
        self.objects.places()
    }

    /// The version of Kubernetes that the cluster runs, as far as that is known.
    pub fn version(&self) -> ClusterVersion {
        self.version
    }

    /// What another snapshot has to be built with to be of the same cluster.
    pub fn assumed(&self) -> Assumed {
        Assumed {
            version: Some(self.version),
            defaults: self.defaults.map_or(Defaults::None, Defaults::Version),
        }
    }

    /// The API resources: built in, and of the input's CustomResourceDefinitions.
    pub fn discovery(&self) -> &Discovery {
        &self.discovery
    }

    /// The built-in default policy that was added to the input.
    pub fn defaults(&self) -> Option<DefaultPolicy> {
        self.defaults
    }

    /// How many roles and bindings the input itself holds.
    pub fn input_objects(&self) -> usize {
        self.input_objects
    }

    /// How much of a cluster's policy the input holds.
    pub fn completeness(&self) -> Completeness {
        self.completeness
    }

    /// Whether the input looks like a server's complete policy.
    pub fn is_complete(&self) -> bool {
        self.completeness == Completeness::Complete
    }

    /// All objects, those of each type sorted by kind, namespace and name.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The Namespaces of the input, by name.
    pub fn namespaces(&self) -> &[Located<Namespace>] {
        self.objects.of()
    }

    /// Whether the input holds this ServiceAccount.
    pub fn has_service_account(&self, namespace: &str, name: &str) -> bool {
        let accounts = self.objects.of::<ServiceAccount>();
        accounts
            .binary_search_by(|account| {
                (&*account.namespace, &*account.name).cmp(&(namespace, name))
            })
            .is_ok()
    }

    /// Whether the input holds a ServiceAccount of this namespace.
    pub fn has_service_accounts_in(&self, namespace: &str) -> bool {
        let accounts = self.objects.of::<ServiceAccount>();
        let first = accounts.partition_point(|account| *account.namespace < *namespace);
        accounts
            .get(first)
            .is_some_and(|account| account.namespace == namespace)
    }

    /// Whether this ServiceAccount isn't there, as far as that can be told: by a complete dump, or where the
    /// input makes the namespace's accounts itself.
    pub fn lacks_service_account(&self, namespace: &str, name: &str) -> bool {
        let can_tell = self.knows_service_accounts()
            && (self.is_complete() || self.has_service_accounts_in(namespace));
        can_tell && !self.has_service_account(namespace, name) && name != DEFAULT_SERVICE_ACCOUNT
    }

    /// Whether the input holds any ServiceAccount at all.
    pub fn knows_service_accounts(&self) -> bool {
        !self.objects.of::<ServiceAccount>().is_empty()
    }

    /// All bindings, ClusterRoleBindings first, each kind by namespace and name.
    pub fn bindings(&self) -> impl ExactSizeIterator<Item = BindingId> + use<> {
        (0..self.all_bindings().len()).map(BindingId)
    }

    /// A binding.
    pub fn binding(&self, id: BindingId) -> &Located<Binding> {
        &self.all_bindings()[id.0]
    }

    /// The bindings that apply to requests in a namespace (or in the whole cluster where it is
    /// empty), or all of them.
    pub(crate) fn bindings_in_reach(
        &self,
        namespace: &str,
        reach: Reach,
    ) -> impl Iterator<Item = BindingId> + use<> {
        let bindings = self.all_bindings();
        let cluster_wide =
            bindings.partition_point(|binding| binding.kind == BindingKind::ClusterRoleBinding);
        let namespaced = match reach {
            Reach::Anywhere => cluster_wide..bindings.len(),
            Reach::Request if namespace.is_empty() => cluster_wide..cluster_wide,
            Reach::Request => {
                let of_kind = &bindings[cluster_wide..];
                let begin = of_kind.partition_point(|binding| *binding.namespace < *namespace);
                let count =
                    of_kind[begin..].partition_point(|binding| binding.namespace == namespace);
                cluster_wide + begin..cluster_wide + begin + count
            }
        };
        (0..cluster_wide).chain(namespaced).map(BindingId)
    }

    /// All roles, ClusterRoles first, each kind by namespace and name.
    pub fn roles(&self) -> impl ExactSizeIterator<Item = RoleId> + use<> {
        (0..self.all_roles().len()).map(RoleId)
    }

    /// A role.
    pub fn role(&self, id: RoleId) -> &Located<Role> {
        &self.all_roles()[id.0]
    }

    /// The binding of this kind, namespace and name.
    pub fn find_binding(
        &self,
        kind: BindingKind,
        namespace: &str,
        name: &str,
    ) -> Option<BindingId> {
        let order = |binding: &Located<Binding>| {
            let known = (binding.kind, &*binding.namespace, &*binding.name);
            known.cmp(&(kind, namespace, name))
        };
        let bindings = self.all_bindings();
        // Of several definitions the last is the first here.
        let at = bindings.partition_point(|binding| order(binding).is_lt());
        order(bindings.get(at)?).is_eq().then_some(BindingId(at))
    }

    /// The role of this kind, namespace and name.
    pub fn find_role(&self, kind: RoleKind, namespace: &str, name: &str) -> Option<RoleId> {
        self.all_roles()
            .binary_search_by(|role| {
                (role.kind, &*role.namespace, &*role.name).cmp(&(kind, namespace, name))
            })
            .ok()
            .map(RoleId)
    }

    /// All roles in the order of their numbers.
    pub(crate) fn all_roles(&self) -> &[Located<Role>] {
        self.objects.of()
    }

    /// All bindings in the order of their numbers.
    pub(crate) fn all_bindings(&self) -> &[Located<Binding>] {
        self.objects.of()
    }
}

/// Where an answer is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// In the request's namespace, or in the whole cluster where it has none.
    Request,
    /// Anywhere: cluster-wide, and in every namespace that has a grant.
    Anywhere,
}

/// The annotation of a default object that a server leaves as it is.
///
/// Source: `ReconcileRoleOptions` of Kubernetes, which calls such an object protected.
const AUTO_UPDATE: &str = "rbac.authorization.kubernetes.io/autoupdate";

/// The roles and bindings of the input to which a server adds nothing of its default policy.
fn kept_as_they_are(objects: &Objects) -> HashSet<ObjectKey<'_>> {
    fn keys<T: Decode + Deref<Target = Metadata>>(objects: &Objects) -> Vec<ObjectKey<'_>> {
        let protected = objects.of::<T>().iter().filter(|object| {
            let object: &Metadata = &object.value;
            let mut annotations = object.annotations.iter();
            annotations.any(|(key, value)| key == AUTO_UPDATE && &**value == "false")
        });
        protected.map(|object| object.value.key()).collect()
    }
    [keys::<Role>(objects), keys::<Binding>(objects)]
        .into_iter()
        .flatten()
        .collect()
}

/// What the input says before defaults are added.
struct InputExtent {
    objects: usize,
    completeness: Completeness,
}

impl InputExtent {
    fn of(manifest: &Manifest) -> Self {
        let roles = manifest.objects.of::<Role>();
        let printed: HashSet<&str> = roles
            .iter()
            .filter(|role| role.kind == RoleKind::ClusterRole && role.is_printed_by_server())
            .map(|role| &*role.name)
            .collect();
        let is_complete = !printed.is_empty()
            && DefaultPolicy::all().any(|policy| {
                let mut names = policy.cluster_roles();
                names.all(|name| printed.contains(name))
            });
        InputExtent {
            objects: roles.len() + manifest.objects.of::<Binding>().len(),
            completeness: if is_complete {
                Completeness::Complete
            } else {
                Completeness::Partial
            },
        }
    }
}

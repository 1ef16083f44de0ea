//! Small clusters for paths: rights of a few subjects, and objects as they are written.

use rbac_eval::analysis::paths::{Bounds, Certainty, EDGES, EdgeId, EdgeSet, Goal, Paths};
use rbac_eval::authn::UserInfo;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::cluster::{Assumed, ClusterVersion, Defaults, Snapshot};
use rbac_eval::kube::{self, Minor, Registry};
use rbac_eval::text::{Files, SourceText};

/// A right: verbs, resources with their group (`apps/deployments`, `pods`; a subresource after another `/`
/// wants the group, `/pods/exec`), names (none for all), namespace (none is the cluster).
pub type Right<'r> = (&'r str, &'r str, &'r str, &'r str);

/// Namespaces with and without a level of Pod Security.
pub const NAMESPACES: &str = "
---
{apiVersion: v1, kind: Namespace, metadata: {name: open}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shut, labels: {pod-security.kubernetes.io/enforce: restricted}}}
";

/// A small cluster, in which `eve` has rights.
pub struct Small {
    rbac: RbacAuthorizer,
}

/// The objects that give a user rights.
pub fn rights_of(user: &str, rights: &[Right<'_>]) -> String {
    let rights = rights.iter().enumerate();
    let objects = rights.map(|(at, (verbs, resource, names, namespace))| {
        let (group, resource) = match resource.split_once('/') {
            Some((group, resource)) => (group, resource),
            None => ("", *resource),
        };
        let names = match *names {
            "" => String::new(),
            names => format!(", resourceNames: [{names}]"),
        };
        let (kind, namespace) = match *namespace {
            "" => ("ClusterRoleBinding", String::new()),
            namespace => ("RoleBinding", format!(", namespace: {namespace}")),
        };
        let subject = match user.split_once('/') {
            Some((namespace, name)) => {
                format!("{{kind: ServiceAccount, name: {name}, namespace: {namespace}}}")
            }
            None => format!("{{kind: User, name: {user}}}"),
        };
        let name = format!("{}-{at}", user.replace(['/', ':'], "-"));
        let api = "apiVersion: rbac.authorization.k8s.io/v1";
        format!(
            "---\n{api}\nkind: ClusterRole\nmetadata: {{name: {name}}}\n\
             rules: [{{apiGroups: ['{group}'], resources: ['{resource}'], verbs: [{verbs}]{names}}}]\n\
             ---\n{api}\nkind: {kind}\nmetadata: {{name: {name}{namespace}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {name}}}\n\
             subjects: [{subject}]\n"
        )
    });
    objects.collect()
}

impl Small {
    /// The cluster of some objects, in which `eve` has these rights.
    pub fn new(rights: &[Right<'_>], objects: &str) -> Self {
        Small::of_version(None, rights, objects)
    }

    /// The same of a version of Kubernetes that someone says.
    pub fn of_version(minor: Option<u16>, rights: &[Right<'_>], objects: &str) -> Self {
        let text = SourceText {
            name: "small.yaml".into(),
            bytes: format!("{}\n{objects}", rights_of("eve", rights)).into_bytes(),
            named: true,
        };
        let mut files = Files::default();
        let manifest = kube::parse_with(&Registry::with_workloads(), &mut files, &[text]);
        let assumed = Assumed {
            version: minor.map(|minor| ClusterVersion::said(Minor::new(minor))),
            defaults: Defaults::None,
        };
        let snapshot = Snapshot::new(files, manifest, assumed);
        assert!(
            snapshot.diagnostics().is_empty(),
            "{:?}",
            snapshot.diagnostics()
        );
        Small {
            rbac: RbacAuthorizer::new(snapshot).unwrap(),
        }
    }

    /// How sure `eve` takes a step of the first of these kinds, by steps of these kinds alone.
    pub fn step(&self, edges: &str) -> Option<Certainty> {
        let edges: Vec<EdgeId> = edges.split(' ').map(edge).collect();
        let bounds = Bounds {
            edges: edges.iter().copied().collect(),
            certainty: Certainty::Outside,
        };
        let eve = UserInfo::impersonated("eve", []);
        Paths::new(&self.rbac)
            .from(&eve, bounds, None)
            .surest(edges[0])
    }

    /// How sure `eve` gets to a goal by all steps.
    pub fn goal(&self, goal: &str) -> Option<Certainty> {
        self.goal_by(goal, EdgeSet::all())
    }

    /// The same by some steps alone.
    pub fn goal_by(&self, goal: &str, edges: EdgeSet) -> Option<Certainty> {
        let goal: Goal = goal.parse().unwrap();
        let levels = [
            Certainty::Definite,
            Certainty::State,
            Certainty::Somebody,
            Certainty::Outside,
        ];
        let paths = Paths::new(&self.rbac);
        levels.into_iter().find(|&certainty| {
            let bounds = Bounds { edges, certainty };
            let eve = UserInfo::impersonated("eve", []);
            paths.from(&eve, bounds, Some(&goal)).reaches(&goal)
        })
    }
}

/// The edge of a name.
pub fn edge(name: &str) -> EdgeId {
    let mut edges = EDGES.iter().copied();
    edges.find(|edge| edge.as_str() == name).unwrap()
}

//! Would `kubectl auth can-i` say otherwise? It sends another request than a real one would be.

use crate::ask::ResolvedRequest;
use crate::authn::UserInfo;
use crate::authz::rbac::{Grant, RbacAuthorizer};
use crate::authz::{Authorizer, chain};

/// How kubectl's answer differs from the one to the real request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KubectlDiffers<'r> {
    /// It says yes, through a RoleBinding of the namespace that it sends with a cluster-scoped type
    /// (kubernetes#75970).
    SaysYes {
        /// The namespace that it sends.
        sent: &'r str,
        /// What grants it there.
        grant: Grant,
    },
    /// It says no, since it asks about a Namespace in another one than that itself
    /// (kubernetes#134929).
    SaysNo {
        /// The namespace that it sends.
        sent: &'r str,
        /// The namespace of the real request.
        real: &'r str,
    },
}

/// Decides the request that kubectl sends, where it is another one; none where the answers are the
/// same.
///
/// ```
/// use rbac_eval::analysis::kubectl::{KubectlDiffers, kubectl_differs};
/// use rbac_eval::ask::{AskedScope, Resolver, Target};
/// use rbac_eval::authn::UserInfo;
/// use rbac_eval::authz::rbac::RbacAuthorizer;
/// use rbac_eval::cluster::{Defaults, Snapshot};
/// use rbac_eval::entra::Directory;
/// use rbac_eval::kube;
/// use rbac_eval::text::{Files, SourceText};
///
/// let text = SourceText {
///     name: "binding.yaml".into(),
///     bytes: br#"
/// apiVersion: rbac.authorization.k8s.io/v1
/// kind: RoleBinding
/// metadata: {name: admins, namespace: prod}
/// roleRef: {kind: ClusterRole, name: cluster-admin}
/// subjects: [{kind: User, name: alice}]
/// "#.to_vec(),
///     named: true,
/// };
/// let mut files = Files::default();
/// let manifest = kube::parse(&mut files, &[text]);
/// let rbac = RbacAuthorizer::new(Snapshot::new(files, manifest, Defaults::Auto))?;
/// let directory = Directory::default();
/// let target = Target::parse("nodes", "").unwrap();
/// let request =
///     Resolver::new(rbac.snapshot(), &directory).request("list", &target, AskedScope::Namespace("prod"));
/// let differs = kubectl_differs(&rbac, &UserInfo::impersonated("alice", []), &request);
/// assert!(matches!(differs, Some(KubectlDiffers::SaysYes { sent: "prod", .. })));
/// # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
/// ```
pub fn kubectl_differs<'r>(
    rbac: &RbacAuthorizer,
    user: &UserInfo,
    request: &'r ResolvedRequest,
) -> Option<KubectlDiffers<'r>> {
    let sent = request.sent_by_kubectl.as_ref()?;
    let authorizer = chain(rbac);
    if authorizer.decide(user, &request.attributes) == authorizer.decide(user, sent) {
        return None;
    }
    Some(match rbac.least_grant(user, sent) {
        Some(grant) => KubectlDiffers::SaysYes {
            sent: sent.namespace(),
            grant,
        },
        None => KubectlDiffers::SaysNo {
            sent: sent.namespace(),
            real: request.attributes.namespace(),
        },
    })
}

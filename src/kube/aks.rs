//! What AKS binds in each of its clusters, as far as public sources say to whom.
//!
//! Sources: the names and roles are those that `kubectl get clusterrolebindings` shows on bare AKS
//! clusters (1.24 and later). The subjects are those of a published list of AKS' risky bindings (AKS
//! 1.24.6), of AKS' own audit records, and of the manifests in the documentation of Kubernetes (kubelet TLS
//! bootstrapping) and of the Azure cloud provider. A binding whose subjects no source names isn't listed,
//! and neither is `aks-cluster-admin-binding-aad`: its groups are chosen by the owner of the cluster.

use super::SubjectKind;

/// The namespace of AKS' service accounts.
const NAMESPACE: &str = "kube-system";

/// A ClusterRoleBinding of AKS to a ClusterRole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AksBinding {
    /// Its name.
    pub name: &'static str,
    /// The name of its ClusterRole.
    pub role: &'static str,
    subjects: &'static [(SubjectKind, &'static str)],
}

const fn binding(
    name: &'static str,
    role: &'static str,
    subjects: &'static [(SubjectKind, &'static str)],
) -> AksBinding {
    AksBinding {
        name,
        role,
        subjects,
    }
}

/// By name.
const BINDINGS: [AksBinding; 13] = {
    use SubjectKind::{Group, ServiceAccount, User};
    [
        binding(
            "aks-cluster-admin-binding",
            "cluster-admin",
            // `clusterUser` where Entra ID isn't used.
            &[(User, "clusterAdmin"), (User, "clusterUser")],
        ),
        binding(
            "aks-service-rolebinding",
            "aks-service",
            &[(User, "aks-support")],
        ),
        binding(
            "amalogsclusterrolebinding",
            "ama-logs-reader",
            &[(ServiceAccount, "ama-logs")],
        ),
        binding(
            "auto-approve-csrs-for-group",
            "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
            &[(Group, "system:bootstrappers")],
        ),
        binding(
            "auto-approve-renewals-for-nodes",
            "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
            &[(Group, "system:nodes")],
        ),
        binding(
            "cloud-node-manager",
            "cloud-node-manager",
            &[(ServiceAccount, "cloud-node-manager")],
        ),
        binding(
            "create-csrs-for-bootstrapping",
            "system:node-bootstrapper",
            &[(Group, "system:bootstrappers")],
        ),
        binding(
            "csi-azurefile-node-secret-binding",
            "csi-azurefile-node-secret-role",
            &[(ServiceAccount, "csi-azurefile-node-sa")],
        ),
        binding(
            "metrics-server:system:auth-delegator",
            "system:auth-delegator",
            &[(ServiceAccount, "metrics-server")],
        ),
        binding(
            "system:aks-client-nodes",
            "system:node",
            &[(Group, "system:nodes")],
        ),
        binding(
            "system:azure-cloud-provider",
            "system:azure-cloud-provider",
            &[(ServiceAccount, "azure-cloud-provider")],
        ),
        binding(
            "system:azure-cloud-provider-secret-getter",
            "system:azure-cloud-provider-secret-getter",
            &[(ServiceAccount, "azure-cloud-provider")],
        ),
        binding(
            "system:persistent-volume-binding",
            "system:persistent-volume-secret-operator",
            &[(ServiceAccount, "persistent-volume-binder")],
        ),
    ]
};

impl AksBinding {
    /// The ClusterRoleBinding of this name that AKS makes, if it makes one.
    ///
    /// ```
    /// use rbac_eval::kube::SubjectKind;
    /// use rbac_eval::kube::aks::AksBinding;
    ///
    /// let support = AksBinding::named("aks-service-rolebinding").unwrap();
    /// assert_eq!(support.role, "aks-service");
    /// assert!(support.names(SubjectKind::User, "", "aks-support"));
    /// assert!(!support.names(SubjectKind::User, "", "alice"));
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|binding| binding.name == name)
    }

    /// All that are known, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        BINDINGS.into_iter()
    }

    /// Whether AKS binds this subject; the namespace is that of a ServiceAccount, else empty.
    pub fn names(self, kind: SubjectKind, namespace: &str, name: &str) -> bool {
        let of_aks = match kind {
            SubjectKind::ServiceAccount => NAMESPACE,
            SubjectKind::User | SubjectKind::Group => "",
        };
        namespace == of_aks && self.subjects.contains(&(kind, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_binding_is_known_by_its_name() {
        assert!(BINDINGS.is_sorted_by(|one, other| one.name < other.name));
        for binding in BINDINGS {
            assert_eq!(AksBinding::named(binding.name), Some(binding));
            assert!(!binding.subjects.is_empty());
        }
        assert_eq!(AksBinding::named("aks-cluster-admin-binding-aad"), None);
    }
}

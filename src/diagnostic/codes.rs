//! The codes, as data: the only table of them.
//!
//! Each has a heading of its id in the page that it names.

use std::fmt;

use super::Severity;

/// A kind of diagnostic.
///
/// ```
/// use rbac_eval::diagnostic::codes;
///
/// assert_eq!(codes::ROLE_NOT_FOUND.id, "RBAC001");
/// assert_eq!(codes::ROLE_NOT_FOUND.docs(), "docs/checks.md#rbac001");
/// ```
#[derive(Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Code {
    /// The stable id.
    pub id: &'static str,
    /// What it is, in a few words; of a risk, why it is one.
    pub title: &'static str,
    /// How severe it usually is.
    pub severity: Severity,
    /// The page that explains it.
    pub page: &'static str,
    /// What it means for the answers from the same input.
    pub bearing: Bearing,
}

/// What a diagnostic means for the answers from the input that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bearing {
    /// The answers hold; it is told beside them.
    Told,
    /// A part of the input wasn't judged, so that an answer may lack what it gives.
    Unjudged,
}

impl Code {
    /// The page that explains the code, and the heading there.
    pub fn docs(&self) -> String {
        format!("{}#{}", self.page, self.id.to_ascii_lowercase())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id)
    }
}

/// Makes a `static` of each code, and of each page's a list where it has a name.
macro_rules! codes {
    (@list $(#[$about:meta])* $list:ident [$( $name:ident )*]) => {
        $(#[$about])*
        pub static $list: &[&Code] = &[ $( &$name ),* ];
    };
    (@list [$( $name:ident )*]) => {};
    (@bearing) => { Bearing::Told };
    (@bearing $bearing:ident) => { Bearing::$bearing };
    ($(
        $page:literal {
            $( $name:ident = $id:literal, $severity:ident, $title:literal $(, $bearing:ident)?; )*
        }
        $( $(#[$about:meta])* $list:ident )?
    )*) => {
        $(
            $(
                #[doc = concat!("`", $id, "`: ", $title, ".")]
                pub static $name: Code = Code {
                    id: $id,
                    title: $title,
                    severity: Severity::$severity,
                    page: $page,
                    bearing: codes! { @bearing $($bearing)? },
                };
            )*

            codes! { @list $( $(#[$about])* $list )? [$( $name )*] }
        )*

        #[cfg(test)]
        static ALL: &[&Code] = &[ $( $( &$name ),* ),* ];
    };
}

codes! {
    "docs/checks.md" {
        ROLE_NOT_FOUND = "RBAC001", High, "binding to a role that doesn't exist";
        NO_SUBJECTS = "RBAC002", Medium, "binding without subjects";
        NO_SUCH_SERVICE_ACCOUNT = "RBAC003", Medium, "service account that doesn't exist";
        GROUP_BY_NAME = "RBAC004", High, "group bound by display name or e-mail";
        UNKNOWN_OBJECT_ID = "RBAC005", Medium, "object ID that the directory doesn't know";
        NOT_A_GROUP = "RBAC006", High, "user or service principal bound as Group";
        WRONG_USER_NAME = "RBAC007", High, "user bound by the name that the cluster doesn't see";
        LETTER_CASE = "RBAC008", Medium, "name that differs from a known one by case alone";
        CLUSTER_SCOPED_IN_NAMESPACE = "RBAC009", Medium, "cluster-scoped type granted in a namespace";
        URL_IN_NAMESPACE = "RBAC010", Medium, "non-resource URL granted in a namespace";
        NAMES_ON_NAMELESS_VERBS = "RBAC011", Medium, "resourceNames with verbs that carry no name";
        SUBRESOURCE_WILDCARD = "RBAC012", Medium, "subresource wildcard that is none";
        WRONG_API_GROUP = "RBAC013", Medium, "known type under the wrong API group";
        UNKNOWN_VERB = "RBAC014", Medium, "unknown verb";
        UNKNOWN_TYPE = "RBAC015", Medium, "unknown type or subresource";
        AGGREGATED_BY_HAND = "RBAC016", Medium, "rules of an aggregated role written by hand";
        UNUSED_ROLE = "RBAC017", Info, "role that nothing binds or aggregates";
        SAME_GRANT_TWICE = "RBAC018", Info, "two bindings that grant the same";
        REFUSED = "RBAC019", High, "object that an API server refuses", Unjudged;
        DEFINED_TWICE = "RBAC020", High, "object that is defined twice, differently";
        OLD_VERSION = "RBAC021", Medium, "object in a dropped API version", Unjudged;
        STALE_AGGREGATION = "RBAC022", Medium, "aggregated role with rules that nothing gives";
        UNREADABLE = "RBAC023", High, "document that doesn't parse", Unjudged;
        NO_NAMESPACE = "RBAC024", Info, "namespaced object without a namespace";
        NOT_READ = "RBAC025", High, "file or folder that isn't read", Unjudged;
        RENDERED = "RBAC026", High, "folder that kustomize or Helm renders", Unjudged;
        REPLACES_DEFAULT = "RBAC027", Medium, "built-in default with other rules or subjects";
        SETTINGS_DIFFER = "RBAC028", High, "settings that the change itself changes", Unjudged;
        REPEATED_KEY = "RBAC029", Medium, "key that stands twice";
        IGNORE_WITHOUT_REASON = "RBAC030", Medium, "ignore without a reason";
        IGNORE_NOT_UNDERSTOOD = "RBAC031", Medium, "ignore that names nothing that can be ignored";
        IGNORE_OF_NOTHING = "RBAC032", Medium, "ignore that matches nothing";
        UNRENDERED = "RBAC033", High, "name that isn't rendered", Unjudged;
    }
    /// What `check` finds, by id.
    FINDINGS

    "docs/risks.md" {
        EVERYTHING = "everything", Critical,
            "whoever may do everything owns the cluster";
        ESCALATE = "escalate", Critical,
            "escalate with a write of roles puts any right into a role, those its holder lacks included";
        BIND = "bind", Critical,
            "bind with a write of bindings gives roles whose rights its holder lacks, to itself too";
        IMPERSONATE = "impersonate", Critical,
            "whoever may impersonate others has their rights";
        IMPERSONATE_GROUPS = "impersonate-groups", Critical,
            "whoever may impersonate groups, and any one user to go with them, has the groups' rights";
        IMPERSONATE_CONSTRAINED = "impersonate-constrained", Medium,
            "from Kubernetes 1.36 whoever may impersonate in this way has others' rights for the requests that go with it";
        IMPERSONATE_EXTRA = "impersonate-extra", Low,
            "impersonated attributes mislead what reads them, which RBAC doesn't";
        NODES_PROXY = "nodes-proxy", Critical,
            "nodes/proxy reaches the kubelet, which runs commands in every pod of the node, past admission and audit";
        NODES_STATUS_PROXY = "nodes-status-proxy", Critical,
            "with a node's address pointed at it, the API server asks itself in its own name";
        TOKEN_CREATE = "token-create", Critical,
            "a token of a service account carries all its rights";
        GHOST_ACCOUNTS = "ghost-accounts", High,
            "a binding names a service account that isn't there: whoever makes it has its rights";
        CSR_APPROVE = "csr-approve", Critical,
            "whoever approves certificate requests for a signer makes credentials for anyone that the signer vouches for";
        CSR_NODECLIENT = "csr-nodeclient", High,
            "a certificate request of a node's is approved by itself, for any node's name";
        CSR_SIGN = "csr-sign", Low,
            "whoever writes certificates for a signer makes credentials only with the key of a CA that is trusted";
        ANONYMOUS = "anonymous", Critical,
            "requests without any credentials are allowed this";
        UNAUTHENTICATED = "unauthenticated", Critical,
            "requests without any credentials are allowed this";
        AUTHENTICATED = "authenticated", High,
            "everyone with any credentials for the cluster, every service account included, is allowed this";
        EVERY_SERVICE_ACCOUNT = "every-service-account", High,
            "every pod of the cluster that mounts a token is allowed this";
        DEFAULT_SERVICE_ACCOUNT = "default-service-account", Medium,
            "every pod of the namespace that names no other account runs as the default one";
        SECRETS_READ = "secrets-read", High,
            "secrets hold credentials, tokens of service accounts among them";
        SECRETS_WRITE = "secrets-write", High,
            "written secrets change what others trust, and a secret for a service account is filled with its token";
        WORKLOADS_WRITE = "workloads-write", High,
            "a pod runs as any service account of its namespace and reads its secrets, and unless admission forbids it takes the node";
        EXEC = "exec", High,
            "whoever gets into running pods has what the pods have";
        EXEC_BY_GET = "exec-by-get", Medium,
            "below Kubernetes 1.35 a get of pods/exec or pods/attach gets into running pods; since then it takes create";
        POD_PORTS = "pod-ports", Medium,
            "whoever reaches pods and services through the API server reaches what network policies keep from them";
        RBAC_WRITE = "rbac-write", High,
            "whoever writes roles and bindings hands on what rights they have, and takes others' away";
        MUTATING_WEBHOOKS = "mutating-webhooks", Critical,
            "a mutating webhook or policy changes what others write: a subject in an administrator's binding, too";
        ADMISSION_WEBHOOKS = "admission-webhooks", High,
            "an admission webhook sees every object that is written, secrets included, and policies forbid what is unsafe";
        API_SERVICES = "api-services", High,
            "an APIService serves a group of the API: it sees who asks for what, and answers as it likes";
        CRD_WRITE = "crd-write", High,
            "changed definitions break or delete every object of their types";
        PERSISTENT_VOLUMES = "persistent-volumes", High,
            "a persistent volume may be any folder of a node";
        NAMESPACE_LABELS = "namespace-labels", High,
            "labels of a namespace decide which pod security its pods are held to";
        KUBE_SYSTEM_CONFIG = "kube-system-config", High,
            "configmaps of kube-system configure the cluster itself: with coredns, names resolve to wherever its writer likes";
        SECRET_PROVIDER_CLASSES = "secret-provider-classes", High,
            "a SecretProviderClass says which secrets of a key vault are mounted into pods";
        AZURE_IDENTITY = "azure-identity", High,
            "an AzureIdentityBinding hands a managed identity's rights in Azure to pods";
        AZURE_IDENTITY_BINDING = "azure-identity-binding", High,
            "whoever may use a managed identity has its rights in Azure";
        DEPUTIES = "deputies", High,
            "a controller makes what such an object says, with its own rights";
        GATEKEEPER = "gatekeeper", High,
            "whoever writes Gatekeeper's constraints decides what admission forbids";
        STEAL_PODS = "steal-pods", Medium,
            "whoever evicts pods and writes nodes drives other people's pods onto a node of theirs";
        PODS_BINDING = "pods-binding", Medium,
            "whoever binds pods puts other people's pods onto a node of choice";
        SERVICE_TRAFFIC = "service-traffic", Medium,
            "written services, endpoints and routes lead traffic to where their writer likes";
        STATUS_WRITE = "status-write", Medium,
            "written status misleads controllers: pods go where the writer likes";
        NETWORK_POLICIES = "network-policies", Medium,
            "network policies keep workloads apart";
        DELETE_EVENTS = "delete-events", Low,
            "deleted events hide what was done";
    }
    /// What a gain may risk, as the documentation lists it.
    RISKS

    // What `diff` reports beside risks.
    "docs/risks.md" {
        GAINED = "gained", Info, "a subject may do what it couldn't before";
    }

    // How an assertion fails.
    "docs/assertions.md" {
        ASSERTION_BROKEN = "assertion-broken", High, "assertion that doesn't hold";
        ASSERTION_UNJUDGED = "assertion-unjudged", High, "assertion that can't be judged";
    }

    // What is said of an input and is no finding of `check`.
    "docs/checks.md" {
        NOT_AN_OBJECT = "not-an-object", Medium, "document that is no Kubernetes object";
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::ALL;

    #[test]
    fn each_code_is_one_and_has_its_heading() {
        let ids: BTreeSet<&str> = ALL.iter().map(|code| code.id).collect();
        assert_eq!(ids.len(), ALL.len(), "two codes of one id");
        for code in ALL {
            let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(code.page);
            let page = std::fs::read_to_string(page).unwrap();
            let headings: Vec<&str> = page
                .lines()
                .filter(|line| line.starts_with('#'))
                .map(|line| line.trim_start_matches('#').trim())
                .collect();
            assert!(
                headings.contains(&code.id),
                "{} has no heading",
                code.docs()
            );
        }
    }
}

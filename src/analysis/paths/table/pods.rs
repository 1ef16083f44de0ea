//! Running a pod, and being in one.

use crate::diagnostic::Severity;

use super::super::model::Certainty;
use super::{EdgeGroup, EdgeSeverity, EdgeText, Proof};

pub(super) static RUNNING: &[EdgeText] = &[
    EdgeText {
        id: "run-as",
        group: EdgeGroup::Running,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "someone",
        to: "any ServiceAccount of namespace NS that exists",
        condition: "`create` on `pods` in NS; or `create` on `deployments`, `replicasets`, `statefulsets`, \
            `daemonsets` (`apps`), `jobs`, `cronjobs` (`batch`) or `replicationcontrollers` (core), with \
            resourceNames as `bind-put` says; or `update` or `patch` of one of these workloads that exists. \
            `podtemplates` make no pods. No right on the account is needed.",
        why: "A pod names its account, and gets its token. The API server looks whether the account exists in \
            that namespace, not whether the pod's maker may use it. Every namespace has `default`.",
        blocked: Some("Pod Security never looks at the account. An admission policy may."),
        close: "Keep stronger accounts in namespaces where only their owners run pods; remove the write on \
            workloads.",
        proof: &[
            Proof::Performed(&[
                "POD-SA",
                "WL-deployments",
                "WL-replicasets",
                "WL-statefulsets",
                "WL-daemonsets",
                "WL-jobs",
                "WL-replicationcontrollers",
                "WL-PATCH",
            ]),
            Proof::Recorded,
            Proof::Source("the ServiceAccount admission plugin"),
        ],
    },
    EdgeText {
        id: "run-as-put",
        group: EdgeGroup::Running,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "someone",
        to: "any ServiceAccount of namespace NS that exists",
        condition: "One identity has `create` and `patch` on `pods` in NS, both with the same name among their \
            resourceNames, and no pod has that name. A node can't.",
        why: "A server-side apply of a name that is free makes the object. It is asked for as `create` and as \
            `patch`, and both carry the name.",
        blocked: Some("As of `run-as`."),
        close: "Remove `patch`, or `create`, on that name.",
        proof: &[Proof::Source(
            "`PatchResource` of `k8s.io/apiserver/pkg/endpoints/handlers`",
        )],
    },
    EdgeText {
        id: "run-mount",
        group: EdgeGroup::Running,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "someone",
        to: "any Secret, ConfigMap or PersistentVolumeClaim of namespace NS",
        condition: "As `run-as`. No right on Secrets is needed.",
        why: "The kubelet fetches what a pod mounts. The rights of the pod's maker aren't asked for.",
        blocked: Some(
            "An account with the annotation `kubernetes.io/enforce-mountable-secrets` mounts only Secrets that \
            it lists.",
        ),
        close: "As `run-as`; keep Secrets of others in other namespaces.",
        proof: &[Proof::Performed(&["POD-SA"])],
    },
    EdgeText {
        id: "run-privileged",
        group: EdgeGroup::Running,
        certainty: Certainty::Definite,
        less_sure: Some("`state` where a policy selects pods that can't be judged"),
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "someone",
        to: "a Node of choice",
        condition: "As `run-as`, in a namespace whose Pod Security level lets a privileged pod through. No \
            label means `privileged`, unless the server's default is another, which the input doesn't \
            show. `spec.nodeName` needs no right, so that the node may be chosen.",
        why: "A privileged pod, or one with the host's folders or processes, is root on its node.",
        blocked: Some(
            "Pod Security `baseline` and `restricted`; Gatekeeper, Azure Policy, Kyverno, \
            ValidatingAdmissionPolicies.",
        ),
        close: "Label the namespace `pod-security.kubernetes.io/enforce: restricted`, or `baseline`.",
        proof: &[Proof::Performed(&["POD-SA"])],
    },
    EdgeText {
        id: "run-pv",
        group: EdgeGroup::Running,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "someone",
        to: "a Node, also where the namespace is `restricted`",
        condition: "`create` on `persistentvolumes`, by a ClusterRoleBinding; `create` on \
            `persistentvolumeclaims` in NS; and `run-as` in NS. These are different requests.",
        why: "A PersistentVolume may be any folder of a node (`hostPath`, `local`). Pod Security sees a claim, \
            and not the volume behind it.",
        blocked: Some("An admission policy about PersistentVolumes."),
        close: "Remove `create` on `persistentvolumes`: storage classes make them.",
        proof: &[Proof::Performed(&["PV"])],
    },
    EdgeText {
        id: "pod-patch",
        group: EdgeGroup::Running,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "someone",
        to: "Pod NS/P: its account, its mounts, its privileges",
        condition: "`update` or `patch` on `pods` in NS; with resourceNames, P is among them.",
        why: "The image of a running pod may be changed, and the kubelet starts the new one in its place. The \
            account, the volumes and the command may not be changed.",
        blocked: Some("Policies about images."),
        close: "Remove `update` and `patch` on `pods`; workloads are changed by their own types.",
        proof: &[Proof::Performed(&["POD-PATCH"])],
    },
    EdgeText {
        id: "ephemeral",
        group: EdgeGroup::Running,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "someone",
        to: "Pod NS/P; its account only if the new container gets at the token, by a mount or by `/proc` of the \
            container that it targets",
        condition: "`update` or `patch` on `pods/ephemeralcontainers` in NS; with resourceNames, P is among \
            them. `patch` on `pods` doesn't cover it.",
        why: "An ephemeral container is started in the running pod with an image and a command of choice.",
        blocked: Some("Pod Security: a privileged one is refused under `baseline`."),
        close: "Remove the right on `pods/ephemeralcontainers`, or grant it for a time.",
        proof: &[Proof::Performed(&["POD-PATCH"])],
    },
    EdgeText {
        id: "exec",
        group: EdgeGroup::Running,
        certainty: Certainty::Definite,
        less_sure: Some(
            "`state` where the input has no such pod, but only a workload that makes it; by `pods/attach`, \
            since the container may take no input; and by `get` where nothing tells the version",
        ),
        severity: EdgeSeverity::OfTarget,
        from: "someone",
        to: "Pod NS/P",
        condition: "`create` on `pods/exec` or `pods/attach` in NS; with resourceNames, P is among them. Below \
            Kubernetes 1.35 `get` is enough, too. `get` on `pods` isn't needed.",
        why: "The kubelet runs a command in the container. A WebSocket begins with a GET, which was judged as \
            `get` alone; from 1.35 on `create` is asked for, too (gate \
            `AuthorizePodWebsocketUpgradeCreatePermission`).",
        blocked: Some("An admission policy or webhook for CONNECT."),
        close: "Remove the right on `pods/exec` and `pods/attach`, or grant it for a time. Below 1.35 remove \
            `get` on them, too.",
        proof: &[
            Proof::Performed(&["EXEC-GET"]),
            Proof::Documentation("kubernetes/kubernetes pull request 134577"),
        ],
    },
    EdgeText {
        id: "own-namespace",
        group: EdgeGroup::Running,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "someone",
        to: "a Node of choice, as by `run-privileged`",
        condition: "`create` on `namespaces`, and `run-as` by a ClusterRoleBinding, so that it holds in the new \
            namespace. These are different requests.",
        why: "Who makes a namespace chooses its labels, the Pod Security level among them.",
        blocked: Some("An admission policy about Namespaces."),
        close: "Remove `create` on `namespaces`, or give rights on workloads by RoleBindings alone.",
        proof: &[Proof::Performed(&["NS-CREATE"])],
    },
    EdgeText {
        id: "psa-label",
        group: EdgeGroup::Running,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "someone",
        to: "a Node of choice, as by `run-privileged`, from a namespace whose level forbids it",
        condition: "`update` or `patch` on `namespaces`; with resourceNames, NS is among them. A RoleBinding in \
            NS gives it for NS itself. And `run-as` in NS. These are different requests.",
        why: "The Pod Security level is a label of the Namespace, and a change of it holds for the next pod.",
        blocked: Some(
            "An admission policy about labels of Namespaces, such as AKS' deployment safeguards.",
        ),
        close: "Remove `update` and `patch` on `namespaces`; let a controller label them.",
        proof: &[Proof::Performed(&["POD-SA"])],
    },
    EdgeText {
        id: "gate-delete",
        group: EdgeGroup::Running,
        certainty: Certainty::Definite,
        less_sure: Some("less where the step that the policy blocked is less sure"),
        severity: EdgeSeverity::OfTarget,
        from: "someone",
        to: "what a policy blocks",
        condition: "`update`, `patch` or `delete` of the object that blocks another step: webhook \
            configurations, ValidatingAdmissionPolicies and their bindings, Gatekeeper's constraints and \
            templates, Kyverno's policies and exceptions.",
        why: "A policy that is removed or weakened blocks nothing any more.",
        blocked: None,
        close: "Leave policies to those who answer for them.",
        proof: &[Proof::Source(
            "the admission plugins that read these objects",
        )],
    },
];

pub(super) static IN_POD: &[EdgeText] = &[
    EdgeText {
        id: "pod-account",
        group: EdgeGroup::InPod,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "a pod",
        to: "its ServiceAccount",
        condition: "None. The token is mounted: `automountServiceAccountToken` of the pod decides, else that of \
            the account, else it is. A projected `serviceAccountToken` volume for the API server's audience \
            counts in any case. The step leads this way only: an account isn't its pods.",
        why: "Who is in the pod reads the token from its file.",
        blocked: None,
        close: "Set `automountServiceAccountToken: false` where the pod doesn't ask the API server.",
        proof: &[Proof::Source("the ServiceAccount admission plugin")],
    },
    EdgeText {
        id: "pod-secrets",
        group: EdgeGroup::InPod,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "a pod",
        to: "the Secrets that it is given",
        condition: "None. A volume (secret, projected, CSI) or the environment (`env`, `envFrom`) of a \
            container names the Secret; init containers count. `imagePullSecrets` stay with the kubelet and \
            don't count.",
        why: "Who is in the pod reads the files and the environment.",
        blocked: None,
        close: "Give each pod only the Secrets that it needs.",
        proof: &[Proof::Source(
            "`VisitPodSecretNames`, less the pull secrets",
        )],
    },
    EdgeText {
        id: "pod-escape",
        group: EdgeGroup::InPod,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "a pod",
        to: "its Node",
        condition: "None. One of: `privileged`; `hostPID` with SYS_PTRACE or SYS_ADMIN; SYS_ADMIN, SYS_MODULE, \
            DAC_READ_SEARCH or BPF; a `hostPath` that may be written outside of folders known as safe, a \
            container runtime's socket, `/proc`, or `/var/log` together with `nodes/log`; a Windows host process. \
            `hostNetwork` alone is none.",
        why: "Such a container isn't kept apart from the node's kernel, processes or files.",
        blocked: Some(
            "User namespaces (`hostUsers: false`), AppArmor, SELinux, a sandboxed runtime.",
        ),
        close: "Remove the setting from the workload; label the namespace `baseline` or `restricted`.",
        proof: &[Proof::Documentation("Kubernetes: Pod Security Standards")],
    },
    EdgeText {
        id: "pod-shared-pid",
        group: EdgeGroup::InPod,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Low),
        from: "a container",
        to: "the other containers of its pod",
        condition: "None. The pod has `shareProcessNamespace: true`.",
        why: "Containers that share processes see each other's files and environment through `/proc`.",
        blocked: None,
        close: "Remove `shareProcessNamespace`.",
        proof: &[Proof::Documentation(
            "Kubernetes: Share Process Namespace between Containers in a Pod",
        )],
    },
    EdgeText {
        id: "pod-imds",
        group: EdgeGroup::InPod,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "a pod",
        to: "the Azure identities of its node",
        condition: "None. The cluster is AKS without a restriction of the instance metadata service, or the pod \
            has `hostNetwork`.",
        why: "The metadata service at 169.254.169.254 answers tokens of the node's identities to whoever asks \
            from the node.",
        blocked: Some(
            "AKS' restriction of the metadata service; a NetworkPolicy to 169.254.169.254.",
        ),
        close: "Turn AKS' restriction on, and keep pods off the host's network.",
        proof: &[Proof::Documentation(
            "AKS: restrict access to the instance metadata service",
        )],
    },
];

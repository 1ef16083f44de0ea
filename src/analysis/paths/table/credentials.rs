//! Credentials of others, through the API.

use crate::diagnostic::Severity;

use super::super::model::Certainty;
use super::{EdgeGroup, EdgeSeverity, EdgeText, Proof};

pub(super) static CREDENTIALS: &[EdgeText] = &[
    EdgeText {
        id: "impersonate-user",
        group: EdgeGroup::Credentials,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "someone who is held by a credential",
        to: "User U, by impersonation",
        condition: "`impersonate` on `users`, by a ClusterRoleBinding; with resourceNames, U is among them. \
            Users are those that bindings name. Names of ServiceAccounts are asked about as \
            `serviceaccounts`, and a node's name without its group is no node. Who is held by impersonation \
            can't impersonate further.",
        why: "The API server judges the request as U, once `impersonate` is allowed. Without names it is \
            cluster-admin in three steps by the default policy alone: User `system:kube-controller-manager` \
            makes a token of ServiceAccount `kube-system/clusterrole-aggregation-controller`, which has \
            `escalate`.",
        blocked: None,
        close: "Remove `impersonate` on `users`, or restrict it with resourceNames to users with fewer rights.",
        proof: &[
            Proof::Performed(&["IMP-USER", "IMP-NS"]),
            Proof::Recorded,
            Proof::Source("`WithImpersonation`"),
        ],
    },
    EdgeText {
        id: "impersonate-group",
        group: EdgeGroup::Credentials,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "someone who is held by a credential",
        to: "Group G, `system:masters` included, by impersonation",
        condition: "One request, so both halves are one identity's: `impersonate` on `groups`, by a \
            ClusterRoleBinding and with G among its resourceNames if it has any; and `impersonate` on any user, \
            or on any ServiceAccount, which a RoleBinding may give. Groups alone are refused, and so is one's \
            own name as the user.",
        why: "The request is judged as the impersonated user in the impersonated groups. Which user it is \
            doesn't matter.",
        blocked: None,
        close: "Remove `impersonate` on `groups`, or restrict it with resourceNames to the groups that are \
            meant; or remove `impersonate` on users and accounts.",
        proof: &[
            Proof::Performed(&["IMP-GROUP"]),
            Proof::Recorded,
            Proof::Source("`WithImpersonation`"),
        ],
    },
    EdgeText {
        id: "impersonate-sa",
        group: EdgeGroup::Credentials,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "someone who is held by a credential",
        to: "ServiceAccount NS/N, by impersonation",
        condition: "`impersonate` on `serviceaccounts` in NS; with resourceNames, N is among them. The account \
            need not exist: a binding that names it is enough.",
        why: "The request is judged as the account, with the groups of all accounts and of its namespace. \
            Nobody looks whether the account is there.",
        blocked: None,
        close: "Remove `impersonate` on `serviceaccounts`, or restrict it with resourceNames. `edit` and \
            `admin` have it: bind them in namespaces that hold no stronger account.",
        proof: &[
            Proof::Performed(&["IMP-SA", "IMP-ABSENT", "EDIT"]),
            Proof::Recorded,
        ],
    },
    EdgeText {
        id: "impersonate-node",
        group: EdgeGroup::Credentials,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "someone who is held by a credential",
        to: "Node N, by impersonation",
        condition: "One request, so both halves are one identity's: `impersonate` on `users` (with \
            resourceNames, `system:node:N` is among them) and on `groups` (`system:nodes`), both by \
            ClusterRoleBindings.",
        why: "The Node authorizer knows a node by its name and its group. With both it answers as it answers \
            the kubelet.",
        blocked: None,
        close: "Remove `impersonate` on `groups`, or restrict it with resourceNames to other groups.",
        proof: &[Proof::Performed(&["IMP-NODE"]), Proof::Recorded],
    },
    EdgeText {
        id: "impersonate-constrained",
        group: EdgeGroup::Credentials,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "someone who is held by a credential",
        to: "a User, ServiceAccount or Node, for some requests only",
        condition: "Kubernetes 1.36 on, 1.35 where the gate `ConstrainedImpersonation` is on. One identity's: \
            in API group `authentication.k8s.io` one of the verbs that say whom \
            (`impersonate:user-info` on `users`, `groups`, `uids`, `userextras/KEY`; \
            `impersonate:serviceaccount` on `serviceaccounts`; `impersonate:arbitrary-node` or \
            `impersonate:associated-node` on `nodes`), and a verb that says for what: \
            `impersonate-on:MODE:VERB` on the resource that is asked for. `*` as a verb has all of them. \
            Every target goes with every request: the rights are no list of pairs.",
        why: "The API server asks both questions and then judges the request as the target.",
        blocked: None,
        close: "Restrict the targets with resourceNames, and the `impersonate-on:` verbs to reading.",
        proof: &[Proof::Documentation("KEP-5284")],
    },
    EdgeText {
        id: "impersonate-extra",
        group: EdgeGroup::Credentials,
        certainty: Certainty::Outside,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Low),
        from: "someone who is held by a credential",
        to: "attributes of a user: a UID, or extra fields",
        condition: "One identity's: `impersonate` on `userextras/KEY` or `uids` in API group \
            `authentication.k8s.io`, and on a user, or on an account.",
        why: "RBAC reads neither. An authorizer or a policy outside of RBAC that reads them is misled.",
        blocked: None,
        close: "Grant it to what signs people in, and to nobody else.",
        proof: &[Proof::Source("`WithImpersonation`")],
    },
    EdgeText {
        id: "token",
        group: EdgeGroup::Credentials,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "someone",
        to: "ServiceAccount NS/N",
        condition: "`create` on `serviceaccounts/token` in NS; with resourceNames, N is among them. The \
            account exists.",
        why: "The API server signs a token of the account and answers it. A right on the account itself isn't \
            asked for.",
        blocked: Some(
            "NodeRestriction, for nodes alone: they get tokens bound to their own pods (`node-pods`).",
        ),
        close: "Remove `create` on `serviceaccounts/token`, or restrict it with resourceNames to accounts that \
            may be had. The `edit` and `admin` of 1.29 and later have it.",
        proof: &[Proof::Performed(&["TOKEN", "TOKEN-AUD"]), Proof::Recorded],
    },
    EdgeText {
        id: "ghost",
        group: EdgeGroup::Credentials,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "someone",
        to: "a ServiceAccount that a binding names and nobody has made",
        condition: "`create` on `serviceaccounts` in its namespace, which exists (with resourceNames as \
            `bind-put` says), and then a way to be the account: `token`, `token-secret`, `run-as`. These are \
            different requests, which different held identities may make. `impersonate-sa` needs no account.",
        why: "RBAC compares names. A binding made before its account gives the account its rights as soon as \
            it is there, whoever made it.",
        blocked: None,
        close: "Remove the subject from the binding (`RBAC003` tells such ones), or make the account.",
        proof: &[Proof::Performed(&["DANGLING"]), Proof::Recorded],
    },
    EdgeText {
        id: "token-secret",
        group: EdgeGroup::Credentials,
        certainty: Certainty::Definite,
        less_sure: Some(
            "`state` where it takes a Secret of one name and the input holds no Secret at all, since the name may \
             be taken",
        ),
        severity: EdgeSeverity::OfTarget,
        from: "someone",
        to: "any ServiceAccount of namespace NS that exists",
        condition: "`create` on `secrets` in NS (with resourceNames S: `create` and `patch` of S, by one \
            identity), and a read of the new Secret as by `secret-read`, or a pod that mounts it. The two are \
            different requests, which two held identities may make. Where either is restricted to the name S, \
            no Secret S exists yet, and S serves for one account only.",
        why: "The token controller fills a Secret of type `kubernetes.io/service-account-token` with a token \
            of the account that its annotation names. `create` alone shows no token: the answer comes \
            before it is filled.",
        blocked: Some(
            "An admission policy about types of Secrets; a token controller that is off.",
        ),
        close: "Remove `create` on `secrets`, or the read of Secrets; forbid the type by an admission policy.",
        proof: &[Proof::Performed(&["TOKEN-SECRET"]), Proof::Recorded],
    },
    EdgeText {
        id: "secret-retarget",
        group: EdgeGroup::Credentials,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "someone",
        to: "every ServiceAccount of namespace NS that exists",
        condition: "`patch` on `secrets` in NS; with resourceNames, S is among them. S exists and has the type \
            `kubernetes.io/service-account-token`.",
        why: "The patch names another account in the annotation and empties the data; the token controller \
            then fills in a token of that account. The same right reads it: an empty patch answers the Secret.",
        blocked: Some("A token controller that is off."),
        close: "Delete Secrets of that type and use tokens that end; remove `patch` on `secrets`.",
        proof: &[Proof::Recorded],
    },
    EdgeText {
        id: "secret-read",
        group: EdgeGroup::Credentials,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "someone",
        to: "Secret NS/S",
        condition: "One of `get`, `list`, `watch`, `patch` or `deletecollection` on `secrets` in NS. With \
            resourceNames, S is among them; `deletecollection` carries no name and needs a rule without them. \
            `update` and `delete` don't read.",
        why: "A `list` or `watch` restricted to a name is allowed with a field selector of that name. An empty \
            patch answers the whole Secret. A `deletecollection` as a dry run answers all Secrets and deletes \
            none.",
        blocked: None,
        close: "Restrict `get` with resourceNames; remove `list`, `watch`, `patch` and `deletecollection`.",
        proof: &[
            Proof::Performed(&["SECRET-READ", "TOKEN-SECRET"]),
            Proof::Recorded,
        ],
    },
    EdgeText {
        id: "secret-to-sa",
        group: EdgeGroup::Credentials,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "a Secret",
        to: "the ServiceAccount that it names",
        condition: "None. The Secret has the type `kubernetes.io/service-account-token`, and its annotation \
            `kubernetes.io/service-account.name` names an account of its namespace. Since 1.24 accounts have \
            no such Secrets of their own, so that one has to be in the input.",
        why: "The Secret holds a token of the account that doesn't end.",
        blocked: Some("The cleaner of legacy tokens, which removes those that long weren't used."),
        close: "Delete the Secret; pods get tokens that end without it.",
        proof: &[Proof::Source(
            "the token controller of kube-controller-manager",
        )],
    },
    EdgeText {
        id: "secret-to-user",
        group: EdgeGroup::Credentials,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Medium),
        from: "a Secret",
        to: "whom a kubeconfig in it signs in, or an account elsewhere: a registry, Git, a cloud",
        condition: "None. Name, type and labels say what the Secret is: `kubeconfig` and names that end in \
            `-kubeconfig`, Argo CD's cluster Secrets by their label, types of registries. Data is never read, so \
            whom it signs in stays unknown.",
        why: "Such a Secret holds credentials, and who reads it may use them.",
        blocked: None,
        close: "Keep credentials of other systems in a vault, in namespaces where few read Secrets.",
        proof: &[Proof::Documentation(
            "the conventions of the tools that write these Secrets",
        )],
    },
    EdgeText {
        id: "csr-approve",
        group: EdgeGroup::Credentials,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "someone",
        to: "any User, Group or ServiceAccount (by its full name), but not Group `system:masters`",
        condition: "All by ClusterRoleBindings. First `create` on `certificatesigningrequests`. Second, both by \
            one identity, `update` or `patch` on `certificatesigningrequests/approval` and `approve` on \
            `signers`; with resourceNames, `kubernetes.io/kube-apiserver-client` or `kubernetes.io/*` is among \
            them (no other pattern is a wildcard). No read is needed: a patch of the approval answers the \
            certificate. The two are different requests, which two held identities may make. With signer \
            `kubernetes.io/kube-apiserver-client-kubelet` it is a Node of choice.",
        why: "The signer of kube-controller-manager signs what is approved, and the API server takes the \
            certificate's common name as the user and its organizations as groups.",
        blocked: Some(
            "CertificateSubjectRestriction refuses `system:masters`, and nothing else. Whether the signer runs \
            isn't in the input.",
        ),
        close: "Restrict `approve` with resourceNames to other signers, or remove the write on \
            `certificatesigningrequests/approval`.",
        proof: &[Proof::Performed(&["CSR", "CSR-NS"]), Proof::Recorded],
    },
    EdgeText {
        id: "csr-put",
        group: EdgeGroup::Credentials,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "someone",
        to: "as by `csr-approve` or `csr-nodeclient`",
        condition: "As `csr-approve` or `csr-nodeclient`, where `create` on `certificatesigningrequests` has \
            resourceNames: one identity has `create` and `patch` on it, both with the same name.",
        why: "A server-side apply of a name that is free makes the object. It is asked for as `create` and as \
            `patch`, and both carry the name.",
        blocked: Some("What blocks these two."),
        close: "Remove `patch`, or `create`, on that name.",
        proof: &[Proof::Source(
            "`PatchResource` of `k8s.io/apiserver/pkg/endpoints/handlers`",
        )],
    },
    EdgeText {
        id: "csr-nodeclient",
        group: EdgeGroup::Credentials,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "someone",
        to: "a Node of choice",
        condition: "All by ClusterRoleBindings. One identity has `create` on `certificatesigningrequests` and on \
            `certificatesigningrequests/nodeclient`. It or another held identity reads the answer: `get`, \
            `list`, `watch`, `patch`, `update` or `deletecollection` of the request, or `get`, `patch` or \
            `update` of its `status` or `approval`.",
        why: "The approver of kube-controller-manager approves a kubelet's request by itself where its maker may create \
            `nodeclient`, and doesn't ask whose node it is.",
        blocked: Some(
            "A cluster that joins its nodes in another way may have turned the approver off.",
        ),
        close: "Leave `certificatesigningrequests/nodeclient` to the group that joins nodes, or remove the reads.",
        proof: &[Proof::Performed(&["CSR-NODECLIENT"]), Proof::Recorded],
    },
    EdgeText {
        id: "bootstrap-token",
        group: EdgeGroup::Credentials,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "someone",
        to: "Groups `system:bootstrappers:NAME` that bindings name",
        condition: "`create` on `secrets` in `kube-system` (with resourceNames as `bind-put` says). Nothing is \
            read: the maker chooses the token.",
        why: "A Secret of type `bootstrap.kubernetes.io/token` is a password, and says itself into which groups \
            it leads. These groups often have the rights of `csr-nodeclient`.",
        blocked: Some(
            "Bootstrap tokens are off unless the API server has `--enable-bootstrap-token-auth`.",
        ),
        close: "Remove `create` on Secrets of `kube-system`; unbind these groups once all nodes have joined.",
        proof: &[Proof::Performed(&["BOOTSTRAP"])],
    },
    EdgeText {
        id: "pod-certificate",
        group: EdgeGroup::Credentials,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Low),
        from: "a pod that someone makes",
        to: "a certificate that tells the pod's account to other services",
        condition: "As `run-as`, from Kubernetes 1.34 on, where PodCertificateRequests are served and a signer \
            answers them.",
        why: "The kubelet asks a signer for a certificate about the pod and its account, and mounts it.",
        blocked: Some("No signer, or one that refuses."),
        close: "As `run-as`.",
        proof: &[Proof::Documentation("KEP-4317")],
    },
];

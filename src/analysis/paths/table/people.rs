//! What someone is without any request, and what everyone is.

use crate::diagnostic::Severity;

use super::super::model::Certainty;
use super::{EdgeGroup, EdgeSeverity, EdgeText, Proof};

pub(super) static BEING: &[EdgeText] = &[
    EdgeText {
        id: "member",
        group: EdgeGroup::Being,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Nothing,
        from: "a User, ServiceAccount or Node",
        to: "a Group",
        condition: "None. A ServiceAccount of namespace NS is in `system:serviceaccounts` and in \
            `system:serviceaccounts:NS`, a Node in `system:nodes`, everyone with credentials in \
            `system:authenticated`. A User is in the groups that a directory or `--as-group` tells.",
        why: "The API server adds these groups when it authenticates a request, and RBAC asks about all groups \
            of the request's user.",
        blocked: None,
        close: "Take the group out of the binding and name the subjects that are meant, or take the member \
            out of the group.",
        proof: &[Proof::Performed(&["GROUPS"])],
    },
    EdgeText {
        id: "same-name",
        group: EdgeGroup::Being,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Nothing,
        from: "ServiceAccount NS/N",
        to: "User `system:serviceaccount:NS:N`",
        condition: "None. A binding names the account by its full name as `kind: User`.",
        why: "A ServiceAccount signs in as a user of that name, and RBAC compares names alone.",
        blocked: None,
        close: "Remove that subject from the binding. If the account is meant, name it as \
            `kind: ServiceAccount`, so that readers see it.",
        proof: &[Proof::Performed(&["SA-AS-USER"])],
    },
    EdgeText {
        id: "masters",
        group: EdgeGroup::Being,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "Group `system:masters`",
        to: "cluster-admin",
        condition: "None. Who is in the group may do everything, whatever the roles and bindings say.",
        why: "The API server allows this group everything before it asks RBAC.",
        blocked: None,
        close: "No binding can take it away. Issue no certificates with `O=system:masters` and let nobody \
            impersonate the group; change the CA if one has leaked.",
        proof: &[
            Proof::Performed(&["IMP-GROUP"]),
            Proof::Source("`NewPrivilegedGroups` of the API server's authorizers"),
        ],
    },
    EdgeText {
        id: "everything",
        group: EdgeGroup::Being,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "someone",
        to: "cluster-admin",
        condition: "ClusterRoleBindings give verbs `*` on resources `*` of API groups `*`, without \
            resourceNames. Several rules that cover this together count, too.",
        why: "Every request on any object of the cluster is allowed, so every role can be written and bound.",
        blocked: None,
        close: "Remove the subject from the ClusterRoleBinding, or name API groups, resources and verbs in \
            the role.",
        proof: &[Proof::Performed(&["WILD-NS"])],
    },
    EdgeText {
        id: "everything-ns",
        group: EdgeGroup::Being,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "someone",
        to: "everything in namespace NS",
        condition: "The same as `everything`, by RoleBindings in NS. This isn't cluster-admin, whatever the \
            role is called.",
        why: "A RoleBinding gives a role's rules in its namespace alone. The Namespace object NS itself is \
            judged there, too: it can be read, changed and deleted, its labels included.",
        blocked: None,
        close: "Bind `edit` or a role that names what is needed in place of the one with `*`.",
        proof: &[Proof::Performed(&["WILD-NS"])],
    },
];

pub(super) static EVERYBODY: &[EdgeText] = &[
    EdgeText {
        id: "anonymous",
        group: EdgeGroup::Everybody,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "a request without credentials",
        to: "User `system:anonymous` and Group `system:unauthenticated`",
        condition: "None. A binding names one of the two. The input doesn't show whether the API server takes \
            anonymous requests.",
        why: "Where anonymous authentication is on, a request without credentials gets this name and this \
            group.",
        blocked: Some(
            "Anonymous authentication that is off (`--anonymous-auth=false`), or that an \
            AuthenticationConfiguration keeps to health checks.",
        ),
        close: "Remove `system:anonymous` and `system:unauthenticated` from bindings. Leave them only in \
            the default policy's `system:public-info-viewer`.",
        proof: &[Proof::Documentation(
            "Kubernetes: Authenticating, anonymous requests",
        )],
    },
    EdgeText {
        id: "authenticated",
        group: EdgeGroup::Everybody,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Nothing,
        from: "everyone with credentials, each ServiceAccount included",
        to: "Group `system:authenticated`",
        condition: "None. A binding names the group.",
        why: "The API server adds the group to every user that it has authenticated.",
        blocked: None,
        close: "Remove `system:authenticated` from the binding and name the group that is meant.",
        proof: &[Proof::Performed(&["GROUPS"])],
    },
];

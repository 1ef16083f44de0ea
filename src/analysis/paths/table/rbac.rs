//! Writing roles and bindings.

use crate::diagnostic::Severity;

use super::super::model::Certainty;
use super::{EdgeGroup, EdgeSeverity, EdgeText, Proof};

pub(super) static RBAC: &[EdgeText] = &[
    EdgeText {
        id: "bind",
        group: EdgeGroup::Rbac,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "someone",
        to: "all who are held, with role R: in the cluster, or in one namespace",
        condition: "One request, so both halves are one identity's. First a write of the binding: `create` on \
            `rolebindings` or `clusterrolebindings`, or `update` or `patch` of an existing one whose `roleRef` \
            is R already (a `roleRef` can't be changed). Second `bind` on `roles` or `clusterroles`; with \
            resourceNames, R is among them. For a RoleBinding both are asked in its namespace, so a `bind` \
            on `clusterroles` counts there that a RoleBinding gives. For a ClusterRoleBinding both are asked \
            in the cluster. R may be absent: it is bound in advance.",
        why: "Who has `bind` on a role need not have the role's rights to give them to any subject, also to \
            themselves. Without `bind` the API server compares the rules with those of the writer.",
        blocked: Some("An admission policy about bindings."),
        close: "Remove `bind`, or restrict it with resourceNames to roles that may be handed out. \
            Or remove the write on bindings: either half alone gives no right that isn't held.",
        proof: &[
            Proof::Performed(&["BIND", "BIND-PATCH", "BIND-ABSENT"]),
            Proof::Recorded,
            Proof::Source("`BindingAuthorized`"),
        ],
    },
    EdgeText {
        id: "bind-put",
        group: EdgeGroup::Rbac,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "someone",
        to: "all who are held, with role R, as by `bind`",
        condition: "One identity's: `create` on bindings restricted to name N; `update` or `patch` of the same \
            N; and `bind` as there. No binding N exists yet, and N serves for one role only. The same holds \
            for every other `create` with resourceNames: with `patch` of the name for any type, with `update` \
            of the name for types that a PUT may create (those of RBAC, services, endpoints, leases, events, \
            limitranges, runtimeclasses).",
        why: "A POST carries no name, so such a `create` doesn't allow it. But a server-side apply of an \
            object that isn't there is asked about as `patch` and as `create`, both with the name, and a PUT \
            as `update` and `create`.",
        blocked: Some("An admission policy about bindings."),
        close: "Remove `bind`; or grant `create` without `update` and `patch` of the same name. Names alone \
            don't make `create` harmless.",
        proof: &[Proof::Performed(&["BIND-PUT", "BIND-SSA"])],
    },
    EdgeText {
        id: "bind-held",
        group: EdgeGroup::Rbac,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "two held identities A and B",
        to: "B with rights of A",
        condition: "A may write bindings as by `bind` or `bind-put`, without the verb `bind`. All rules of the \
            role are A's own in that scope; the role is there, or A makes it (`create` on `roles` or \
            `clusterroles`). A and B are two identities; the step counts where B's rights and \
            the new ones complete what neither completes alone.",
        why: "The API server lets a writer hand out what they have. Halves of one request have to be one \
            user's; after this step they are.",
        blocked: Some("An admission policy about bindings."),
        close: "Remove A's write on bindings, or one of the halves that meet.",
        proof: &[
            Proof::Performed(&["BIND"]),
            Proof::Recorded,
            Proof::Source("`ConfirmNoEscalation`"),
        ],
    },
    EdgeText {
        id: "bind-covered",
        group: EdgeGroup::Rbac,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "identity",
        to: "a role in a scope, for all who are held",
        condition: "One identity may write bindings as by `bind` or `bind-put`, without the verb `bind`, and has \
            every rule of the role in that scope. A role without rules is had by everyone: one that is there, \
            such as a ClusterRole that aggregates and gathers nothing yet, or one that somebody makes first \
            (`create` on `roles` or `clusterroles`, or `create` with `update` or `patch` of its name). The \
            step counts where someone who is held may rewrite the role afterwards.",
        why: "The API server asks what a role gives when it is bound, not when it is rewritten. So who may \
            escalate a role, but is bound to none that they may rewrite, binds themselves to an empty one first.",
        blocked: Some("An admission policy about bindings."),
        close: "Remove the write on bindings in that scope, or `escalate`, or the write on roles.",
        proof: &[
            Proof::Performed(&["BIND"]),
            Proof::Source("`ConfirmNoEscalation`"),
        ],
    },
    EdgeText {
        id: "give-by-role",
        group: EdgeGroup::Rbac,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "two held identities A and B",
        to: "B with rights of A",
        condition: "A has `update` or `patch` on a role that is bound to B, without `escalate`. All rules that \
            the role has afterwards are A's own in that scope, also those that it had before: an update is \
            judged whole.",
        why: "A role may be given any rule that its writer has, and whoever it is bound to gains the rule.",
        blocked: Some("An admission policy about roles."),
        close: "Remove A's write on that role, or restrict it with resourceNames to roles that are bound to \
            nobody stronger.",
        proof: &[Proof::Recorded, Proof::Source("`ConfirmNoEscalation`")],
    },
    EdgeText {
        id: "escalate",
        group: EdgeGroup::Rbac,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "someone",
        to: "everything in the scope of a binding",
        condition: "One request, so both halves are one identity's: `escalate` and a write (`update` or \
            `patch`) of a role that a binding gives to someone who is held. With resourceNames both verbs meet \
            on one role that is bound so. The reach is the binding's: the cluster by a ClusterRoleBinding, its \
            namespace by a RoleBinding, also where that names a ClusterRole. `escalate` with `create` alone \
            reaches nobody, as the new role isn't bound and binding it takes `bind`; see `takeover-role` and \
            `aggregate` for roles that are bound before they exist.",
        why: "Who has `escalate` may write rules into a role that they don't have themselves.",
        blocked: Some("An admission policy about roles."),
        close: "Remove `escalate`; only controllers that ship with the cluster need it. Or remove the write on \
            the roles that are bound to the same people.",
        proof: &[
            Proof::Performed(&["ESC", "ESC-NS", "ESC-SELF"]),
            Proof::Recorded,
            Proof::Source("`RoleEscalationAuthorized`"),
        ],
    },
    EdgeText {
        id: "aggregate",
        group: EdgeGroup::Rbac,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "someone",
        to: "the same rights for everyone who has an aggregating ClusterRole (`view`, `edit`, `admin`, others)",
        condition: "One request, so one identity's: `create`, `update` or `patch` on `clusterroles`, and \
            `escalate` on the same. Without `escalate` only rules that the writer has in the cluster, and of an \
            existing ClusterRole all its rules. The ClusterRole gets a label that the `aggregationRule` of a \
            bound ClusterRole selects. Setting an `aggregationRule` itself takes every right.",
        why: "A controller copies the rules of all ClusterRoles with that label into the aggregating one, and \
            asks nobody for it.",
        blocked: Some("An admission policy about ClusterRoles."),
        close: "Remove `escalate` and the write on `clusterroles`; bind the aggregating ClusterRole to those \
            alone who may have what others add.",
        proof: &[Proof::Performed(&["AGG"]), Proof::Recorded],
    },
    EdgeText {
        id: "takeover-role",
        group: EdgeGroup::Rbac,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Medium),
        from: "someone",
        to: "rights of choice for the subjects of a binding whose role doesn't exist",
        condition: "One request, so one identity's: `create` on `roles` or `clusterroles` where a binding names \
            a role that isn't there (with resourceNames as `bind-put` says), and `escalate` for rules that the \
            writer lacks. Without `escalate` the new role has only rules that the writer has.",
        why: "A binding may be there before its role. Making the role needs no right on the binding.",
        blocked: Some("An admission policy about roles."),
        close: "Delete bindings to absent roles (`RBAC001` tells them), or make the role.",
        proof: &[Proof::Recorded],
    },
];

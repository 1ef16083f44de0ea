//! Authorizers from outside of the crate, before and after RBAC: what a webhook adds to a server.

use crate::support::store_of_text;
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use rbac_eval::authn::UserInfo;
use rbac_eval::authz::rbac::{EvaluationError, RbacAuthorizer};
use rbac_eval::authz::{
    Attributes, Authorizer, Decision, Masters, Reason, ResourceAttributes, Response, Status, Union,
    chain,
};
use rbac_eval::cluster::Defaults;

/// Says the same of every request.
#[derive(Debug, Clone)]
struct Webhook {
    decision: Decision,
    message: String,
    errors: Vec<EvaluationError>,
}

impl Webhook {
    fn new(decision: Decision, message: &str) -> Self {
        Webhook {
            decision,
            message: message.to_owned(),
            errors: Vec::new(),
        }
    }

    fn reason(&self) -> Reason {
        Reason::Outside {
            authorizer: "webhook".into(),
            message: self.message.clone(),
        }
    }
}

impl Authorizer for Webhook {
    fn authorize(&self, _: &UserInfo, _: &Attributes) -> Response {
        Response {
            decision: self.decision,
            reasons: vec![self.reason()],
            errors: self.errors.clone(),
        }
    }
}

const POLICY: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: readers}
roleRef: {kind: ClusterRole, name: reader}
subjects: [{kind: User, name: alice}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: lost}
roleRef: {kind: ClusterRole, name: missing}
subjects: [{kind: User, name: alice}]
";

const RBAC_ALLOWS: &str =
    "RBAC: allowed by ClusterRoleBinding \"readers\" of ClusterRole \"reader\" to User \"alice\"";
const ROLE_MISSING: &str = "RBAC: clusterrole.rbac.authorization.k8s.io \"missing\" not found";

fn rbac() -> RbacAuthorizer {
    store_of_text(POLICY, Defaults::None)
}

fn request(verb: &str) -> Attributes {
    Attributes::Resource(ResourceAttributes {
        verb: verb.to_owned(),
        resource: "pods".to_owned(),
        ..ResourceAttributes::default()
    })
}

fn alice() -> UserInfo {
    UserInfo::new("alice", ["devs"])
}

fn root() -> UserInfo {
    UserInfo::new("root", ["system:masters"])
}

/// The decision, which the bare decision and the status share, and the words of the status.
fn verdict(authorizer: &dyn Authorizer, user: &UserInfo, verb: &str) -> (Decision, String) {
    let request = request(verb);
    let response = authorizer.authorize(user, &request);
    assert_eq!(response.is_allowed(), response.decision == Decision::Allow);
    assert_eq!(authorizer.decide(user, &request), response.decision);
    let Status { decision, reason } = authorizer.status(user, &request);
    assert_eq!(decision, response.decision);
    (decision, reason)
}

fn says(decision: Decision, reason: &str) -> (Decision, String) {
    (decision, reason.to_owned())
}

#[test]
fn a_deny_before_rbac_wins_over_its_grants() {
    let (rbac, webhook) = (rbac(), Webhook::new(Decision::Deny, "no pods today"));
    let union = Union::new([&Masters as &dyn Authorizer, &webhook, &rbac]);
    for verb in ["get", "delete"] {
        assert_eq!(
            verdict(&union, &alice(), verb),
            says(Decision::Deny, "no pods today")
        );
        let response = union.authorize(&alice(), &request(verb));
        assert_eq!(response.reasons, [webhook.reason()]);
        assert_eq!(response.grants().count(), 0);
        assert!(!response.is_allowed() && !response.is_privileged());
    }
    // `system:masters` is asked first.
    assert_eq!(verdict(&union, &root(), "get"), says(Decision::Allow, ""));
    let response = union.authorize(&root(), &request("get"));
    assert_eq!(response.reasons, [Reason::PrivilegedGroup]);
    // Unless the webhook stands before it.
    let union = Union::new([&webhook as &dyn Authorizer, &Masters, &rbac]);
    assert_eq!(
        verdict(&union, &root(), "get"),
        says(Decision::Deny, "no pods today")
    );
}

#[test]
fn a_deny_after_rbac_denies_what_rbac_does_not_allow() {
    let (rbac, webhook) = (rbac(), Webhook::new(Decision::Deny, "not in Azure either"));
    let chain = chain(&rbac);
    let union = Union::new([&chain as &dyn Authorizer, &webhook]);
    assert_eq!(
        verdict(&union, &alice(), "get"),
        says(Decision::Allow, RBAC_ALLOWS)
    );
    let response = union.authorize(&alice(), &request("get"));
    assert_eq!(response.reasons.len(), 1);
    assert_eq!(response.grants().count(), 1);
    assert_eq!(
        verdict(&union, &alice(), "delete"),
        says(Decision::Deny, "not in Azure either")
    );
    let response = union.authorize(&alice(), &request("delete"));
    assert_eq!(response.reasons, [webhook.reason()]);
    assert_eq!(response.errors, rbac.missing_roles(&alice(), ""));
    assert_eq!(response.errors.len(), 1);
}

#[test]
fn an_allow_from_outside_adds_to_rbac() {
    let (rbac, webhook) = (rbac(), Webhook::new(Decision::Allow, "a role in Azure"));
    let union = Union::new([&Masters as &dyn Authorizer, &rbac, &webhook]);
    // Every reason for the decision; the server's words are those of the first.
    assert_eq!(
        verdict(&union, &alice(), "get"),
        says(Decision::Allow, RBAC_ALLOWS)
    );
    let response = union.authorize(&alice(), &request("get"));
    assert_eq!(response.reasons.len(), 2);
    assert_eq!(response.reasons[1], webhook.reason());
    assert_eq!(
        verdict(&union, &alice(), "delete"),
        says(Decision::Allow, "a role in Azure")
    );
}

#[test]
fn without_an_opinion_every_authorizer_is_heard() {
    let (rbac, webhook) = (
        rbac(),
        Webhook::new(Decision::NoOpinion, "never heard of it"),
    );
    let union = Union::new([&Masters as &dyn Authorizer, &rbac, &webhook]);
    assert_eq!(
        verdict(&union, &alice(), "delete"),
        says(
            Decision::NoOpinion,
            &format!("{ROLE_MISSING}\nnever heard of it")
        )
    );
    let nobody: [&dyn Authorizer; 0] = [];
    assert_eq!(
        verdict(&Union::new(nobody), &alice(), "get"),
        says(Decision::NoOpinion, "")
    );
}

/// RBAC knows nothing of the group that is asked about before it.
#[test]
fn rbac_alone_gives_masters_nothing() {
    let rbac = rbac();
    assert_eq!(
        verdict(&rbac, &root(), "get"),
        says(Decision::NoOpinion, "")
    );
    assert!(!rbac.allows_some_name(&root(), &request("get")));
    assert_eq!(
        verdict(&chain(&rbac), &root(), "get"),
        says(Decision::Allow, "")
    );
    assert_eq!(
        verdict(&Masters, &alice(), "get"),
        says(Decision::NoOpinion, "")
    );
}

/// `unionAuthzHandler.Authorize` of the API server, statement by statement.
fn upstream(webhooks: &[Webhook]) -> (Decision, String) {
    let mut reasons = Vec::new();
    for webhook in webhooks {
        if !webhook.message.is_empty() {
            reasons.push(webhook.message.clone());
        }
        match webhook.decision {
            Decision::Allow | Decision::Deny => {
                return (webhook.decision, webhook.message.clone());
            }
            Decision::NoOpinion => {}
        }
    }
    (Decision::NoOpinion, reasons.join("\n"))
}

fn webhook() -> impl Strategy<Value = Webhook> {
    let decision = prop_oneof![
        2 => Just(Decision::NoOpinion),
        1 => Just(Decision::Allow),
        1 => Just(Decision::Deny),
    ];
    (decision, prop_oneof![Just(""), Just("one"), Just("two")])
        .prop_map(|(decision, message)| Webhook::new(decision, message))
}

proptest! {
    #[test]
    fn a_union_decides_as_upstream_s(webhooks in [webhook(), webhook(), webhook(), webhook()]) {
        let union = Union::new(webhooks.each_ref().map(|webhook| webhook as &dyn Authorizer));
        let (decision, reason) = verdict(&union, &alice(), "get");
        prop_assert_eq!((decision, reason), upstream(&webhooks));
        // All that say the same as the one that decides, in their order.
        let expected: Vec<Reason> = webhooks
            .iter()
            .skip_while(|webhook| webhook.decision != decision)
            .filter(|webhook| webhook.decision == decision)
            .map(Webhook::reason)
            .collect();
        let response = union.authorize(&alice(), &request("get"));
        prop_assert_eq!(response.reasons, expected);
        // A union in a union is as if its authorizers stood there.
        let [a, b, c, d] = &webhooks;
        let inner = Union::new([b as &dyn Authorizer, c]);
        let outer = Union::new([a as &dyn Authorizer, &inner, d]);
        prop_assert_eq!(verdict(&outer, &alice(), "get"), upstream(&webhooks));
    }
}

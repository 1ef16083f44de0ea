//! Risks of two parts, and of requests that carry no name: what the subject had before counts.

use crate::support::store_of_text;
use pretty_assertions::assert_eq;
use rbac_eval::analysis::diff::diff;
use rbac_eval::analysis::risk::risks_of;
use rbac_eval::authn::{MASTERS, Principal};
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::cluster::Defaults;
use rbac_eval::kube::SubjectKind;

const ALICE: &str = "{kind: User, name: alice}";

/// A subject with these rules.
fn bound(subject: &str, rules: &[&str]) -> RbacAuthorizer {
    let rbac = store_of_text(
        &format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: r}}\n\
             rules: [{}]\n---\napiVersion: rbac.authorization.k8s.io/v1\n\
             kind: ClusterRoleBinding\nmetadata: {{name: b}}\n\
             roleRef: {{kind: ClusterRole, name: r}}\nsubjects: [{subject}]\n",
            rules.join(", ")
        ),
        Defaults::None,
    );
    assert_eq!(rbac.diagnostics(), []);
    rbac
}

fn risks(base: &[&str], head: &[&str]) -> Vec<&'static str> {
    let (base, head) = (bound(ALICE, base), bound(ALICE, head));
    let changes = diff(&base, &head).unwrap();
    assert!(!changes.is_empty());
    let found = changes
        .iter()
        .flat_map(|change| risks_of(change, &base, &head));
    let mut ids: Vec<&str> = found.map(|found| found.code.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

const APPROVAL: &str = "{apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}";
const APPROVAL_TOO: &str = "{apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update, patch]}";
const APPROVE: &str = "{apiGroups: [certificates.k8s.io], resources: [signers], verbs: [approve]}";

#[test]
fn a_risk_of_two_parts_begins_with_whichever_comes_last() {
    assert_eq!(risks(&[], &[APPROVAL, APPROVE]), ["csr-approve"]);
    assert_eq!(risks(&[APPROVAL], &[APPROVAL, APPROVE]), ["csr-approve"]);
    assert_eq!(risks(&[APPROVE], &[APPROVAL, APPROVE]), ["csr-approve"]);
    assert_eq!(risks(&[], &[APPROVAL]), [""; 0]);
    assert_eq!(risks(&[], &[APPROVE]), [""; 0]);
    // One part for the other is half of it as before.
    assert_eq!(risks(&[APPROVAL], &[APPROVE]), [""; 0]);
    assert_eq!(risks(&[APPROVE], &[APPROVAL]), [""; 0]);
    // Who had both gains nothing that matters by more of one.
    assert_eq!(
        risks(&[APPROVAL, APPROVE], &[APPROVAL_TOO, APPROVE]),
        [""; 0]
    );
}

/// `diff` says nothing of `system:masters`. A change that somebody else makes of it has no risk of
/// two parts: the group had both before, whatever RBAC gives it.
#[test]
fn masters_had_every_part_before() {
    let [base, head] = [&[APPROVAL][..], &[APPROVAL, APPROVE]].map(|rules| {
        let both = format!("{ALICE}, {{kind: Group, name: 'system:masters'}}");
        bound(&both, rules)
    });
    let mut changes = diff(&base, &head).unwrap();
    assert_eq!(changes.len(), 1);
    let change = &mut changes[0];
    assert_eq!(risks_of(change, &base, &head).len(), 1);
    change.subject = Principal::new(SubjectKind::Group, "", MASTERS);
    assert_eq!(risks_of(change, &base, &head).len(), 0);
}

#[test]
fn a_name_says_nothing_of_requests_that_carry_none() {
    let events = |verb: &str, names: &str| {
        format!("{{apiGroups: [''], resources: [events], verbs: [{verb}]{names}}}")
    };
    let named = ", resourceNames: [one]";
    let of = |verb: &str, names: &str| risks(&[], &[&events(verb, names)]);
    let risk = of("delete", "");
    assert_eq!(risk.len(), 1);
    assert_eq!(of("deletecollection", ""), risk);
    assert_eq!(of("delete", named), risk);
    assert_eq!(of("deletecollection", named), [""; 0]);
    let pods = |names: &str| {
        let rule = format!("{{apiGroups: [''], resources: [pods], verbs: [create]{names}}}");
        risks(&[], &[&rule])
    };
    assert_ne!(pods(""), [""; 0]);
    assert_eq!(pods(named), [""; 0]);
}

//! Replays what a real API server answered: reviews, against its dump and against the manifests
//! that were applied to it.

use crate::support::{self, cases, jsonl, store_of};
use rbac_eval::authn::UserInfo;
use rbac_eval::authz::Attributes;
use rbac_eval::authz::chain;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::authz::rbac::denial_reason;
use rbac_eval::authz::{Authorizer, Decision};
use rbac_eval::cluster::Defaults;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The request of a recorded review, or of a line of `who-can.jsonl`.
fn request(spec: &Value) -> (UserInfo, Attributes) {
    support::request(spec)
}

fn replay(case: &Path, rbac: &RbacAuthorizer) {
    let authorizer = chain(rbac);
    let mut count = 0;
    for review in jsonl(&case.join("reviews.jsonl")) {
        let (user, attributes) = request(&review["spec"]);
        let allowed = review["status"]["allowed"].as_bool().unwrap();
        let reason = review["status"]["reason"].as_str().unwrap_or_default();
        let response = authorizer.authorize(&user, &attributes);
        assert_eq!(
            response.decision == Decision::Allow,
            allowed,
            "{}: {review}",
            case.display()
        );
        assert_eq!(
            authorizer.decide(&user, &attributes),
            response.decision,
            "{review}"
        );
        let status = authorizer.status(&user, &attributes);
        assert_eq!(status.decision, response.decision, "{review}");
        if response.is_privileged() {
            assert_eq!((reason, &*status.reason), ("", ""), "{review}");
        } else if allowed {
            let reasons: Vec<String> = response.grants().map(|grant| rbac.reason(grant)).collect();
            assert!(reasons.iter().any(|found| found == reason), "{review}");
            assert!(reasons.contains(&status.reason), "{review}");
        } else {
            assert_eq!(denial_reason(&response.errors), reason, "{review}");
            assert_eq!(status.reason, reason, "{review}");
        }
        count += 1;
    }
    assert!(count > 1000, "{} has {count} reviews", case.display());
}

#[test]
fn every_recorded_review_is_answered_alike_from_the_dump() {
    for case in cases() {
        let rbac = store_of(&[case.join("dump.json")], Defaults::Auto);
        assert_eq!(rbac.diagnostics(), [], "{}", case.display());
        assert!(rbac.snapshot().is_complete());
        replay(&case, &rbac);
    }
}

#[test]
fn every_recorded_review_is_answered_alike_from_what_was_applied() {
    for case in cases() {
        let defaults: PathBuf = support::testdata().join("conformance/rbac-1.24.json");
        let rbac = store_of(&[defaults, case.join("cluster.yaml")], Defaults::None);
        replay(&case, &rbac);
    }
}

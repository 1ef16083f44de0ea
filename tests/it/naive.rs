//! The engine against a second, naive authorizer, on clusters and requests that are made up.
//!
//! What fails is kept: as a seed in `tests/proptest-regressions/`, and, in a form that outlives
//! changes to the generator, as a cluster with requests in `testdata/regressions/`.

use rbac_eval::authz::chain;
use rbac_eval::cluster::Snapshot;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support;
use crate::support::ask::{picks, request};
use crate::support::compare::{authorizer, same_answer, same_review, same_roles};
use crate::support::generate::{Cluster, cluster};
use crate::support::naive::Naive;
use crate::support::object::values;
use crate::support::spell;
use pretty_assertions::assert_eq;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rbac_eval::authn::UserInfo;
use rbac_eval::authz::Authorizer;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::cluster::Defaults;
use rbac_eval::diagnostic::codes;
use rbac_eval::kube;
use rbac_eval::text::{Files, SourceText};
use serde_json::Value;

proptest! {
    #[test]
    fn the_engine_answers_as_the_naive_authorizer(
        cluster in cluster(false),
        picks in vec(picks(), 1..24),
    ) {
        let rbac = cluster.authorizer();
        let naive = Naive::new(&cluster.objects);
        same_roles(&rbac, &naive);
        for picks in &picks {
            let (user, attributes) = request(&cluster, picks);
            same_answer(&rbac, &naive, &user, &attributes);
            same_review(&rbac, &naive, &user, attributes.namespace());
        }
    }

    #[test]
    fn every_form_of_a_cluster_reads_alike(
        cluster in cluster(true),
        picks in vec(picks(), 1..6),
    ) {
        let naive = Naive::new(&cluster.objects);
        for text in spell::texts(&cluster.objects) {
            let spelled = String::from_utf8_lossy(&text.bytes).into_owned();
            let mut files = Files::default();
            let manifest = kube::parse(&mut files, &[text]);
            prop_assert!(manifest.diagnostics.is_empty(), "{:?}\n{spelled}", manifest.diagnostics);
            prop_assert_eq!(values(&manifest), &*cluster.objects, "{}", spelled);
            let snapshot = Snapshot::new(files, manifest, Defaults::None);
            let rbac = RbacAuthorizer::with_hash_state(snapshot, cluster.hash_state()).unwrap();
            for diagnostic in rbac.diagnostics() {
                let harmless =
                    [&codes::DEFINED_TWICE, &codes::STALE_AGGREGATION].contains(&diagnostic.code);
                prop_assert!(harmless, "{diagnostic:?}");
            }
            same_roles(&rbac, &naive);
            for picks in &picks {
                let (user, attributes) = request(&cluster, picks);
                same_answer(&rbac, &naive, &user, &attributes);
                same_review(&rbac, &naive, &user, attributes.namespace());
            }
        }
    }
}

/// Two authorizers that never allow anything agree too.
#[test]
fn made_up_requests_reach_every_kind_of_answer() {
    let mut runner = TestRunner::deterministic();
    let mut counts = [0; 8];
    for _ in 0..256 {
        let tree = (cluster(true), vec(picks(), 16)).new_tree(&mut runner);
        let (cluster, picks): (Cluster, _) = tree.unwrap().current();
        let naive = Naive::new(&cluster.objects);
        for picks in &picks {
            let (user, attributes) = request(&cluster, picks);
            let answer = naive.answer(&user, &attributes);
            let on_url = matches!(attributes, rbac_eval::authz::Attributes::NonResource(_));
            let by_account = answer
                .grants
                .iter()
                .any(|grant| grant.reason.contains("to ServiceAccount"));
            for (count, reached) in counts.iter_mut().zip([
                answer.allowed && !answer.privileged,
                !answer.allowed && answer.missing.is_empty(),
                !answer.allowed && !answer.missing.is_empty(),
                answer.allowed && !answer.privileged && !answer.missing.is_empty(),
                answer.privileged,
                answer.allowed && !answer.privileged && on_url,
                by_account,
                answer.grants.len() > 1,
            ]) {
                *count += usize::from(reached);
            }
        }
    }
    eprintln!("{counts:?}");
    assert!(counts.iter().all(|&count| count > 20), "{counts:?}");
}

/// Who a request is by, from the sentences on `--as` and `--as-group`.
fn impersonated(name: &str, given: &[String]) -> Vec<String> {
    let mut groups = given.to_vec();
    if let (true, ["system", "serviceaccount", namespace, _]) =
        (given.is_empty(), &*name.split(':').collect::<Vec<_>>())
    {
        groups.push("system:serviceaccounts".to_owned());
        groups.push(format!("system:serviceaccounts:{namespace}"));
    }
    if name == "system:anonymous" {
        groups.push("system:unauthenticated".to_owned());
    } else if !groups.iter().any(|group| group == "system:unauthenticated") {
        groups.push("system:authenticated".to_owned());
    }
    groups.sort();
    groups.dedup();
    groups
}

#[test]
fn impersonation_adds_the_groups_that_a_server_adds() {
    let given = [
        "devs",
        "system:authenticated",
        "system:unauthenticated",
        "system:masters",
    ];
    for name in [
        "alice",
        "system:anonymous",
        "system:serviceaccount:a:ci",
        "system:node:n",
    ] {
        for mask in 0..1 << given.len() {
            let chosen = given
                .iter()
                .enumerate()
                .filter(|(at, _)| mask >> at & 1 == 1);
            let chosen: Vec<String> = chosen.map(|(_, &group)| group.to_owned()).collect();
            let mut groups = UserInfo::impersonated(name, chosen.clone()).groups;
            groups.sort();
            assert_eq!(groups, impersonated(name, &chosen), "{name} {chosen:?}");
        }
    }
}

/// What a file of `testdata/regressions/` expects of one request.
fn replay(rbac: &RbacAuthorizer, naive: &Naive<'_>, expected: &Value) {
    let (user, attributes) = support::request(&expected["spec"]);
    let answer = same_answer(rbac, naive, &user, &attributes);
    same_review(rbac, naive, &user, attributes.namespace());
    assert_eq!(
        Some(answer.allowed),
        expected["allowed"].as_bool(),
        "{expected:#}"
    );
    let status = chain(rbac).status(&user, &attributes);
    let reasons: Vec<&str> = match &expected["reason"] {
        Value::Array(reasons) => reasons.iter().filter_map(Value::as_str).collect(),
        reason => reason.as_str().into_iter().collect(),
    };
    assert!(
        reasons.contains(&&*status.reason),
        "{}: {expected:#}",
        status.reason
    );
}

fn regressions() -> PathBuf {
    support::testdata().join("regressions")
}

fn replay_file(file: &Path) {
    eprintln!("{}", file.display());
    let text = SourceText {
        name: file.file_name().unwrap().to_string_lossy().into_owned(),
        bytes: fs::read(file).unwrap(),
        named: true,
    };
    let mut files = Files::default();
    let manifest = kube::parse(&mut files, &[text]);
    let objects = values(&manifest);
    let naive = Naive::new(&objects);
    let rbac = authorizer(files, manifest, Defaults::None);
    same_roles(&rbac, &naive);
    let case = fs::read_to_string(file.with_extension("json")).unwrap();
    let case: Value = serde_json::from_str(&case).unwrap();
    let refused: Vec<Value> = rbac
        .diagnostics()
        .iter()
        .filter(|diagnostic| diagnostic.code == &codes::REFUSED)
        .filter_map(|diagnostic| diagnostic.object.as_ref())
        .map(|object| object.to_string().into())
        .collect();
    let expected = case["refused"].as_array().cloned().unwrap_or_default();
    assert_eq!(refused, expected);
    let requests = case["requests"].as_array().unwrap();
    assert!(!requests.is_empty());
    for expected in requests {
        replay(&rbac, &naive, expected);
    }
}

#[test]
fn what_once_was_wrong_stays_right() {
    let mut files: Vec<PathBuf> = fs::read_dir(regressions())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    assert!(files.len() > 4, "{files:?}");
    for file in files {
        replay_file(&file);
    }
}

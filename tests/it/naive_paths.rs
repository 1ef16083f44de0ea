//! Holds the naive evaluator of escalation paths against what an attacker performed on a real API
//! server: every field of every subject's truth, none missing and none too many.
//!
//! What the recordings taught:
//! - Rights needn't be kept by identity. What an attacker gains is a change of the cluster: rules of a
//!   role, which all whom it is bound to have; or a binding, in which all that are held can stand.
//! - A binding gives what its role says later too, so a role may be bound before it is there.
//! - Who impersonates sends all groups at once that it may. An account that is impersonated with groups
//!   has lost its own three, so both forms are tried.
//! - A request that makes an object by POST has no name, but the object gets the name that its maker
//!   wants. So a `get` of a free name reads a token secret that another made without names.
//! - `list` and `watch` carry a name (by field selector), `deletecollection` doesn't.
//! - The answer to the patch that approves a certificate shows it. An approval for the signer of
//!   kubelets' certificates makes a node.
//! - A node's `create serviceaccounts/token` from RBAC is for its pods alone, by NodeRestriction.
//! - An aggregated role may be rewritten by whoever escalates, since the same patch takes its selectors
//!   away; by nobody else who gains by it.
//! - A PUT of one name that is free can be spent once. The recorded choices were played one after the
//!   other (`exclusive`), so all are reached.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::{fs, thread};

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::naive_paths::{Cluster, Held, Identity, RECORDED, Reach, Subject, reach};
use crate::support::paths_cluster::{PathsCluster, USERS, clusters};
use crate::support::{jsonl, path_cases, recorded};

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn texts(list: &Value) -> BTreeSet<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The default policy of the server that was played on.
fn policy() -> Value {
    read(&recorded("rbac-1.24.json"))
}

/// The accounts that the default policy names: kube-system's controllers.
fn controllers(policy: &Value) -> BTreeSet<String> {
    let cluster = Cluster::read(std::slice::from_ref(policy));
    let subjects = cluster.bindings.iter().flat_map(|one| &one.subjects);
    let account = |subject: &Subject| match subject {
        Subject::User(user) => user
            .strip_prefix("system:serviceaccount:")
            .map(|account| account.replacen(':', "/", 1)),
        Subject::Group(_) => None,
    };
    subjects.filter_map(account).collect()
}

/// Namespaces that the attacker left out as targets.
fn is_target(path: &str) -> bool {
    let namespace = path.split('/').next().unwrap();
    namespace != "kube-public" && namespace != "kube-node-lease"
}

/// What is reached, in the fields of the recording.
fn told(reach: &Reach, controllers: &BTreeSet<String>) -> Value {
    let kept = |list: &BTreeSet<String>| -> BTreeSet<String> {
        list.iter().filter(|one| is_target(one)).cloned().collect()
    };
    let accounts = kept(&reach.accounts);
    let nodes = reach.nodes.iter().map(|node| format!("system:node:{node}"));
    let users: BTreeSet<String> = match reach.cluster_admin {
        true => BTreeSet::new(),
        false => reach.users.iter().cloned().chain(nodes).collect(),
    };
    json!({
        "clusterAdmin": reach.cluster_admin,
        "masters": reach.masters,
        "serviceAccounts": accounts.difference(controllers).collect::<Vec<_>>(),
        "kubeSystemControllers": !accounts.is_disjoint(controllers),
        "users": users,
        "secrets": reach.secrets,
        "runsPodsIn": kept(&reach.runs_pods_in),
    })
}

/// Every subject of a case, and how many there were.
fn agrees(case: &Path, policy: &Value, controllers: &BTreeSet<String>) -> usize {
    let mut cluster = Cluster::read(&[policy.clone(), read(&case.join("dump.json"))]);
    for subject in read(&case.join("subjects.json")).as_array().unwrap() {
        let user = subject["user"].as_str().unwrap();
        cluster.known_users.insert(user.to_owned());
        cluster.known_groups.extend(texts(&subject["groups"]));
    }
    let edges = BTreeSet::from(RECORDED);
    let truths = jsonl(&case.join("truth.jsonl"));
    for truth in &truths {
        let subject = &truth["subject"];
        let user = subject["user"].as_str().unwrap();
        let who = Identity::user(user, texts(&subject["groups"]), Held::Real);
        let found = told(&reach(&cluster, &who, &edges), controllers);
        let recorded: serde_json::Map<_, _> = found
            .as_object()
            .unwrap()
            .keys()
            .map(|field| match &truth[field] {
                Value::Array(_) => (field.clone(), json!(texts(&truth[field]))),
                other => (field.clone(), other.clone()),
            })
            .collect();
        assert_eq!(found, Value::Object(recorded), "{}: {user}", case.display());
    }
    truths.len()
}

#[test]
fn every_recorded_subject_becomes_what_the_attacker_became() {
    let policy = policy();
    let controllers = controllers(&policy);
    let cases = path_cases();
    let (waiting, subjects) = (Mutex::new(cases.iter()), Mutex::new(0));
    let next = || waiting.lock().unwrap().next();
    let work = || {
        while let Some(case) = next() {
            let count = agrees(case, &policy, &controllers);
            *subjects.lock().unwrap() += count;
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(2, usize::from);
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let subjects = *subjects.lock().unwrap();
    assert!(
        subjects >= 150,
        "{subjects} subjects of {} cases",
        cases.len()
    );
}

/// Everyone of a random cluster who may start.
fn everyone(cluster: &Cluster) -> Vec<Identity> {
    let user =
        |(name, groups): &(&str, &[&str])| Identity::user(name, groups.iter().copied(), Held::Real);
    let accounts = cluster.accounts.iter();
    let accounts = accounts.map(|account| Identity::account(account, Held::Real));
    USERS.iter().map(user).chain(accounts).collect()
}

/// How many subjects of some random clusters are cluster-admin from the start, and by a path.
#[test]
fn random_clusters_have_paths_to_find() {
    let mut runner = TestRunner::deterministic();
    let edges = BTreeSet::from(RECORDED);
    let (mut subjects, mut by_path, mut others) = (0, 0, 0);
    for _ in 0..40 {
        let tree = clusters().new_tree(&mut runner).unwrap();
        let cluster = Cluster::read(&tree.current().objects);
        for who in everyone(&cluster) {
            let nothing = reach(&cluster, &who, &BTreeSet::new());
            let found = reach(&cluster, &who, &edges);
            subjects += 1;
            by_path += usize::from(found.cluster_admin && !nothing.cluster_admin);
            others += usize::from(!found.cluster_admin && found != nothing);
        }
    }
    assert!(by_path * 6 > subjects, "{by_path} of {subjects}");
    assert!(others * 6 > subjects, "{others} of {subjects}");
}

fn is_within(less: &Reach, more: &Reach) -> bool {
    let bits = |reach: &Reach| [reach.cluster_admin, reach.masters];
    let sets = |reach: &Reach| {
        let Reach {
            accounts,
            users,
            nodes,
            secrets,
            runs_pods_in,
            admin_of,
            ..
        } = reach.clone();
        [accounts, users, nodes, secrets, runs_pods_in, admin_of]
    };
    bits(less)
        .iter()
        .zip(bits(more))
        .all(|(less, more)| *less <= more)
        && sets(less)
            .iter()
            .zip(sets(more))
            .all(|(less, more)| less.is_subset(&more))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn fewer_steps_or_bindings_reach_no_more(
        cluster in clusters(),
        edge in prop::sample::select(&RECORDED[..]),
        binding in any::<prop::sample::Index>(),
    ) {
        let all = BTreeSet::from(RECORDED);
        let some: BTreeSet<_> = all.iter().copied().filter(|one| *one != edge).collect();
        let whole = Cluster::read(&cluster.objects);
        let mut part = whole.clone();
        part.bindings.remove(binding.index(part.bindings.len()));
        for who in everyone(&whole) {
            let most = reach(&whole, &who, &all);
            // Whoever has everything has all of it, told or not.
            let less = reach(&whole, &who, &some);
            prop_assert!(most.cluster_admin || is_within(&less, &most), "{edge}: {who:?}");
            let less = reach(&part, &who, &all);
            prop_assert!(less.cluster_admin <= most.cluster_admin, "{who:?}");
        }
    }

    #[test]
    fn the_yaml_of_a_random_cluster_is_its_objects(cluster in clusters()) {
        let PathsCluster { objects } = &cluster;
        let yaml = cluster.yaml();
        let documents = serde_yaml::Deserializer::from_str(&yaml);
        let read: Vec<Value> = documents.map(|one| Value::deserialize(one).unwrap()).collect();
        prop_assert_eq!(&read, objects);
    }
}

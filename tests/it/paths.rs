//! Paths against what an attacker performed on a real API server.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rbac_eval::analysis::paths::{Bounds, Certainty, EDGES, EdgeId, EdgeSet, Goal, Paths};
use rbac_eval::authn::UserInfo;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::cluster::{Defaults, Snapshot};
use rbac_eval::kube::default_policy::DefaultPolicy;
use rbac_eval::kube::{self, Minor, Registry};
use rbac_eval::text::{Files, SourceText};
use serde_json::Value;

use crate::support::naive_paths::{Cluster, Held, Identity, RECORDED as RECORDED_EDGES, reach};
use crate::support::path_cases;
use crate::support::paths_cluster::{USERS, clusters};

/// The attacker's own steps.
const RECORDED: &str = "member, same-name, masters, everything, everything-ns, bind, bind-put, bind-held, \
    give-by-role, escalate, aggregate, takeover-role, impersonate-user, impersonate-group, impersonate-sa, \
    impersonate-node, token, ghost, token-secret, secret-retarget, secret-read, secret-to-sa, csr-approve, \
    csr-nodeclient, bootstrap-token, run-as, node-pods, authenticated";

fn recorded_edges() -> EdgeSet {
    let wanted: BTreeSet<&str> = RECORDED.split(", ").collect();
    let edges: Vec<EdgeId> = EDGES
        .iter()
        .copied()
        .filter(|edge| wanted.contains(edge.as_str()))
        .collect();
    assert_eq!(edges.len(), wanted.len());
    edges.into_iter().collect()
}

fn load(dump: &Path) -> RbacAuthorizer {
    let text = SourceText {
        name: dump.display().to_string(),
        bytes: fs::read(dump).unwrap(),
        named: true,
    };
    let mut files = Files::default();
    let manifest = kube::parse_with(&Registry::with_workloads(), &mut files, &[text]);
    let defaults = Defaults::Version(DefaultPolicy::of_minor(Minor::new(24)).unwrap());
    RbacAuthorizer::new(Snapshot::new(files, manifest, defaults)).unwrap()
}

fn strings(value: &Value) -> BTreeSet<String> {
    let list = value.as_array().unwrap().iter();
    list.map(|one| one.as_str().unwrap().to_owned()).collect()
}

fn goals(dump: &Value, kind: &str) -> Vec<(String, String)> {
    let items = dump["items"].as_array().unwrap().iter();
    items
        .filter(|item| item["kind"] == kind)
        .map(|item| {
            let of = |field: &str| item["metadata"][field].as_str().unwrap().to_owned();
            (of("namespace"), of("name"))
        })
        .collect()
}

/// How what is found is held against what was recorded.
#[derive(Clone, Copy, PartialEq)]
enum Agreement {
    /// None is missing, and none is too many.
    Exact,
    /// None is missing.
    NoneMissing,
}

fn check(case: &Path, edges: EdgeSet, agreement: Agreement, failures: &mut Vec<String>) -> usize {
    let dump: Value = serde_json::from_slice(&fs::read(case.join("dump.json")).unwrap()).unwrap();
    let rbac = load(&case.join("dump.json"));
    let paths = Paths::new(&rbac);
    let bounds = Bounds {
        edges,
        certainty: Certainty::Outside,
    };
    let truth = fs::read_to_string(case.join("truth.jsonl")).unwrap();
    let mut count = 0;
    for line in truth.lines() {
        let truth: Value = serde_json::from_str(line).unwrap();
        let subject = &truth["subject"];
        let groups = strings(&subject["groups"]);
        let user = UserInfo::new(subject["user"].as_str().unwrap(), groups);
        let found = paths.from(&user, bounds, None);
        count += 1;
        let mut differs = |what: &str, wanted: String, got: String| {
            if wanted != got {
                let case = case.file_name().unwrap().to_string_lossy();
                failures.push(format!(
                    "{case} {}: {what}: {got}, recorded {wanted}",
                    user.name
                ));
            }
        };
        let is_exact = agreement == Agreement::Exact;
        let says = |goal: &Goal, recorded: &Value| {
            let is_wanted = *recorded == Value::Bool(true);
            let is_found = found.reaches(goal);
            // More than was recorded is held against nothing.
            match is_exact || is_wanted {
                true => is_found.to_string(),
                false => recorded.to_string(),
            }
        };
        differs(
            "cluster-admin",
            truth["clusterAdmin"].to_string(),
            says(&Goal::ClusterAdmin, &truth["clusterAdmin"]),
        );
        differs(
            "masters",
            truth["masters"].to_string(),
            says(&Goal::Masters, &truth["masters"]),
        );
        let wanted = strings(&truth["serviceAccounts"]);
        let mut accounts: BTreeSet<(String, String)> =
            goals(&dump, "ServiceAccount").into_iter().collect();
        accounts.extend(wanted.iter().map(|account| {
            let (namespace, name) = account.split_once('/').unwrap();
            (namespace.to_owned(), name.to_owned())
        }));
        let got: BTreeSet<String> = accounts
            .iter()
            .filter(|(namespace, name)| {
                let own = user.name == format!("system:serviceaccount:{namespace}:{name}");
                let is_controller =
                    namespace == "kube-system" && name != "default" && name != "addon";
                let is_left_out = namespace == "kube-public" || namespace == "kube-node-lease";
                !own && !is_left_out
                    && (!is_controller || wanted.contains(&format!("{namespace}/{name}")))
            })
            .filter(|(namespace, name)| {
                found.reaches(&Goal::Account(namespace.clone(), name.clone()))
            })
            .map(|(namespace, name)| format!("{namespace}/{name}"))
            .filter(|account| is_exact || wanted.contains(account))
            .collect();
        differs("accounts", format!("{wanted:?}"), format!("{got:?}"));
        let secrets = strings(&truth["secrets"]);
        let got: BTreeSet<String> = goals(&dump, "Secret")
            .into_iter()
            .filter(|(namespace, name)| {
                found.reaches(&Goal::Secret(namespace.clone(), name.clone()))
            })
            .map(|(namespace, name)| format!("{namespace}/{name}"))
            .filter(|secret| is_exact || secrets.contains(secret))
            .collect();
        differs("secrets", format!("{secrets:?}"), format!("{got:?}"));
    }
    count
}

/// Holds every recorded case against what these edges find.
fn hold(edges: EdgeSet, agreement: Agreement) {
    let cases = path_cases();
    let mut failures = Vec::new();
    let counts: Vec<usize> = cases
        .iter()
        .map(|case| check(case, edges, agreement, &mut failures))
        .collect();
    // All of them, or those that are kept here.
    let count: usize = counts.iter().sum();
    assert!(count == 739 || count == 166, "{count} subjects");
    assert_eq!(failures, Vec::<String>::new());
}

#[test]
fn agrees_with_every_recorded_path() {
    hold(recorded_edges(), Agreement::Exact);
}

#[test]
fn loses_no_recorded_path_with_all_edges() {
    hold(EdgeSet::all(), Agreement::NoneMissing);
}

/// All that a search reaches in a small cluster, as the second evaluator tells it.
fn told(
    rbac: &RbacAuthorizer,
    edges: EdgeSet,
    user: &UserInfo,
    accounts: &BTreeSet<String>,
    secrets: &[(String, String)],
) -> (bool, bool, BTreeSet<String>, BTreeSet<String>) {
    let paths = Paths::new(rbac);
    let bounds = Bounds {
        edges,
        certainty: Certainty::Outside,
    };
    let found = paths.from(user, bounds, None);
    let goal = |path: &str| {
        let (namespace, name) = path.split_once('/').unwrap();
        Goal::Account(namespace.to_owned(), name.to_owned())
    };
    let accounts = accounts
        .iter()
        .filter(|account| found.reaches(&goal(account)));
    let secrets = secrets
        .iter()
        .filter(|(namespace, name)| found.reaches(&Goal::Secret(namespace.clone(), name.clone())));
    (
        found.reaches(&Goal::ClusterAdmin),
        found.reaches(&Goal::Masters),
        accounts.cloned().collect(),
        secrets
            .map(|(namespace, name)| format!("{namespace}/{name}"))
            .collect(),
    )
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(96))]

    /// The search reaches what trying every step on every object does: all of it but what takes roles that
    /// are made on the way, and by the recorded steps nothing else.
    #[test]
    fn reaches_what_a_naive_fixpoint_does(cluster in clusters()) {
        let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": cluster.objects});
        let text = SourceText {
            name: "cluster.json".into(),
            bytes: serde_json::to_vec(&list).unwrap(),
            named: true,
        };
        let mut files = Files::default();
        let manifest = kube::parse_with(&Registry::with_workloads(), &mut files, &[text]);
        let rbac = RbacAuthorizer::new(Snapshot::new(files, manifest, Defaults::None)).unwrap();
        let naive = Cluster::read(std::slice::from_ref(&list));
        let edges: BTreeSet<&'static str> = RECORDED_EDGES.into_iter().collect();
        let unmade: BTreeSet<&'static str> =
            edges.iter().copied().filter(|&edge| edge != "takeover-role").collect();
        let secrets = goals(&list, "Secret");
        let with_covered = EDGES
            .iter()
            .copied()
            .filter(|&edge| recorded_edges().has(edge) || edge == EdgeId::BindCovered)
            .collect();
        for (name, groups) in USERS {
            let user = UserInfo::impersonated(name, groups.iter().map(|&group| group.to_owned()));
            let who = Identity::user(name, groups.iter().copied(), Held::Real);
            let wanted = reach(&naive, &who, &edges);
            let mut accounts: BTreeSet<String> = goals(&list, "ServiceAccount")
                .into_iter()
                .map(|(namespace, name)| format!("{namespace}/{name}"))
                .collect();
            accounts.extend(wanted.accounts.iter().cloned());
            // It unites what several make of one role, so that it may reach too much by roles that are made.
            // And it binds covered roles, but for those that nobody has made yet.
            let sure = reach(&naive, &who, &unmade);
            let (_, _, least, _) = told(&rbac, recorded_edges(), &user, &accounts, &secrets);
            let (admin, masters, most, read) = told(&rbac, with_covered, &user, &accounts, &secrets);
            proptest::prop_assert!(least.is_subset(&wanted.accounts), "{least:?} of {name}");
            proptest::prop_assert!(sure.accounts.is_subset(&most), "{most:?} of {name}");
            proptest::prop_assert!(sure.secrets.is_subset(&read), "{read:?} of {name}");
            proptest::prop_assert!(sure.cluster_admin <= admin, "cluster-admin of {name}");
            proptest::prop_assert!(sure.masters <= masters, "masters of {name}");
        }
    }
}

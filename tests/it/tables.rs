//! What tables show, fold, sort and leave out, as a user asks for it.

use pretty_assertions::assert_eq;
use rbac_eval::kube::SubjectKind;
use rbac_eval::kube::aks::AksBinding;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::told::{put, run};

fn binding(name: &str, role: &str, subjects: &[&str]) -> String {
    let subjects: Vec<String> = subjects
        .iter()
        .map(|subject| {
            let (kind, name) = subject.split_once(' ').unwrap();
            match name.split_once('/') {
                Some((namespace, name)) => {
                    format!("- {{kind: {kind}, namespace: '{namespace}', name: '{name}'}}\n")
                }
                None => format!("- {{kind: {kind}, name: '{name}'}}\n"),
            }
        })
        .collect();
    format!(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n\
         metadata:\n  name: '{name}'\n  labels:\n    kubernetes.io/bootstrapping: rbac-defaults\n    \
         addonmanager.kubernetes.io/mode: Reconcile\n\
         roleRef: {{kind: ClusterRole, name: '{role}'}}\nsubjects:\n{}",
        subjects.concat()
    )
}

fn role(name: &str, resource: &str, verb: &str) -> String {
    format!(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n\
         metadata:\n  name: '{name}'\n  labels: {{kubernetes.io/bootstrapping: rbac-defaults}}\n\
         rules:\n- {{apiGroups: [''], resources: [{resource}], verbs: [{verb}]}}\n"
    )
}

struct Cluster(TempDir);

impl Cluster {
    fn of(objects: &[String]) -> Self {
        let folder = TempDir::new().unwrap();
        put(folder.path(), "rbac.yaml", objects.concat());
        Cluster(folder)
    }

    fn run(&self, command: &str) -> (Option<i32>, String, String) {
        let mut args: Vec<&str> = command.split(' ').collect();
        args.extend(["-f", "rbac.yaml"]);
        let output = run(self.0.path(), &args, b"");
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    fn answer(&self, command: &str) -> String {
        let (code, answer, complaint) = self.run(command);
        assert_ne!(code, Some(2), "{command}: {complaint}");
        answer
    }

    /// Which of these names stand in a row of their own.
    fn shows(&self, command: &str, names: &[&str]) -> Vec<bool> {
        let answer = self.answer(command);
        let has = |name: &&str| {
            answer
                .lines()
                .any(|line| line.split("  ").any(|cell| cell.trim() == *name))
        };
        names.iter().map(has).collect()
    }
}

const SYSTEM: &str = "; --system shows them";

/// The line that says what is left out.
fn folded(answer: &str) -> Option<&str> {
    let mut lines = answer.lines().filter_map(|line| line.strip_suffix(SYSTEM));
    let line = lines.next();
    assert_eq!(lines.next(), None, "{answer}");
    line
}

#[test]
fn what_every_cluster_has_is_one_line() {
    let cluster = Cluster::of(&[binding("viewers", "view", &["User alice"])]);
    let answer = cluster.answer("who-can list pods -n shop --defaults 1.24");
    assert!(
        answer.starts_with(
            "KIND  SCOPE      SUBJECT  ROLE  BINDING\nUser  (cluster)  alice    view  viewers\nand "
        ),
        "{answer}"
    );
    let count = folded(&answer).unwrap();
    let count: usize = count
        .strip_prefix("and ")
        .unwrap()
        .strip_suffix(" of Kubernetes' own")
        .unwrap()
        .parse()
        .unwrap();
    let full = cluster.answer("who-can list pods -n shop --defaults 1.24 --system");
    assert_eq!(folded(&full), None);
    assert_eq!(full.lines().count(), 1 + 1 + count);
    assert!(full.contains("not from RBAC"), "{full}");
    // CSV, JSON and YAML have all in any case.
    for output in ["csv", "json", "yaml", "name"] {
        let command = format!("who-can list pods -n shop -o {output}");
        let answer = cluster.answer(&command);
        assert!(
            answer.contains("system:kube-scheduler"),
            "{output}: {answer}"
        );
        assert_eq!(cluster.answer(&format!("{command} --system")), answer);
    }
}

#[test]
fn no_one_but_kubernetes_own_is_said() {
    let cluster = Cluster::of(&[binding("viewers", "view", &["User alice"])]);
    for (command, code) in [
        ("who-can delete pods -n shop", 0),
        // Only `system:masters` can.
        ("who-can frobnicate pods -n shop", 1),
    ] {
        let (exit, answer, _) = cluster.run(command);
        assert_eq!(exit, Some(code), "{answer}");
        assert!(
            answer.starts_with("No one but Kubernetes' own can "),
            "{answer}"
        );
        assert!(folded(&answer).is_some(), "{answer}");
        assert!(!answer.contains("KIND"), "{answer}");
        let (exit, answer, _) = cluster.run(&format!("{command} --system"));
        assert_eq!(exit, Some(code), "{answer}");
        assert_eq!(answer.contains("No one else can"), code == 1, "{answer}");
    }
    let answer = cluster.answer("matrix secrets -n shop");
    assert!(
        answer.starts_with("No one but Kubernetes' own can do any of this.\nand "),
        "{answer}"
    );
    let answer = cluster.answer("lookup --exact system:kube-scheduler");
    assert!(
        answer.contains("\n  no binding but Kubernetes' own reaches it\nand "),
        "{answer}"
    );
}

/// A binding of the default policy's name, label and role may name others as well.
#[test]
fn a_subject_that_the_default_policy_lacks_is_shown() {
    let cluster = Cluster::of(&[
        binding(
            "cluster-admin",
            "cluster-admin",
            &["Group system:masters", "User mallory"],
        ),
        binding("system:kube-scheduler", "cluster-admin", &["User eve"]),
        binding("like-the-defaults", "cluster-admin", &["User trent"]),
    ]);
    let names = ["mallory", "eve", "trent"];
    for command in ["who-can get secrets -n shop", "matrix secrets -n shop"] {
        assert_eq!(cluster.shows(command, &names), [true; 3], "{command}");
        assert_eq!(
            cluster.shows(command, &["system:masters"]),
            [false],
            "{command}"
        );
    }
    for name in names {
        let answer = cluster.answer(&format!("lookup {name}"));
        assert!(answer.contains("ClusterRole/cluster-admin"), "{answer}");
    }
}

/// A role of the default policy may have more than there.
#[test]
fn what_a_widened_default_role_gives_is_shown() {
    let cluster = Cluster::of(&[
        role("system:kube-scheduler", "secrets", "get"),
        role("system:basic-user", "pods", "delete"),
    ]);
    for command in ["who-can get secrets -n shop", "matrix secrets -n shop"] {
        assert_eq!(
            cluster.shows(command, &["system:kube-scheduler"]),
            [true],
            "{command}"
        );
    }
    let shown = cluster.shows(
        "lookup --exact system:kube-scheduler",
        &["ClusterRole/system:kube-scheduler"],
    );
    assert_eq!(shown, [true]);
    // What it has by the default policy stays so.
    assert_eq!(
        cluster.shows("who-can list pods -n shop", &["system:kube-scheduler"]),
        [false]
    );
    for command in ["who-can delete pods -n shop", "matrix pods -n shop"] {
        assert_eq!(
            cluster.shows(command, &["system:authenticated"]),
            [true],
            "{command}"
        );
    }
    // Someone is reached by it through the group, too.
    assert_eq!(
        cluster.shows("lookup shop/web", &["ClusterRole/system:basic-user"]),
        [true]
    );
    assert_eq!(
        cluster.shows("lookup shop/web", &["ClusterRole/system:discovery"]),
        [false]
    );
}

/// That everyone can is about the people of the cluster, whoever made the binding.
#[test]
fn what_everyone_can_is_shown() {
    let cluster = Cluster::of(&[binding("viewers", "view", &["User alice"])]);
    let answer = cluster.answer("who-can get /version");
    assert!(
        answer.contains("system:authenticated    everyone"),
        "{answer}"
    );
    let answer = cluster.answer("matrix selfsubjectaccessreviews");
    assert!(answer.contains("everyone"), "{answer}");
}

#[test]
fn aks_own_are_those_of_its_name_role_and_subject() {
    let cluster = Cluster::of(&[
        binding(
            "aks-cluster-admin-binding",
            "cluster-admin",
            &["User clusterAdmin", "User mallory"],
        ),
        binding(
            "aks-cluster-admin-binding-aad",
            "cluster-admin",
            &["Group 5d6e7f80-1a2b-4c3d-9e4f-5a6b7c8d9e0f"],
        ),
        role("aks-service", "secrets", "get"),
        binding(
            "aks-service-rolebinding",
            "aks-service",
            &["User aks-support"],
        ),
        binding("aks-service-rolebindings", "aks-service", &["User eve"]),
        role("mine", "secrets", "get"),
        binding(
            "cloud-node-manager",
            "mine",
            &["ServiceAccount kube-system/cloud-node-manager"],
        ),
        role("system:node", "secrets", "delete"),
        binding(
            "system:aks-client-nodes",
            "system:node",
            &["Group system:nodes"],
        ),
        role("ama-logs-reader", "secrets", "get"),
        binding(
            "amalogsclusterrolebinding",
            "ama-logs-reader",
            &["ServiceAccount shop/ama-logs"],
        ),
    ]);
    let command = "who-can get secrets -n shop";
    let others = [
        "mallory",
        // The owner of the cluster chooses these groups.
        "5d6e7f80-1a2b-4c3d-9e4f-5a6b7c8d9e0f",
        "eve",
        "kube-system/cloud-node-manager",
        "shop/ama-logs",
    ];
    assert_eq!(cluster.shows(command, &others), [true; 5]);
    let own = ["clusterAdmin", "aks-support", "system:nodes"];
    assert_eq!(cluster.shows(command, &own), [false; 3]);
    let answer = cluster.answer(command);
    let line = folded(&answer).unwrap();
    assert!(
        line.ends_with(" of Kubernetes' own and 3 of AKS' own"),
        "{line}"
    );
    let full = format!("{command} --system");
    assert_eq!(cluster.shows(&full, &own), [true; 3]);
    // Every node deletes secrets: the role is upstream's, and was widened.
    assert_eq!(
        cluster.shows("who-can delete secrets -n shop", &["system:nodes"]),
        [true]
    );
    let matrix = cluster.answer("matrix secrets -n shop");
    assert!(matrix.contains("system:nodes"), "{matrix}");
    let answer = cluster.answer("lookup --exact aks-support");
    assert!(answer.contains("and 1 of AKS' own; "), "{answer}");
}

#[test]
fn lookup_and_can_i_take_the_names_that_are_printed() {
    let cluster = Cluster::of(&[
        binding(
            "viewers",
            "view",
            &["User alice", "Group devs", "ServiceAccount shop/web"],
        ),
        binding(
            "more",
            "view",
            &["User alice", "User system:serviceaccount:shop:ci"],
        ),
        role("by-name", "secrets", "get").replace("verbs", "resourceNames: [tls], verbs"),
        binding("by-name", "by-name", &["User limited"]),
    ]);
    let names = cluster.answer("who-can list pods -n shop -o name");
    let own: Vec<&str> = names
        .lines()
        .filter(|name| !name.contains("kube-system") && !name.starts_with("system:kube"))
        .collect();
    assert_eq!(
        own,
        [
            "devs",
            "system:masters",
            "system:serviceaccount:shop:ci",
            "system:serviceaccount:shop:web",
            "alice"
        ],
        "{names}"
    );
    for name in names.lines() {
        let found: Value =
            serde_json::from_str(&cluster.answer(&format!("lookup --exact {name} -o json")))
                .unwrap();
        let count = found["subjects"].as_array().unwrap().len();
        assert_eq!(count, 1, "{name}");
        let again = cluster.answer(&format!("lookup --exact {name} -o name"));
        assert_eq!(again, format!("{name}\n"));
        let groups = ["devs", "system:masters", "system:nodes"];
        let command = match groups.contains(&name) {
            true => format!("can-i list pods -n shop --as someone --as-group {name}"),
            false => format!("can-i list pods -n shop --as {name}"),
        };
        assert_eq!(cluster.run(&command).0, Some(0), "{command}");
    }
    // Who can for some names only isn't named as one who can, and that is told.
    let (_, names, complaint) = cluster.run("who-can get secrets -n shop -o name");
    assert!(!names.contains("limited"), "{names}");
    assert!(
        complaint.contains("1 more can for some names only"),
        "{complaint}"
    );
    let types = cluster.answer("matrix --as limited -n shop -o name");
    assert!(types.lines().any(|line| line == "secrets"), "{types}");
    assert!(!types.contains("pods"), "{types}");
    assert!(
        cluster
            .answer("matrix --as limited -n shop -o name --all")
            .contains("pods")
    );
}

#[test]
fn a_list_of_names_says_that_it_may_lack_some() {
    let cluster = Cluster::of(&[binding("dangling", "absent", &["User alice"])]);
    for command in ["who-can get secrets -o name", "matrix secrets -o name"] {
        let (_, _, complaint) = cluster.run(command);
        assert!(
            complaint.contains("the list may be incomplete: 1 part isn't judged"),
            "{command}: {complaint}"
        );
    }
}

#[test]
fn rows_are_sorted_by_a_column_in_natural_order() {
    let cluster = Cluster::of(&[
        role("a", "pods", "list"),
        binding("binding-10", "a", &["User carol", "Group z"]),
        binding("binding-9", "a", &["User bob", "Group y"]),
        binding("binding-1", "view", &["User alice-2", "User alice-10"]),
    ]);
    let column = |command: &str, at: usize| -> Vec<String> {
        let answer = cluster.answer(command);
        answer
            .lines()
            .filter(|line| line.contains("binding-"))
            .map(|line| line.split_whitespace().nth(at).unwrap().to_owned())
            .collect()
    };
    let command = "who-can list pods -n shop";
    // By kind and name.
    assert_eq!(
        column(command, 2),
        ["y", "z", "alice-10", "alice-2", "bob", "carol"]
    );
    for word in ["BINDING", "binding", "Binding"] {
        // Rows of one binding stay in their order.
        assert_eq!(
            column(&format!("{command} --sort-by {word}"), 2),
            ["alice-10", "alice-2", "y", "bob", "z", "carol"]
        );
    }
    assert_eq!(
        column(&format!("{command} --sort-by subject"), 2),
        ["alice-2", "alice-10", "bob", "carol", "y", "z"]
    );
    assert_eq!(
        column(
            &format!("{command} --sort-by source -o wide --no-headers"),
            2
        ),
        ["alice-10", "alice-2", "y", "z", "bob", "carol"]
    );
    let csv = cluster.answer("who-can list pods -n shop -o csv --sort-by binding");
    let bindings: Vec<&str> = csv
        .lines()
        .filter_map(|line| {
            line.split(',')
                .find(|cell| cell.starts_with("ClusterRoleBinding/binding-"))
        })
        .collect();
    assert_eq!(bindings[0], "ClusterRoleBinding/binding-1");
    assert_eq!(*bindings.last().unwrap(), "ClusterRoleBinding/binding-10");
    // A heading of two words is one here.
    cluster.answer("lookup alice-2 --sort-by through-group");
    // Those who can't come before those who can.
    let matrix = cluster.answer("matrix pods -n shop --sort-by get --ascii --no-headers");
    let cells: Vec<&str> = matrix
        .lines()
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .take(6)
        .collect();
    assert_eq!(cells, ["no", "no", "no", "no", "yes", "yes"], "{matrix}");
}

#[test]
fn headers_are_left_out() {
    let cluster = Cluster::of(&[binding("viewers", "view", &["User alice"])]);
    for command in [
        "who-can list pods",
        "who-can list pods -o wide",
        "who-can list pods -o csv",
        "matrix pods",
        "matrix pods -o csv",
        "matrix --as alice",
        "can-i --list --as alice -o wide",
        "can-i --list --as alice -o csv",
    ] {
        let with = cluster.answer(command);
        let without = cluster.answer(&format!("{command} --no-headers"));
        // Narrow words may make room that headings took.
        let words = |text: &str| -> Vec<Vec<String>> {
            let lines = text.lines();
            lines
                .map(|line| line.split_whitespace().map(str::to_owned).collect())
                .collect()
        };
        assert_eq!(words(&with)[1..], words(&without), "{command}");
    }
    let found = cluster.answer("lookup alice --no-headers");
    assert!(!found.contains("SCOPE"), "{found}");
}

#[test]
fn what_has_no_effect_is_refused() {
    let cluster = Cluster::of(&[binding("viewers", "view", &["User alice"])]);
    for (command, why) in [
        (
            "who-can list pods -o json --sort-by name",
            "`--sort-by` sorts tables and CSV, which `-o json` isn't",
        ),
        ("who-can list pods -o name --sort-by name", "`-o name`"),
        ("who-can list pods -o yaml --no-headers", "`--no-headers`"),
        ("lookup alice -o json --sort-by scope", "`--sort-by`"),
        ("lookup alice --rules --sort-by scope", "`--rules`"),
        ("lookup alice --rules -o wide", "`--rules`"),
        ("matrix pods -o markdown --no-headers", "`--no-headers`"),
        ("matrix pods -o json --sort-by get", "`--sort-by`"),
        ("matrix pods --all", "`--all` belongs to `matrix --as USER`"),
        (
            "matrix --as alice --system",
            "`--system` belongs to `matrix TYPE`",
        ),
        ("can-i get pods --as alice -o wide", "`--list`"),
        ("can-i get pods --as alice -o csv", "`--list`"),
        (
            "can-i --list --as alice -o json --no-headers",
            "`--no-headers`",
        ),
        (
            "who-can list pods --sort-by bindings",
            "names no column of this table, which has KIND, SCOPE, SUBJECT, NAME, ROLE, BINDING, ONLY NAMES; did you mean `BINDING`?",
        ),
        (
            "who-can list pods -o wide --sort-by x",
            "BINDING, RULE, SOURCE",
        ),
        ("matrix pods --sort-by resource", "KIND, GET, LIST"),
        ("matrix --as alice --sort-by subject", "DELCOLL, RESOURCE"),
        (
            "lookup alice --sort-by source",
            "SCOPE, ROLE, BINDING, THROUGH GROUP",
        ),
    ] {
        let (code, answer, complaint) = cluster.run(command);
        assert_eq!((code, &*answer), (Some(2), ""), "{command}");
        assert!(complaint.contains(why), "{command}: {complaint}");
        assert_eq!(complaint.lines().count(), 1, "{command}: {complaint}");
    }
}

#[test]
fn empty_rows_of_a_matrix_are_counted() {
    let cluster = Cluster::of(&[
        role("one", "pods", "get"),
        binding("one", "one", &["User alice"]),
    ]);
    let narrow = cluster.answer("matrix --as alice --defaults none");
    let all = cluster.answer("matrix --as alice --defaults none --all");
    let left_out = all.lines().count() - 2;
    assert_eq!(
        narrow,
        format!(
            "GET  LIST  WATCH  CREATE  UPDATE  PATCH  DELETE  DELCOLL  RESOURCE  SERVED\n✔{}pods\n\
             and {left_out} types with nothing allowed; --all shows them\n",
            " ".repeat(57)
        )
    );
    let none = cluster.answer("matrix --as bob --defaults none");
    assert_eq!(
        none,
        format!(
            "none of these verbs is allowed on any type\n\
             and {} types with nothing allowed; --all shows them\n",
            left_out + 1
        )
    );
}

#[test]
fn a_wide_list_says_where_each_row_comes_from() {
    let cluster = Cluster::of(&[
        role("reads", "pods", "get"),
        role("lists", "pods", "'list', 'get'"),
        binding("one", "reads", &["User alice"]),
        binding("two", "lists", &["User alice"]),
    ]);
    let command = "can-i --list --as alice --as-group x --defaults none";
    // kubectl's own table stays.
    let plain = cluster.answer(command);
    assert_eq!(
        plain,
        "Resources   Non-Resource URLs   Resource Names   Verbs\n\
         pods        []                  []               [get list]\n"
    );
    let wide = cluster.answer(&format!("{command} -o wide"));
    assert_eq!(
        wide,
        "Resources  Non-Resource URLs  Resource Names  Verbs       Scope      Role               Binding                 Rule  Source\n\
         pods       []                 []              [get]       (cluster)  ClusterRole/reads  ClusterRoleBinding/one  1     rbac.yaml:8\n\
         pods       []                 []              [list get]  (cluster)  ClusterRole/lists  ClusterRoleBinding/two  1     rbac.yaml:16\n"
    );
    let csv = cluster.answer(&format!("{command} -o csv"));
    assert_eq!(csv.lines().count(), 3);
    assert!(csv.ends_with("pods,[],[],[list get],(cluster),ClusterRole/lists,ClusterRoleBinding/two,1,rbac.yaml:16\n"), "{csv}");
}

/// The page lists what is taken for AKS' own.
#[test]
fn the_page_on_tables_lists_the_bindings_of_aks() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tables.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = page
        .lines()
        .skip_while(|line| !line.starts_with("| binding |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut known = AksBinding::all();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let binding = known.next().unwrap();
        assert_eq!(cells[0], format!("`{}`", binding.name));
        assert_eq!(cells[1], format!("`{}`", binding.role));
        for subject in cells[2].split(", ") {
            let (kind, name) = subject.split_once(' ').unwrap();
            let name = name.trim_matches('`');
            let (namespace, name) = name.split_once('/').unwrap_or(("", name));
            let kind = match kind {
                "User" => SubjectKind::User,
                "Group" => SubjectKind::Group,
                "ServiceAccount" => SubjectKind::ServiceAccount,
                other => panic!("{other}"),
            };
            assert!(binding.names(kind, namespace, name), "{row}");
        }
    }
    assert_eq!(known.next(), None);
}

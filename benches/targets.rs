//! The table of speed targets: `cargo bench --bench targets`.
//!
//! Every row is a ratio or a rate against something measured in the same run, so that machines can
//! be compared. The naive baseline is a linear scan over all bindings, as an API server does it.

#[path = "support/scale.rs"]
mod scale;

use std::hint::black_box;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rbac_eval::attributes::Attributes;
use rbac_eval::authorizer::{Authorizer, Decision};
use rbac_eval::diff::diff;
use rbac_eval::manifest::{self, BindingKind, Manifest};
use rbac_eval::principal::Principal;
use rbac_eval::query::who_can::{Reach, who_can};
use rbac_eval::rules::rule_allows;
use rbac_eval::source::{SourceText, Sources};
use rbac_eval::store::{Defaults, PolicyStore};
use rbac_eval::user::{UserInfo, service_account_name};
use scale::{Cluster, review};

fn text(name: &str, text: &str) -> SourceText {
    SourceText {
        name: name.to_owned(),
        bytes: text.as_bytes().to_vec(),
        named: true,
    }
}

fn store_of(name: &str, content: &str) -> PolicyStore {
    let mut sources = Sources::default();
    let manifest: Manifest = manifest::parse(&mut sources, &[text(name, content)]);
    PolicyStore::new(sources, manifest, Defaults::None)
}

/// The best of several runs: what the machine can do when nothing else runs.
fn best(runs: usize, mut work: impl FnMut()) -> Duration {
    (0..runs)
        .map(|_| {
            let begin = Instant::now();
            work();
            begin.elapsed()
        })
        .min()
        .unwrap_or_default()
}

/// What upstream's authorizer does: look at every binding, compare strings.
fn naive(store: &PolicyStore, user: &UserInfo, attributes: &Attributes) -> bool {
    let namespace = attributes.namespace();
    store.bindings().any(|id| {
        let binding = store.binding(id);
        let applies = binding.kind == BindingKind::ClusterRoleBinding
            || (!namespace.is_empty() && binding.namespace == namespace);
        if !applies {
            return false;
        }
        let matches = binding.subjects.iter().any(|subject| match subject.kind {
            rbac_eval::manifest::SubjectKind::User => subject.name == user.name,
            rbac_eval::manifest::SubjectKind::Group => {
                user.groups.iter().any(|group| *group == subject.name)
            }
            rbac_eval::manifest::SubjectKind::ServiceAccount => Principal::of(subject, binding)
                .is_some_and(|account| {
                    user.name.starts_with("system:serviceaccount:")
                        && user.name == service_account_name(&account.namespace, &account.name)
                }),
        });
        matches
            && store.role_of(id).is_some_and(|role| {
                store
                    .effective_rules(role)
                    .any(|rule| rule_allows(rule.rule, attributes))
            })
    })
}

fn decide_all(store: &PolicyStore, requests: &[(UserInfo, Attributes)]) -> usize {
    let authorizer = Authorizer::new(store);
    requests
        .iter()
        .filter(|(user, attributes)| {
            authorizer.decide(user, black_box(attributes)) == Decision::Allow
        })
        .count()
}

fn per(total: Duration, count: usize) -> f64 {
    total.as_nanos() as f64 / count as f64
}

struct Row {
    what: &'static str,
    measured: String,
    target: &'static str,
    met: bool,
}

fn main() {
    let mut rows = Vec::new();
    let mut row = |what, measured: String, target, met| {
        rows.push(Row {
            what,
            measured,
            target,
            met,
        });
    };
    let json = Cluster::new(1_000).json(false);
    let requests = Cluster::new(1_000).requests(20_000);
    let store = store_of("cluster.json", &json);

    let allowed = decide_all(&store, &requests);
    let one = per(
        best(9, || {
            black_box(decide_all(&store, &requests));
        }),
        requests.len(),
    );
    row(
        "one decision, 1,000 namespaces",
        format!("{one:.0} ns"),
        "at most 1,000 ns",
        one <= 1_000.0,
    );
    let sample = &requests[..500];
    let naive_allowed = sample
        .iter()
        .filter(|(user, attributes)| naive(&store, user, attributes))
        .count();
    assert_eq!(
        naive_allowed,
        decide_all(&store, sample),
        "{allowed} in all"
    );
    let scan = per(
        best(3, || {
            for (user, attributes) in sample {
                black_box(naive(&store, user, attributes));
            }
        }),
        sample.len(),
    );
    row(
        "the naive scan",
        format!("{:.0} µs, {:.0} times", scan / 1e3, scan / one),
        "at least 300 times",
        scan / one >= 300.0,
    );

    let small = store_of("small.json", &Cluster::new(100).json(false));
    let small_requests = Cluster::new(100).requests(20_000);
    let at_100 = per(
        best(9, || {
            black_box(decide_all(&small, &small_requests));
        }),
        small_requests.len(),
    );
    let large_json = Cluster::new(10_000).json(false);
    let large = store_of("large.json", &large_json);
    let large_requests = Cluster::new(10_000).requests(20_000);
    let at_10_000 = per(
        best(9, || {
            black_box(decide_all(&large, &large_requests));
        }),
        large_requests.len(),
    );
    row(
        "10,000 namespaces over 100",
        format!(
            "{:.2} ({at_10_000:.0} / {at_100:.0} ns)",
            at_10_000 / at_100
        ),
        "at most 1.5",
        at_10_000 / at_100 <= 1.5,
    );
    drop(large);
    drop(large_json);

    let half = requests.len() / 2;
    let two = best(9, || {
        std::thread::scope(|scope| {
            for part in [&requests[..half], &requests[half..]] {
                scope.spawn(|| {
                    for _ in 0..10 {
                        black_box(decide_all(&store, part));
                    }
                });
            }
        });
    });
    let alone = best(9, || {
        for _ in 0..10 {
            black_box(decide_all(&store, &requests));
        }
    });
    let speedup = alone.as_secs_f64() / two.as_secs_f64();
    row(
        "two threads on one store",
        format!("{speedup:.2} times"),
        "at least 1.8 times",
        speedup >= 1.8,
    );

    let authorizer = Authorizer::new(&store);
    let explained = per(
        best(9, || {
            for (user, attributes) in &requests {
                black_box(authorizer.authorize(user, attributes));
            }
        }),
        requests.len(),
    );
    row(
        "every grant over the bare verdict",
        format!("{:.1} times", explained / one),
        "at most 5 times",
        explained / one <= 5.0,
    );

    let folder = std::env::temp_dir().join(format!("rbac-eval-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let cluster = folder.join("cluster.json");
    std::fs::write(&cluster, &json).expect("a cluster");
    let reviews = folder.join("reviews.jsonl");
    {
        let mut file = std::io::BufWriter::new(std::fs::File::create(&reviews).expect("reviews"));
        for _ in 0..15 {
            for (user, attributes) in &requests {
                file.write_all(review(user, attributes).as_bytes())
                    .expect("a review");
            }
        }
    }
    let binary = env!("CARGO_BIN_EXE_rbac-eval");
    let run = |args: &[&std::ffi::OsStr]| {
        let status = Command::new(binary)
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.is_ok_and(|status| status.code() != Some(2)));
    };
    let reviewed = best(3, || {
        run(&[
            "review".as_ref(),
            reviews.as_os_str(),
            "-f".as_ref(),
            cluster.as_os_str(),
        ]);
    });
    let one_shot = best(9, || {
        run(&[
            "can-i",
            "get",
            "pods",
            "--as",
            "user1@contoso.com",
            "-n",
            "team-00001",
            "-q",
            "-f",
        ]
        .map(AsRef::as_ref)
        .into_iter()
        .chain([cluster.as_os_str()])
        .collect::<Vec<_>>());
    });
    let rate = 300_000.0 / (reviewed.as_secs_f64() - one_shot.as_secs_f64());
    row(
        "reviews end to end, JSON Lines",
        format!("{rate:.0} a second"),
        "at least 300,000 a second",
        rate >= 300_000.0,
    );
    row(
        "one-shot can-i, 12.9 MB cluster",
        format!("{:.0} ms", one_shot.as_secs_f64() * 1e3),
        "under 60 ms",
        one_shot.as_millis() < 60,
    );

    let megabytes = |bytes: usize, time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    let load = best(9, || {
        black_box(store_of("cluster.json", &json));
    });
    let rate = megabytes(json.len(), load);
    row(
        "load, JSON dump",
        format!("{rate:.0} MB/s"),
        "at least 200 MB/s",
        rate >= 200.0,
    );
    let value: serde_json::Value = serde_json::from_str(&json).expect("sound JSON");
    let yaml = as_kubectl_prints(&value);
    assert_eq!(
        store_of("cluster.yaml", &yaml).bindings().len(),
        store.bindings().len()
    );
    let load = best(5, || {
        black_box(store_of("cluster.yaml", &yaml));
    });
    let rate = megabytes(yaml.len(), load);
    row(
        "load, YAML dump of RBAC objects",
        format!("{rate:.0} MB/s"),
        "at least 35 MB/s",
        rate >= 35.0,
    );
    let dump = full_dump(&yaml);
    let load = best(5, || {
        black_box(store_of("dump.yaml", &dump));
    });
    let rate = megabytes(dump.len(), load);
    row(
        "load, YAML dump of mostly other kinds",
        format!("{rate:.0} MB/s"),
        "at least 400 MB/s",
        rate >= 400.0,
    );

    let secrets = |namespace: &str| {
        Attributes::Resource(rbac_eval::attributes::ResourceAttributes {
            namespace: namespace.to_owned(),
            verb: "get".to_owned(),
            resource: "secrets".to_owned(),
            ..Default::default()
        })
    };
    let here = best(9, || {
        black_box(who_can(&store, &secrets("team-00001"), Reach::Request));
    });
    row(
        "who-can in a namespace",
        format!("{:.2} ms", here.as_secs_f64() * 1e3),
        "under 1 ms",
        here.as_micros() < 1_000,
    );
    let anywhere = best(9, || {
        black_box(who_can(&store, &secrets(""), Reach::Anywhere));
    });
    row(
        "who-can anywhere",
        format!("{:.1} ms", anywhere.as_secs_f64() * 1e3),
        "under 20 ms",
        anywhere.as_millis() < 20,
    );

    let other = folder.join("other.json");
    std::fs::write(&other, Cluster::new(1_000).json(true)).expect("a cluster");
    let after = std::fs::read_to_string(&other).expect("a cluster");
    assert!(!diff(&store, &store_of("other.json", &after)).is_empty());
    let differed = best(5, || {
        run(&["diff".as_ref(), cluster.as_os_str(), other.as_os_str()]);
    });
    row(
        "diff of two clusters, one binding apart",
        format!("{:.0} ms", differed.as_secs_f64() * 1e3),
        "under 1,000 ms",
        differed.as_millis() < 1_000,
    );
    // What isn't removed is in the machine's temporary folder.
    let _ = std::fs::remove_dir_all(&folder);

    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("\n{cores} cores; the best of several runs\n");
    println!("| what | measured | target | |\n|---|---|---|---|");
    for Row {
        what,
        measured,
        target,
        met,
    } in rows
    {
        println!(
            "| {what} | {measured} | {target} | {} |",
            if met { "✔" } else { "missed" }
        );
    }
}

/// A list in YAML, as `kubectl get -o yaml` prints it.
fn as_kubectl_prints(list: &serde_json::Value) -> String {
    let mut out = String::from("apiVersion: v1\nitems:\n");
    for item in list["items"].as_array().into_iter().flatten() {
        let text = serde_yaml::to_string(item).unwrap_or_default();
        for (at, line) in text.lines().enumerate() {
            out.push_str(if at == 0 { "- " } else { "  " });
            out.push_str(line);
            out.push('\n');
        }
    }
    out.push_str("kind: List\nmetadata:\n  resourceVersion: \"\"\n");
    out
}

/// The same list with twenty other objects for each one.
fn full_dump(yaml: &str) -> String {
    let pod = "- apiVersion: v1\n  kind: Pod\n  metadata:\n    annotations:\n      description: |\n        a pod of no interest\n    labels:\n      app: web\n    name: web-0\n    namespace: default\n  spec:\n    containers:\n    - image: registry.example.com/web:1.2.3\n      name: web\n      ports:\n      - containerPort: 8080\n      resources:\n        limits:\n          cpu: 500m\n          memory: 128Mi\n  status:\n    phase: Running\n";
    let pods = pod.repeat(yaml.len() * 20 / pod.len());
    yaml.replacen("items:\n", &format!("items:\n{pods}"), 1)
}

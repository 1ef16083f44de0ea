//! The speed targets: `cargo bench --bench targets`.
//!
//! Criterion measures each row; then the table of targets is printed. Ratios are of times from the
//! same run, so that machines can be compared.

#[path = "support/dumps.rs"]
mod dumps;
#[path = "support/hostile.rs"]
mod hostile;
#[path = "support/memory.rs"]
mod memory;
#[path = "support/naive.rs"]
mod naive;
#[path = "support/scale.rs"]
mod scale;
#[path = "support/table.rs"]
mod table;

use rbac_eval::authz::chain;
use rbac_eval::cluster::Snapshot;
use std::ffi::OsStr;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use criterion::Criterion;
use rbac_eval::analysis::diff::diff;
use rbac_eval::analysis::who_can::who_can;
use rbac_eval::authn::UserInfo;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::authz::{Attributes, ResourceAttributes};
use rbac_eval::authz::{Authorizer, Decision};
use rbac_eval::cluster::Defaults;
use rbac_eval::cluster::Reach;
use rbac_eval::kube;
use rbac_eval::text::{Files, SourceText};

use dumps::{as_kubectl_prints, full_dump};
use naive::Caches;
use scale::{Cluster, review};
use table::{Measured, Table, machine};

const BINARY: &str = env!("CARGO_BIN_EXE_rbac-eval");
/// How many requests one pass decides.
const REQUESTS: usize = 20_000;
/// How many requests one pass of the naive scan decides.
const SAMPLE: usize = 500;
/// How often the same requests are reviewed end to end, so that the load counts for little.
const ROUNDS: usize = 15;

type Request = (UserInfo, Attributes);

fn store_of(text: &[SourceText; 1]) -> RbacAuthorizer {
    let mut files = Files::default();
    let manifest = kube::parse(&mut files, text);
    RbacAuthorizer::new(Snapshot::new(files, manifest, Defaults::None)).expect("it fits")
}

fn text(name: &str, content: &str) -> [SourceText; 1] {
    [SourceText {
        name: name.to_owned(),
        bytes: content.as_bytes().to_vec(),
        named: true,
    }]
}

fn decide_all(rbac: &RbacAuthorizer, requests: &[Request]) -> usize {
    let authorizer = chain(rbac);
    requests
        .iter()
        .filter(|(user, attributes)| {
            authorizer.decide(user, black_box(attributes)) == Decision::Allow
        })
        .count()
}

/// Runs the program and passes over what it says.
fn run(args: &[&dyn AsRef<OsStr>]) {
    let status = Command::new(BINARY)
        .args(args.iter().map(AsRef::as_ref))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.code() != Some(2)));
}

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("targets");
    fs::create_dir_all(&folder).expect("a folder for what is measured");
    let mut criterion = Criterion::default()
        .output_directory(&folder)
        .without_plots()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();

    let json = Cluster::new(1_000).json(false);
    let requests = Cluster::new(1_000).requests(REQUESTS);
    let cluster = folder.join("cluster.json");
    fs::write(&cluster, &json).expect("a cluster");
    let dump = text("cluster.json", &json);
    let rbac = store_of(&dump);
    // First, since what runs later has the machine's memory to itself no more.
    let loaded = memory_row(&folder, &cluster, &requests);
    decisions(&mut criterion, &rbac, &requests);
    growth(&mut criterion);
    let megabytes = loads(&mut criterion, &rbac, &dump, &json);
    reverse(&mut criterion, &rbac);
    end_to_end(&mut criterion, &folder, &cluster, &rbac, &requests);
    bounded(&mut criterion, &folder);
    criterion.final_summary();

    // Named benches are looked at alone.
    let named = std::env::args().skip(1).any(|arg| !arg.starts_with('-'));
    if named || !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    println!("\n{}; the median of several runs\n", machine());
    let measured = Measured { folder: &folder };
    let mut table = Table::default();
    fill(&mut table, &measured, &megabytes, json.len(), loaded);
    table.print();
}

fn decisions(criterion: &mut Criterion, rbac: &RbacAuthorizer, requests: &[Request]) {
    let caches = Caches::new(rbac);
    let sample = &requests[..SAMPLE];
    let scan = |requests: &[Request]| {
        let allowed = |(user, attributes): &&Request| caches.allows(user, black_box(attributes));
        requests.iter().filter(allowed).count()
    };
    assert_eq!(scan(sample), decide_all(rbac, sample));
    criterion.bench_function("decide", |bench| bench.iter(|| decide_all(rbac, requests)));
    criterion.bench_function("naive", |bench| bench.iter(|| scan(sample)));
    let half = requests.len() / 2;
    criterion.bench_function("one-thread", |bench| {
        bench.iter(|| {
            for _ in 0..10 {
                black_box(decide_all(rbac, requests));
            }
        });
    });
    criterion.bench_function("two-threads", |bench| {
        bench.iter(|| {
            std::thread::scope(|scope| {
                for part in [&requests[..half], &requests[half..]] {
                    scope.spawn(|| {
                        for _ in 0..10 {
                            black_box(decide_all(rbac, part));
                        }
                    });
                }
            });
        });
    });
    let authorizer = chain(rbac);
    criterion.bench_function("every-grant", |bench| {
        bench.iter(|| {
            for (user, attributes) in requests {
                let _ = black_box(authorizer.authorize(user, attributes));
            }
        });
    });
}

fn growth(criterion: &mut Criterion) {
    for (name, namespaces) in [("decide-100", 100), ("decide-10000", 10_000)] {
        let rbac = store_of(&text("growth.json", &Cluster::new(namespaces).json(false)));
        let requests = Cluster::new(namespaces).requests(REQUESTS);
        criterion.bench_function(name, |bench| bench.iter(|| decide_all(&rbac, &requests)));
    }
}

/// The sizes of what is loaded, in megabytes.
struct Megabytes {
    json: f64,
    yaml: f64,
    dump: f64,
}

fn loads(
    criterion: &mut Criterion,
    rbac: &RbacAuthorizer,
    dump: &[SourceText; 1],
    json: &str,
) -> Megabytes {
    let value: serde_json::Value = serde_json::from_str(json).expect("sound JSON");
    let yaml = as_kubectl_prints(&value);
    drop(value);
    let full = text("full.yaml", &full_dump(&yaml));
    let yaml = text("cluster.yaml", &yaml);
    for text in [&yaml, &full] {
        assert_eq!(
            store_of(text).snapshot().bindings().len(),
            rbac.snapshot().bindings().len()
        );
    }
    // Taking a store apart is none of a load's work: the program never does.
    for (name, text) in [
        ("load-json", dump),
        ("load-yaml", &yaml),
        ("load-full", &full),
    ] {
        criterion.bench_function(name, |bench| {
            bench.iter_with_large_drop(|| store_of(text));
        });
    }
    let size = |text: &[SourceText; 1]| text[0].bytes.len() as f64 / 1e6;
    Megabytes {
        json: size(dump),
        yaml: size(&yaml),
        dump: size(&full),
    }
}

fn reverse(criterion: &mut Criterion, rbac: &RbacAuthorizer) {
    let secrets = |namespace: &str| {
        Attributes::Resource(ResourceAttributes {
            namespace: namespace.to_owned(),
            verb: "get".to_owned(),
            resource: "secrets".to_owned(),
            ..Default::default()
        })
    };
    let (here, anywhere) = (secrets("team-00001"), secrets(""));
    criterion.bench_function("who-can", |bench| {
        bench.iter(|| who_can(rbac, &here, Reach::Request).unwrap());
    });
    criterion.bench_function("who-can-anywhere", |bench| {
        bench.iter(|| who_can(rbac, &anywhere, Reach::Anywhere).unwrap());
    });
}

fn end_to_end(
    criterion: &mut Criterion,
    folder: &Path,
    cluster: &Path,
    rbac: &RbacAuthorizer,
    requests: &[Request],
) {
    let reviews = folder.join("reviews.jsonl");
    let lines: String = requests
        .iter()
        .map(|(user, asked)| review(user, asked))
        .collect();
    fs::write(&reviews, lines.repeat(ROUNDS)).expect("reviews");
    let other = folder.join("other.json");
    let extra = Cluster::new(1_000).json(true);
    let changes = diff(rbac, &store_of(&text("other.json", &extra))).expect("within limits");
    assert!(!changes.is_empty());
    fs::write(&other, extra).expect("a cluster");

    let question = ["can-i", "get", "pods", "--as", "user1@contoso.com"];
    let span = ["-n", "team-00001", "-q", "-f"];
    let mut one_shot: Vec<&dyn AsRef<OsStr>> = Vec::new();
    one_shot.extend(
        question
            .iter()
            .chain(&span)
            .map(|arg| arg as &dyn AsRef<OsStr>),
    );
    one_shot.push(&cluster);
    criterion.bench_function("one-shot", |bench| bench.iter(|| run(&one_shot)));
    criterion.bench_function("review", |bench| {
        bench.iter(|| run(&[&"review", &reviews, &"-f", &cluster]));
    });
    criterion.bench_function("diff", |bench| {
        bench.iter(|| run(&[&"diff", &cluster, &other]));
    });
}

/// Input that is made to cost more than its size.
fn bounded(criterion: &mut Criterion, folder: &Path) {
    let base = folder.join("hostile-base.yaml");
    fs::write(&base, hostile::base()).expect("a role");
    for hostile in hostile::inputs() {
        let input = folder.join(format!("{}.yaml", hostile.name));
        fs::write(&input, &hostile.input).expect("an input");
        let args: Vec<&dyn AsRef<OsStr>> = hostile
            .question
            .iter()
            .map(|word| match *word {
                "BASE" => &base as &dyn AsRef<OsStr>,
                "INPUT" => &input,
                _ => word,
            })
            .collect();
        criterion.bench_function(hostile.name, |bench| bench.iter(|| run(&args)));
    }
}

/// What was seen of memory: the peak of a load, and by how much many reviews raise it.
struct Memory {
    load: f64,
    reviews: f64,
}

fn memory_row(folder: &Path, cluster: &Path, requests: &[Request]) -> Option<Memory> {
    let reviews: Vec<String> = requests
        .iter()
        .map(|(user, asked)| review(user, asked))
        .collect();
    let (load, _) = memory::peaks(BINARY, cluster, &reviews, 2)?;
    let small = folder.join("small.json");
    fs::write(&small, Cluster::new(10).json(false)).ok()?;
    let (_, few) = memory::peaks(BINARY, &small, &reviews, 2)?;
    let (_, many) = memory::peaks(BINARY, &small, &reviews, ROUNDS)?;
    Some(Memory {
        load,
        reviews: many / few,
    })
}

fn fill(
    table: &mut Table,
    measured: &Measured<'_>,
    megabytes: &Megabytes,
    bytes: usize,
    memory: Option<Memory>,
) {
    let seconds = |name| measured.seconds(name);
    let per = |name, count: usize| seconds(name) * 1e9 / count as f64;
    let one = per("decide", REQUESTS);
    table.row(
        "one decision, 1,000 namespaces",
        format!("{one:.0} ns"),
        "at most 1,000 ns",
        one <= 1e3,
    );
    let naive = per("naive", SAMPLE);
    table.row(
        "the naive scan",
        format!("{:.0} µs, {:.0} times", naive / 1e3, naive / one),
        "at least 300 times",
        naive / one >= 300.0,
    );
    let (small, large) = (per("decide-100", REQUESTS), per("decide-10000", REQUESTS));
    table.row(
        "10,000 namespaces over 100",
        format!("{:.2} ({large:.0} / {small:.0} ns)", large / small),
        "at most 1.5",
        large / small <= 1.5,
    );
    let speedup = seconds("one-thread") / seconds("two-threads");
    table.row(
        "two threads on one store",
        format!("{speedup:.2} times"),
        "at least 1.8 times",
        speedup >= 1.8,
    );
    let explained = per("every-grant", REQUESTS) / one;
    table.row(
        "every grant over the bare verdict",
        format!("{explained:.1} times"),
        "at most 5 times",
        explained <= 5.0,
    );
    let rate = (REQUESTS * ROUNDS) as f64 / seconds("review");
    table.row(
        "reviews end to end, the load included",
        format!("{rate:.0} a second"),
        "at least 300,000 a second",
        rate >= 3e5,
    );
    if let Some(memory) = memory {
        let times = memory.load / bytes as f64;
        table.row(
            "peak memory of a load, JSON dump",
            format!("{times:.2} times the file"),
            "at most 2.5 times",
            times <= 2.5,
        );
        table.row(
            "peak memory, 300,000 reviews over 40,000",
            format!("{:.2}", memory.reviews),
            "flat: at most 1.25",
            memory.reviews <= 1.25,
        );
    }
    for (what, name, size, target, least) in [
        (
            "load, JSON dump",
            "load-json",
            megabytes.json,
            "at least 200 MB/s",
            200.0,
        ),
        (
            "load, YAML dump of RBAC objects",
            "load-yaml",
            megabytes.yaml,
            "at least 35 MB/s",
            35.0,
        ),
        (
            "load, YAML dump of mostly other kinds",
            "load-full",
            megabytes.dump,
            "at least 400 MB/s",
            400.0,
        ),
    ] {
        let rate = size / seconds(name);
        table.row(what, format!("{rate:.0} MB/s"), target, rate >= least);
    }
    for (what, name, target, most) in [
        (
            "one-shot `can-i`, 12.8 MB cluster",
            "one-shot",
            "under 60 ms",
            60.0,
        ),
        ("who-can in a namespace", "who-can", "under 1 ms", 1.0),
        ("who-can anywhere", "who-can-anywhere", "under 20 ms", 20.0),
        (
            "diff of two clusters, one binding apart",
            "diff",
            "under 1,000 ms",
            1e3,
        ),
    ] {
        let time = seconds(name) * 1e3;
        let digits = usize::from(time < 10.0) + usize::from(time < 1.0);
        table.row(what, format!("{time:.digits$} ms"), target, time < most);
    }
    for hostile in hostile::inputs() {
        let time = seconds(hostile.name) * 1e3;
        let shown = format!("{time:.0} ms");
        table.row(hostile.what, shown, "under 2,000 ms", time < 2e3);
    }
}

//! What is made for a release, the container image, and the ways to install that `docs/install.md` names.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::ci::yaml;
use crate::support::gates::text;

const TARGETS: [&str; 5] = [
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
];

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    fs::read_to_string(top().join(name)).unwrap()
}

fn run(script: &str, args: &[&str]) -> Output {
    Command::new("bash")
        .arg(top().join(script))
        .args(args)
        .output()
        .unwrap()
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

#[test]
fn every_script_can_be_run_and_stops_at_an_error() {
    let mut scripts = 0;
    for path in files(&top().join("packaging")) {
        if path.extension().is_none_or(|ending| ending != "sh") {
            continue;
        }
        scripts += 1;
        let name = path.display();
        let script = fs::read_to_string(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        if path.ends_with("shared.sh") {
            // It is read by the others.
            assert_eq!(mode & 0o111, 0, "{name}");
        } else {
            assert!(script.starts_with("#!/usr/bin/env bash\n"), "{name}");
            assert!(script.contains("\nset -euo pipefail\n"), "{name}");
            assert_eq!(mode & 0o111, 0o111, "{name}");
        }
        let attribute = Command::new("git")
            .args(["check-attr", "eol", "--"])
            .arg(&path)
            .current_dir(top())
            .output()
            .unwrap();
        assert!(text(&attribute).ends_with(": eol: lf\n"), "{name}");
        let sound = Command::new("bash").arg("-n").arg(&path).output().unwrap();
        assert!(sound.status.success(), "{}", text(&sound));
    }
    assert_eq!(scripts, 12);
}

#[test]
fn a_tag_names_the_version() {
    let script = "packaging/release/version.sh";
    let output = run(script, &[&format!("v{VERSION}")]);
    assert_eq!(text(&output), format!("{VERSION}\n"));
    for tag in ["v99.0.0", VERSION, "v", "main"] {
        let output = run(script, &[tag]);
        assert_eq!(output.status.code(), Some(1), "{tag}");
        let said = format!(
            "`{tag}` isn't the version of Cargo.toml; tag `v{VERSION}`, or change it there\n"
        );
        assert_eq!(text(&output), said);
    }
}

/// Archives of all targets, their checksums and the manifest of krew, as a release makes them.
fn release() -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut sums = String::new();
    for target in TARGETS {
        let name = match target.contains("windows") {
            true => "rbac-eval.exe",
            false => "rbac-eval",
        };
        let binary = folder.path().join(name);
        fs::write(&binary, format!("a program for {target}")).unwrap();
        let dist = folder.path().join("dist");
        let output = run(
            "packaging/release/archive.sh",
            &[binary.to_str().unwrap(), target, dist.to_str().unwrap()],
        );
        let archive = dist.join(format!("rbac-eval-{VERSION}-{target}.tar.gz"));
        assert_eq!(text(&output), format!("{}\n", archive.display()));
        sums += &format!(
            "{:064x}  rbac-eval-{VERSION}-{target}.tar.gz\n",
            sums.len() + 1
        );
    }
    sums += &format!("{:064x} *rbac-eval.cdx.json\n", 7);
    fs::write(folder.path().join("SHA256SUMS"), sums).unwrap();
    folder
}

#[test]
fn an_archive_has_the_program_and_what_belongs_to_it() {
    let release = release();
    for target in TARGETS {
        let name = format!("rbac-eval-{VERSION}-{target}");
        let archive = release.path().join(format!("dist/{name}.tar.gz"));
        let into = TempDir::new().unwrap();
        let output = Command::new("tar")
            .arg("-xzf")
            .arg(&archive)
            .arg("-C")
            .arg(into.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output));
        let program = match target.contains("windows") {
            true => "rbac-eval.exe",
            false => "rbac-eval",
        };
        let found: BTreeSet<PathBuf> = files(into.path()).into_iter().collect();
        let expected = ["CHANGELOG.md", "LICENSE", "README.md", program];
        let expected = expected.map(|file| into.path().join(&name).join(file));
        assert_eq!(found, BTreeSet::from(expected.clone()));
        assert_eq!(
            fs::read_to_string(&expected[3]).unwrap(),
            format!("a program for {target}")
        );
        let mode = fs::metadata(&expected[3]).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
        assert_eq!(fs::read_to_string(&expected[1]).unwrap(), page("LICENSE"));
    }
}

#[test]
fn the_manifest_of_krew_names_each_archive_with_its_checksum() {
    let release = release();
    let sums = release.path().join("SHA256SUMS");
    let sums = sums.to_str().unwrap();
    let address = "https://github.com/contoso/rbac-eval";
    let output = run("packaging/release/krew.sh", &[VERSION, address, sums]);
    assert!(output.status.success(), "{}", text(&output));
    let printed = text(&output);
    let manifest: Value = serde_yaml::from_str(&printed).unwrap();
    assert!(
        !printed.lines().skip(1).any(|line| line.contains('@')),
        "{printed}"
    );
    assert_eq!(
        manifest["apiVersion"],
        "krew.googlecontainertools.github.com/v1alpha2"
    );
    assert_eq!(manifest["kind"], "Plugin");
    // kubectl finds `kubectl rbac-eval` by it.
    assert_eq!(manifest["metadata"]["name"], "rbac-eval");
    let spec = &manifest["spec"];
    assert_eq!(spec["version"], format!("v{VERSION}"));
    assert_eq!(spec["homepage"], address);
    // As krew's index asks for.
    let short = spec["shortDescription"].as_str().unwrap();
    assert!(short.len() <= 50 && !short.ends_with('.'), "{short}");
    let sums = fs::read_to_string(sums).unwrap();
    let platforms = spec["platforms"].as_array().unwrap();
    assert_eq!(platforms.len(), TARGETS.len());
    let mut selected = BTreeSet::new();
    for (platform, target) in platforms.iter().zip(TARGETS) {
        let name = format!("rbac-eval-{VERSION}-{target}");
        assert_eq!(
            platform["uri"],
            format!("{address}/releases/download/v{VERSION}/{name}.tar.gz")
        );
        let sum = platform["sha256"].as_str().unwrap();
        assert!(sums.contains(&format!("{sum}  {name}.tar.gz")), "{sum}");
        let bin = platform["bin"].as_str().unwrap();
        let files: Vec<&str> = platform["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file["from"].as_str().unwrap())
            .collect();
        assert_eq!(files, [format!("{name}/{bin}"), format!("{name}/LICENSE")]);
        let labels = &platform["selector"]["matchLabels"];
        let (os, arch) = (
            labels["os"].as_str().unwrap(),
            labels["arch"].as_str().unwrap(),
        );
        assert!(
            target.contains(os)
                && target.starts_with(match arch {
                    "amd64" => "x86_64",
                    _ => "aarch64",
                })
        );
        selected.insert((os, arch));
    }
    assert_eq!(selected.len(), TARGETS.len());
}

#[test]
fn a_manifest_is_not_filled_with_what_is_no_release() {
    let release = release();
    let sums = release.path().join("SHA256SUMS");
    let address = "https://github.com/contoso/rbac-eval";
    let fill = |version: &str, address: &str| {
        let output = run(
            "packaging/release/krew.sh",
            &[version, address, sums.to_str().unwrap()],
        );
        (output.status.code().unwrap(), text(&output))
    };
    for version in ["", "1 2", "1\n2", "@VERSION@"] {
        assert_eq!(fill(version, address).0, 2, "{version}");
    }
    for address in [
        "",
        "http://a/b",
        "https://",
        "https://a/b c",
        "https://a/b\nc: d",
    ] {
        assert_eq!(fill(VERSION, address).0, 2, "{address}");
    }
    // Of another version there are no checksums.
    let (exit, said) = fill("99.0.0", address);
    assert_eq!(exit, 1);
    assert!(
        said.contains("has no checksum of `rbac-eval-99.0.0-x86_64-unknown-linux-musl.tar.gz`")
    );
    let twice = page_of(&sums).repeat(2);
    fs::write(&sums, twice).unwrap();
    assert_eq!(fill(VERSION, address).0, 1);
}

fn page_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// The workflow and the action run scripts that are here, and give them what comes from outside by `env:`.
#[test]
fn workflows_run_what_is_here_and_no_outside_text_as_code() {
    let workflow = yaml(".github/workflows/release.yml");
    let mut scripts = 0;
    let mut targets = BTreeSet::new();
    for (name, job) in workflow["jobs"].as_object().unwrap() {
        for one in job["strategy"]["matrix"]["include"]
            .as_array()
            .into_iter()
            .flatten()
        {
            targets.insert(one["target"].as_str().unwrap().to_owned());
        }
        for step in job["steps"].as_array().unwrap() {
            let Some(code) = step["run"].as_str() else {
                let uses = step["uses"].as_str().unwrap();
                assert!(
                    uses.starts_with("actions/") && uses.contains("@v"),
                    "{uses}"
                );
                continue;
            };
            assert!(!code.contains("${{"), "{name}: {code}");
            for word in code.split_whitespace() {
                let word = word.trim_matches(|letter| "$()\"".contains(letter));
                if let Some(at) = word.find("packaging/") {
                    scripts += 1;
                    assert!(top().join(&word[at..]).is_file(), "{word}");
                }
            }
        }
    }
    assert_eq!(scripts, 4);
    assert_eq!(targets, TARGETS.map(str::to_owned).into());
    // All may read, and one job may write.
    assert_eq!(
        workflow["permissions"].to_string(),
        r#"{"contents":"read"}"#
    );
    let jobs = workflow["jobs"].as_object().unwrap();
    let allowed: Vec<&String> = jobs
        .iter()
        .filter(|(_, job)| !job["permissions"].is_null())
        .map(|(name, _)| name)
        .collect();
    assert_eq!(allowed, ["release"]);
}

/// The stages of the Dockerfile, each instruction with its words.
fn stages() -> Vec<Vec<(String, String)>> {
    let mut stages: Vec<Vec<(String, String)>> = Vec::new();
    for line in page("packaging/Dockerfile").lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (instruction, words) = line.split_once(' ').unwrap();
        if instruction == "FROM" {
            stages.push(Vec::new());
        }
        let stage = stages.last_mut().unwrap();
        stage.push((instruction.to_owned(), words.to_owned()));
    }
    stages
}

#[test]
fn the_image_holds_the_binary_alone_and_runs_as_nobody() {
    let stages = stages();
    let [build, image] = &*stages else {
        panic!("{stages:?}");
    };
    let toolchain = env!("CARGO_PKG_RUST_VERSION");
    let (_, from) = &build[0];
    let version = from
        .strip_prefix("rust:")
        .unwrap()
        .split('-')
        .next()
        .unwrap();
    let parts: Vec<u32> = version
        .split('.')
        .map(|part| part.parse().unwrap())
        .collect();
    let least: Vec<u32> = toolchain
        .split('.')
        .map(|part| part.parse().unwrap())
        .collect();
    assert_eq!(parts.len(), 3, "the image is pinned");
    assert!(parts >= least, "{version} builds what needs {toolchain}");
    let of = |wanted: &str| -> Vec<&str> {
        let words = image
            .iter()
            .filter(|(instruction, _)| instruction == wanted);
        words.map(|(_, words)| &**words).collect()
    };
    assert_eq!(of("FROM"), ["scratch"]);
    assert_eq!(of("COPY"), ["--from=build /rbac-eval /rbac-eval"]);
    assert_eq!(of("ENTRYPOINT"), [r#"["/rbac-eval"]"#]);
    assert_eq!(of("RUN").len() + of("ADD").len(), 0, "there is no shell");
    let [user] = of("USER")[..] else {
        panic!("{image:?}");
    };
    for id in user.split(':') {
        assert!(id.parse::<u32>().unwrap() > 0, "{user}");
    }
}

/// The files that the image is built from are all that Cargo needs.
#[test]
fn what_is_sent_to_the_build_of_the_image_is_enough() {
    let ignored = page("packaging/Dockerfile.dockerignore");
    let mut kept = ignored.lines().filter_map(|line| line.strip_prefix('!'));
    let folder = TempDir::new().unwrap();
    let copied = kept.by_ref().map(|name| {
        let (from, to) = (top().join(name), folder.path().join(name));
        match from.is_dir() {
            true => crate::support::copy(&from, &to),
            false => {
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                fs::copy(&from, &to).unwrap();
            }
        }
    });
    assert!(copied.count() > 4);
    assert!(folder.path().join("packaging/static.sh").is_file());
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--locked",
            "--format-version",
            "1",
        ])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    // Every file that the sources take in is there.
    for file in files(&folder.path().join("src")) {
        let code = fs::read_to_string(&file).unwrap();
        for (at, _) in code.match_indices("include_str!(\"") {
            let line = code[..at].rsplit('\n').next().unwrap();
            let name = code[at..].split('"').nth(1).unwrap();
            let there = file.parent().unwrap().join(name).is_file();
            assert!(
                there || line.starts_with("//"),
                "{}: {name}",
                file.display()
            );
        }
    }
}

/// The lines of the page's shell blocks, and why those that no test runs can't be run here.
#[test]
fn each_way_to_install_is_run_or_named() {
    // What is run, or made of the same words, and where.
    let held = [
        ("packaging/static.sh", ".ci/run"),
        ("cargo install --locked --path .", ".ci/run"),
        (
            "RBAC_EVAL_BASE=origin/main packaging/ci/judge.sh told",
            "tests/it/action.rs",
        ),
        (
            "ln -s \"$(command -v rbac-eval)\" ~/.local/bin/kubectl-rbac_eval",
            "tests/it/kubectl_plugin.rs",
        ),
        (
            "kubectl rbac-eval can-i get pods --as alice -n default -f cluster.yaml",
            "tests/it/kubectl_plugin.rs",
        ),
    ];
    // What needs a release, the network or a daemon.
    let unheld = [
        "cargo install --locked --git ",
        "docker ",
        "sha256sum ",
        "gh attestation ",
        "kubectl krew ",
    ];
    let page = page("docs/install.md");
    let mut inside = false;
    let mut commands = 0;
    for line in page.lines() {
        if let Some(language) = line.strip_prefix("```") {
            inside = language == "sh";
        } else if inside {
            commands += 1;
            let is_held = held.iter().any(|(command, _)| *command == line);
            let is_unheld = unheld.iter().any(|begin| line.starts_with(begin));
            assert!(is_held != is_unheld, "`{line}` is neither run nor named");
        }
    }
    assert_eq!(commands, held.len() + unheld.len() + 1);
    for (command, place) in held {
        assert!(
            page.contains(command) && top().join(place).is_file(),
            "{command}"
        );
    }
    assert!(page.contains(&format!("Rust {}", env!("CARGO_PKG_RUST_VERSION"))));
}

/// What the judge says in a folder, by itself.
fn judged(folder: &Path) -> Output {
    let mut judge = crate::support::loopback::script("packaging/ci/judge.sh");
    judge.arg("told").current_dir(folder);
    judge.env("RBAC_EVAL", env!("CARGO_BIN_EXE_rbac-eval"));
    judge.env("RBAC_EVAL_BASE", "origin/main");
    judge.output().unwrap()
}

/// The program gives the first words of the page's own example.
#[test]
fn the_judge_runs_by_itself_as_the_page_says() {
    let folder = crate::support::gates::hiding();
    crate::support::gates::git(
        folder.path(),
        &["update-ref", "refs/remotes/origin/main", "main"],
    );
    let output = judged(folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let told = |name: &str| fs::read_to_string(folder.path().join("told").join(name)).unwrap();
    assert_eq!((&*told("exit"), &*told("result")), ("1\n", "changed\n"));
    let names: BTreeSet<String> = fs::read_dir(folder.path().join("told"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let expected = [
        "commit",
        "diff.json",
        "diff.md",
        "diff.sarif",
        "diff.txt",
        "exit",
        "result",
    ];
    assert_eq!(names, expected.map(str::to_owned).into());
}

#[test]
fn outside_of_a_repository_the_judge_says_so() {
    let folder = TempDir::new().unwrap();
    let output = judged(folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output),
        "error: git reads no repository here; run this in the checkout, and where that is another user's, \
         let `git config --global --add safe.directory` name it\n"
    );
}

//! The GitHub action: the steps of `action.yml`, run in a sandbox against a recorded API.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::ci::{Runner, replaced, yaml};
use crate::support::gates::{adds, bound, commit, git, hiding, put, repository};
use crate::support::loopback::{Answer, Loopback, TOKEN};
use crate::support::pull_requests::GitHub;

/// A run of the action.
struct Run {
    runner: Runner,
    inputs: BTreeMap<String, String>,
    event: Value,
    /// How the steps ended that have an ID, and what they left.
    outputs: BTreeMap<String, String>,
    log: String,
    /// The actions that were called, with what they were given.
    called: Vec<(String, Value)>,
    exit: i32,
}

impl Run {
    fn new(server: &Loopback<GitHub>, checkout: TempDir) -> Self {
        let action = yaml("action.yml");
        let mut inputs = BTreeMap::new();
        for (name, input) in action["inputs"].as_object().unwrap() {
            let default = input["default"].as_str().unwrap().to_owned();
            inputs.insert(name.clone(), default);
        }
        inputs.insert("token".to_owned(), TOKEN.to_owned());
        let mut runner = Runner::of(checkout);
        let head = runner.head();
        for (name, value) in [
            ("GITHUB_ACTION_PATH", env!("CARGO_MANIFEST_DIR").to_owned()),
            ("GITHUB_API_URL", server.url()),
            ("GITHUB_SERVER_URL", "https://github.com".to_owned()),
            ("GITHUB_REPOSITORY", "contoso/clusters".to_owned()),
            ("GITHUB_RUN_ID", "42".to_owned()),
            ("GITHUB_BASE_REF", "main".to_owned()),
        ] {
            runner.set(name, value);
        }
        for (name, file) in [
            ("GITHUB_EVENT_PATH", "event.json"),
            ("GITHUB_OUTPUT", "output"),
            ("GITHUB_STEP_SUMMARY", "summary.md"),
            ("RUNNER_TEMP", "temp"),
        ] {
            runner.set(name, runner.path(file).display().to_string());
        }
        Run {
            runner,
            inputs,
            event: json!({"number": 7, "pull_request": {"number": 7, "head": {"sha": head}}}),
            outputs: BTreeMap::new(),
            log: String::new(),
            called: Vec::new(),
            exit: 0,
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        let input = self.inputs.get_mut(name).expect("an input of the action");
        value.clone_into(input);
        self
    }

    /// The value of an expression.
    fn value(&self, expression: &str) -> Option<String> {
        if let Some(name) = expression.strip_prefix("inputs.") {
            return self.inputs.get(name).cloned();
        }
        match expression {
            "runner.os" => Some("Linux".to_owned()),
            "runner.arch" => Some("X64".to_owned()),
            "github.event.pull_request.number" => {
                let number = &self.event["pull_request"]["number"];
                Some(
                    number
                        .as_u64()
                        .map_or_else(String::new, |number| number.to_string()),
                )
            }
            _ => {
                let step = expression.strip_prefix("steps.")?;
                // What no step has left is empty.
                step.contains(".outputs.")
                    .then(|| self.outputs.get(step).cloned().unwrap_or_default())
            }
        }
    }

    /// Whether the condition of a step holds: parts with `&&` between them.
    fn holds(&self, condition: &str) -> bool {
        let value = |word: &str| match word.trim().strip_prefix('\'') {
            Some(text) => text.strip_suffix('\'').unwrap().to_owned(),
            None => self
                .value(word.trim())
                .unwrap_or_else(|| panic!("`{word}` isn't known here")),
        };
        condition.split("&&").all(|part| {
            if let Some((left, right)) = part.split_once("==") {
                value(left) == value(right)
            } else if let Some((left, right)) = part.split_once("!=") {
                value(left) != value(right)
            } else {
                !value(part).is_empty()
            }
        })
    }

    /// Runs all steps as GitHub does: after one that fails, none runs.
    fn finish(mut self) -> Self {
        fs::write(self.runner.path("event.json"), self.event.to_string()).unwrap();
        let action = yaml("action.yml");
        for step in action["runs"]["steps"].as_array().unwrap() {
            if step["if"].as_str().is_some_and(|one| !self.holds(one)) {
                continue;
            }
            let filled = |value: &Value| replaced(value.as_str().unwrap(), |one| self.value(one));
            if let Some(uses) = step["uses"].as_str() {
                let with = step["with"].as_object().unwrap();
                let with: BTreeMap<_, _> = with
                    .iter()
                    .map(|(name, value)| (name, filled(value)))
                    .collect();
                self.called.push((uses.to_owned(), json!(with)));
                continue;
            }
            assert_eq!(step["shell"], "bash");
            let environment = step["env"].as_object().unwrap();
            let environment: Vec<(String, String)> = environment
                .iter()
                .map(|(name, value)| (name.clone(), filled(value)))
                .collect();
            let folder = match step["working-directory"].is_null() {
                true => self.runner.checkout.path().to_owned(),
                false => self
                    .runner
                    .checkout
                    .path()
                    .join(filled(&step["working-directory"])),
            };
            let output = self.runner.path("output");
            fs::write(&output, "").unwrap();
            let code = step["run"].as_str().unwrap();
            let (exit, log) = self.runner.step(code, &folder, &environment);
            assert!(!log.contains(TOKEN), "{log}");
            self.log += &log;
            for line in fs::read_to_string(&output).unwrap().lines() {
                let (name, value) = line.split_once('=').unwrap();
                let step = step["id"].as_str().unwrap();
                let name = format!("{step}.outputs.{name}");
                self.outputs.insert(name, value.to_owned());
            }
            if exit != 0 && step["continue-on-error"] != true {
                self.exit = exit;
                break;
            }
        }
        self
    }

    fn summary(&self) -> String {
        self.runner.read("summary.md")
    }

    fn left(&self, name: &str) -> String {
        let folder = self.outputs["judge.outputs.folder"].clone();
        fs::read_to_string(Path::new(&folder).join(name)).unwrap()
    }
}

fn bodies(server: &Loopback<GitHub>) -> Vec<String> {
    server.api(|api| api.bodies().into_iter().map(str::to_owned).collect())
}

fn methods(server: &Loopback<GitHub>) -> Vec<String> {
    let asked = server.asked();
    asked.into_iter().map(|request| request.method).collect()
}

#[test]
fn a_grave_gain_is_commented_and_fails_the_job() {
    let server = Loopback::new(GitHub::new());
    let run = Run::new(&server, hiding()).finish();
    assert_eq!(run.exit, 1, "{}", run.log);
    let bodies = bodies(&server);
    assert_eq!(bodies.len(), 1);
    let told = &bodies[0];
    assert!(
        told.starts_with("<!-- rbac-eval: default -->\n\n**1 subject gains"),
        "{told}"
    );
    assert!(told.contains("User `eve`"), "{told}");
    let head = run.runner.head();
    assert!(told.ends_with(&format!("\n\nof commit `{head}`")), "{told}");
    // The same in the summary, and the table in the log.
    assert!(run.summary().contains("User `eve`"), "{}", run.summary());
    assert!(run.log.contains("critical  User eve gains"), "{}", run.log);
    assert_eq!(run.outputs["judge.outputs.exit-code"], "1");
    assert_eq!(run.outputs["judge.outputs.result"], "changed");
    for name in ["diff.json", "diff.sarif"] {
        let _: Value = serde_json::from_str(&run.left(name)).unwrap();
    }
    assert_eq!(run.left("exit"), "1\n");
    let folder = &run.outputs["judge.outputs.folder"];
    assert_eq!(
        run.called[2],
        (
            "github/codeql-action/upload-sarif@v4".to_owned(),
            json!({"sarif_file": format!("{folder}/diff.sarif"), "category": "rbac-eval-default"})
        )
    );
}

#[test]
fn it_is_installed_from_its_own_checkout() {
    let server = Loopback::new(GitHub::new());
    let checkout = hiding();
    // What a stranger writes there would run their programs.
    put(
        checkout.path(),
        ".cargo/config.toml",
        "build.rustc = \"./evil\"\n",
    );
    put(
        checkout.path(),
        "rust-toolchain.toml",
        "toolchain.path = \"./evil\"\n",
    );
    commit(checkout.path());
    let run = Run::new(&server, checkout).finish();
    let root = &run.outputs["key.outputs.root"];
    assert_eq!(
        run.runner.cargo(),
        format!(
            "{} install --locked --path . --bin rbac-eval --root {root}\n",
            env!("CARGO_MANIFEST_DIR")
        )
    );
    let key = &run.outputs["key.outputs.key"];
    let key = format!("rbac-eval-Linux-X64-{key}");
    let cached = json!({"path": root, "key": key});
    for (called, uses) in run.called.iter().zip(["restore", "save"]) {
        let uses = format!("actions/cache/{uses}@v4");
        assert_eq!(*called, (uses, cached.clone()));
    }
    assert_eq!(run.exit, 1);
    // What the cache has isn't built again, nor kept again.
    let mut again = run;
    again.called.clear();
    again
        .outputs
        .insert("cache.outputs.cache-hit".to_owned(), "true".to_owned());
    let again = again.finish();
    assert_eq!(again.runner.cargo().lines().count(), 1);
    let called: Vec<&str> = again.called.iter().map(|(uses, _)| &**uses).collect();
    assert_eq!(
        called,
        [
            "actions/cache/restore@v4",
            "github/codeql-action/upload-sarif@v4"
        ]
    );
}

#[test]
fn the_second_push_updates_the_comment_down_to_nothing() {
    let server = Loopback::new(GitHub::new());
    let first = Run::new(&server, hiding()).finish();
    let checkout = first.runner.checkout;
    fs::remove_file(checkout.path().join("eve.yaml")).unwrap();
    commit(checkout.path());
    let second = Run::new(&server, checkout).finish();
    assert_eq!(second.exit, 0, "{}", second.log);
    assert_eq!(second.outputs["judge.outputs.result"], "nothing");
    let bodies = bodies(&server);
    assert_eq!(bodies.len(), 1);
    assert!(!bodies[0].contains("eve"), "{}", bodies[0]);
    assert!(bodies[0].ends_with(&format!("of commit `{}`", second.runner.head())));
    assert_eq!(methods(&server), ["GET", "POST", "GET", "PATCH"]);
}

#[test]
fn a_change_of_nothing_makes_no_comment() {
    let server = Loopback::new(GitHub::new());
    let checkout = repository(&[]);
    adds("README.md", "# x\n")(checkout.path());
    let run = Run::new(&server, checkout).finish();
    assert_eq!((run.exit, bodies(&server).len()), (0, 0), "{}", run.log);
    assert_eq!(run.left("result"), "nothing\n");
    assert!(!run.summary().is_empty());
}

/// The gate ends as it does whatever becomes of the comment.
#[test]
fn an_error_of_the_api_leaves_the_verdict() {
    let server = Loopback::new(GitHub::new());
    let fork = || {
        Answer::json(
            403,
            &json!({"message": "Resource not accessible by integration"}),
        )
    };
    server.answer_next("POST", fork());
    let run = Run::new(&server, hiding()).finish();
    assert_eq!(run.exit, 1, "{}", run.log);
    assert!(
        run.log
            .contains("::error title=rbac-eval::writing the comment is refused (403")
    );
    let summary = run.summary();
    assert!(summary.contains("User `eve`"), "{summary}");
    assert!(
        summary.contains("> The comment couldn't be written: the token may only read."),
        "{summary}"
    );
    server.answer_next("POST", fork());
    let harmless = repository(&[]);
    adds("rbac/eve.yaml", &bound("view"))(harmless.path());
    let run = Run::new(&server, harmless).finish();
    assert_eq!(run.exit, 0, "{}", run.log);
    assert!(run.log.contains("is refused (403"), "{}", run.log);
}

#[test]
fn what_can_not_be_judged_fails_the_job_and_is_told() {
    let server = Loopback::new(GitHub::new());
    let run = |change: &dyn Fn(&Path)| {
        let checkout = repository(&[]);
        change(checkout.path());
        commit(checkout.path());
        Run::new(&server, checkout).finish()
    };
    let first = run(&|folder| put(folder, "rbac/broken.yaml", "a: [\n"));
    assert_eq!(first.exit, 2, "{}", first.log);
    let told = bodies(&server).pop().unwrap();
    assert!(
        told.contains("**Not all of this change is judged; the log of the run says"),
        "{told}"
    );
    // No answer at all.
    let second = run(&|folder| put(folder, ".rbac-eval.yaml", "files: [\n"));
    let third = {
        let checkout = repository(&[(".rbac-eval.yaml", "files: [\n")]);
        adds("rbac/eve.yaml", &bound("view"))(checkout.path());
        Run::new(&server, checkout).finish()
    };
    assert_eq!(
        (second.exit, third.exit),
        (2, 2),
        "{}{}",
        second.log,
        third.log
    );
    assert_eq!(third.outputs["judge.outputs.result"], "failed");
    let told = bodies(&server).pop().unwrap();
    assert!(told.contains("**This change couldn't be judged; the log of the run says why.**"));
    assert!(third.log.contains(".rbac-eval.yaml"), "{}", third.log);
    // There is no SARIF to upload.
    assert_eq!(third.called.len(), 2);
    assert_eq!(bodies(&server).len(), 1);
}

#[test]
fn what_is_judged_comes_from_the_inputs() {
    let server = Loopback::new(GitHub::new());
    let settings =
        "environments:\n- {name: prod, files: [prod]}\n- {name: stage, files: [stage]}\n";
    let checkout = || {
        let checkout = repository(&[
            (".rbac-eval.yaml", settings),
            ("prod/x.yaml", &bound("view")),
            ("stage/x.yaml", &bound("view")),
            ("odd folder/x.yaml", &bound("view")),
        ]);
        put(checkout.path(), "prod/x.yaml", &bound("edit"));
        put(checkout.path(), "stage/x.yaml", &bound("admin"));
        put(
            checkout.path(),
            "odd folder/x.yaml",
            &bound("cluster-admin"),
        );
        commit(checkout.path());
        checkout
    };
    let told = |run: Run| {
        let run = run.finish();
        assert_eq!(run.exit, 0, "{}", run.log);
        (run.left("diff.txt"), run)
    };
    let new = || Run::new(&server, checkout()).with("fail-on", "never");
    let (all, _) = told(new());
    assert!(
        all.contains("environment prod:") && all.contains("environment stage:"),
        "{all}"
    );
    let (stage, _) = told(new().with("environments", "stage\n"));
    assert!(
        stage.contains("ClusterRole admin") && !stage.contains("edit"),
        "{stage}"
    );
    let (odd, _) = told(new().with("files", "odd folder\n\n"));
    assert!(
        odd.contains("cluster-admin") && !odd.contains("stage"),
        "{odd}"
    );
    let (none, _) = told(
        new()
            .with("files", "odd folder")
            .with("args", "--defaults\nnone"),
    );
    assert!(!none.contains("critical"), "{none}");
    // Of another folder.
    let (below, run) = told(
        new()
            .with("working-directory", "odd folder")
            .with("files", "."),
    );
    assert!(below.contains("cluster-admin"), "{below}");
    // Code scanning takes paths from the top of the repository.
    let sarif: Value = serde_json::from_str(&run.left("diff.sarif")).unwrap();
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "odd%20folder/x.yaml");
    // Of another commit.
    let (base, run) = told(new().with("base", "HEAD~1").with("comment", "false"));
    assert_eq!(base, all);
    assert_eq!(run.called.len(), 3);
    let (_, run) = told(new().with("sarif", "false").with("name", "prod"));
    assert_eq!(run.called.len(), 2);
    assert!(run.outputs["judge.outputs.folder"].ends_with("/rbac-eval-told/prod"));
    let names: Vec<String> = bodies(&server)
        .iter()
        .map(|body| body.lines().next().unwrap().to_owned())
        .collect();
    assert_eq!(
        names,
        ["<!-- rbac-eval: default -->", "<!-- rbac-eval: prod -->"]
    );
}

/// What comes from outside is an argument, whatever it looks like.
#[test]
fn inputs_are_no_code() {
    let server = Loopback::new(GitHub::new());
    let evil = "$(touch evil); `touch evil` ' \" && touch evil #";
    let inputs = [
        ("base", evil),
        ("base", "--output=json"),
        ("files", evil),
        ("environments", evil),
        ("environments", "::error::x"),
        ("kubernetes-version", evil),
        ("args", evil),
        ("args", "--output=json"),
        ("args", "-h"),
        ("args", "::error::x"),
        ("fail-on", evil),
        ("name", evil),
        ("name", "../../x"),
    ];
    for (input, evil) in inputs {
        let run = Run::new(&server, hiding()).with(input, evil).finish();
        // Files and environments that don't exist, and so on: nothing is judged as sound.
        assert!(run.exit != 0, "{input}: {}", run.log);
        let found = run.runner.checkout.path().join("evil");
        assert!(!found.exists(), "{input}");
    }
    // The name of the branch that the pull request goes to.
    let mut run = Run::new(&server, hiding());
    let branch = "x$(touch${IFS}evil)";
    let name = format!("refs/remotes/origin/{branch}");
    git(run.runner.checkout.path(), &["update-ref", &name, "main"]);
    run.runner.set("GITHUB_BASE_REF", branch);
    let run = run.finish();
    assert_eq!(run.exit, 1, "{}", run.log);
    assert!(run.log.contains("critical  User eve gains"), "{}", run.log);
    assert!(!run.runner.checkout.path().join("evil").exists());
}

#[test]
fn the_version_of_kubernetes_is_passed_on() {
    let server = Loopback::new(GitHub::new());
    let of = |version| {
        let run = Run::new(&server, hiding()).with("kubernetes-version", version);
        run.finish()
    };
    let run = of("1.33");
    assert_eq!(run.exit, 1, "{}", run.log);
    assert!(run.log.contains("critical  User eve gains"), "{}", run.log);
    let run = of("0.1");
    assert_eq!(run.exit, 2, "{}", run.log);
    assert_eq!(run.outputs["judge.outputs.result"], "failed");
    let run = Run::new(&server, hiding()).with("kubernetes-version", "1.33");
    let log = run.runner.path("arguments");
    // In place of the program, which may know the flag or not.
    let program = run.runner.path("bin/cargo");
    crate::support::stand_in::write_program(
        &program,
        &format!(
            "while [ \"$1\" != --root ]; do shift; done\nmkdir -p \"$2/bin\"\n\
             printf '#!/bin/sh\\nprintf \"%%s|\" \"$@\" >> \"{}\"\\nexit 2\\n' > \"$2/bin/rbac-eval\"\n\
             chmod 755 \"$2/bin/rbac-eval\"\n",
            log.display()
        ),
    );
    let run = run.finish();
    assert_eq!(run.exit, 2, "{}", run.log);
    assert_eq!(
        run.runner.read("arguments"),
        "diff|git:refs/remotes/origin/main|--kubernetes-version=1.33|--fail-on=high|--output=json|"
    );
}

#[test]
fn names_run_no_command_in_the_log() {
    let server = Loopback::new(GitHub::new());
    let checkout = repository(&[]);
    for (number, name) in [
        "::error::x",
        "a\\n::set-env name=PATH::x",
        "##vso[task.setvariable variable=x]y",
        "##[group]x",
        "x\\r\\n##[error]y",
        "::stop-commands::x",
    ]
    .into_iter()
    .enumerate()
    {
        let binding = bound("cluster-admin")
            .replace("name: eve}]", &format!("name: \"{name}\"}}]"))
            .replace("{name: eve}", &format!("{{name: eve{number}}}"));
        put(checkout.path(), &format!("rbac/eve{number}.yaml"), &binding);
        put(
            checkout.path(),
            &format!("rbac/{}.yaml", name.replace(['\\', '/'], "")),
            "a: [\n",
        );
    }
    commit(checkout.path());
    // Each step is looked at line by line.
    let run = Run::new(&server, checkout).finish();
    assert_eq!(run.exit, 2, "{}", run.log);
    assert!(
        bodies(&server)[0].contains("stop-commands"),
        "{}",
        bodies(&server)[0]
    );
}

#[test]
fn a_clone_that_lacks_the_base_says_what_to_set() {
    let server = Loopback::new(GitHub::new());
    let run = Run::new(&server, hiding());
    git(
        run.runner.checkout.path(),
        &["update-ref", "-d", "refs/remotes/origin/main"],
    );
    let run = run.finish();
    assert_eq!(run.exit, 1);
    assert!(
        run.log.contains("is no commit of this clone"),
        "{}",
        run.log
    );
    assert!(run.log.contains("`fetch-depth: 0`"), "{}", run.log);

    // Without a common commit.
    let origin = hiding();
    let shallow = TempDir::new().unwrap();
    let url = format!("file://{}", origin.path().display());
    let to = shallow.path().to_str().unwrap();
    git(
        origin.path(),
        &[
            "clone", "--quiet", "--depth", "1", "--branch", "change", &url, to,
        ],
    );
    git(
        shallow.path(),
        &[
            "fetch",
            "--quiet",
            "--depth",
            "1",
            "origin",
            "main:refs/heads/main",
        ],
    );
    let run = Run::new(&server, shallow).finish();
    assert_eq!(run.exit, 2, "{}", run.log);
    assert!(run.log.contains("this clone is shallow"), "{}", run.log);
    assert!(run.log.contains("`fetch-depth: 0`"), "{}", run.log);
}

/// `pull_request_target` checks out the branch that the pull request goes to.
#[test]
fn a_checkout_of_the_base_is_no_pull_request() {
    let server = Loopback::new(GitHub::new());
    let checkout = hiding();
    git(checkout.path(), &["switch", "--quiet", "main"]);
    let run = Run::new(&server, checkout).finish();
    assert_eq!(run.exit, 1, "{}", run.log);
    assert!(
        run.log.contains("so nothing of the pull request is judged"),
        "{}",
        run.log
    );
    assert_eq!(bodies(&server).len(), 0);
}

#[test]
fn other_events_name_what_the_change_is_held_against() {
    let server = Loopback::new(GitHub::new());
    let without = || {
        let mut run = Run::new(&server, hiding());
        run.runner.environment.remove("GITHUB_BASE_REF");
        run.event = json!({});
        run
    };
    let run = without().finish();
    assert_eq!(run.exit, 1, "{}", run.log);
    assert!(
        run.log.contains("say with the input \"base\""),
        "{}",
        run.log
    );
    // A push, and a merge queue.
    let run = without().with("base", "main").finish();
    assert!(run.log.contains("critical  User eve gains"), "{}", run.log);
    let mut run = without();
    let main =
        crate::support::gates::git_answer(run.runner.checkout.path(), &["rev-parse", "main"]);
    run.event = json!({"merge_group": {"base_sha": main}});
    let run = run.finish();
    assert!(run.log.contains("critical  User eve gains"), "{}", run.log);
    assert_eq!(run.exit, 1);
    // Neither is about a pull request that could have a comment.
    assert_eq!(server.asked().len(), 0);
}

/// A pull request is checked out as a merge that nobody made.
#[test]
fn a_merge_is_judged_by_what_the_branch_brings() {
    let server = Loopback::new(GitHub::new());
    let checkout = hiding();
    let head = crate::support::gates::git_answer(checkout.path(), &["rev-parse", "HEAD"]);
    git(checkout.path(), &["switch", "--quiet", "main"]);
    let other = bound("admin").replace("eve", "mallory");
    adds("rbac/mallory.yaml", &other)(checkout.path());
    git(checkout.path(), &["switch", "--quiet", "--detach"]);
    git(
        checkout.path(),
        &["merge", "--quiet", "--no-edit", "change"],
    );
    let mut run = Run::new(&server, checkout);
    run.event["pull_request"]["head"]["sha"] = json!(head);
    let run = run.finish();
    assert_eq!(run.exit, 1, "{}", run.log);
    let told = &bodies(&server)[0];
    assert!(
        told.contains("`eve`") && !told.contains("mallory"),
        "{told}"
    );
    assert!(told.ends_with(&format!("of commit `{head}`")), "{told}");
}

/// Every input reaches a script by the environment, and is read there.
#[test]
fn every_input_is_used() {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].to_string();
    for name in action["inputs"].as_object().unwrap().keys() {
        assert!(steps.contains(&format!("inputs.{name}")), "{name}");
    }
    let doc =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/install.md")).unwrap();
    for name in action["inputs"].as_object().unwrap().keys() {
        assert!(doc.contains(&format!("| `{name}` |")), "{name}");
    }
}

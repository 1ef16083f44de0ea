//! The template for Azure Pipelines, its steps run in a sandbox against a recorded API.

use std::collections::BTreeMap;
use std::fs;

use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::ci::{Runner, replaced, yaml};
use crate::support::gates::{adds, bound, commit, git, hiding, repository};
use crate::support::loopback::{Answer, Loopback, TOKEN};
use crate::support::pull_requests::{AzureRepos, THREADS};

const TEMPLATE: &str = "packaging/azure-pipelines/rbac-eval.yml";

/// A run of the template's steps.
struct Run {
    runner: Runner,
    parameters: BTreeMap<String, String>,
    /// Variables that macros (`$(…)`) and conditions name.
    variables: BTreeMap<String, String>,
    log: String,
    /// The tasks that were run, with their inputs.
    tasks: Vec<(String, Value)>,
    exit: i32,
}

impl Run {
    fn new(server: &Loopback<AzureRepos>, checkout: TempDir) -> Self {
        let mut parameters = BTreeMap::new();
        for parameter in yaml(TEMPLATE)["parameters"].as_array().unwrap() {
            let default = match &parameter["default"] {
                // So expressions show them.
                Value::Bool(true) => "True".to_owned(),
                Value::String(text) => text.clone(),
                other => panic!("{other}"),
            };
            parameters.insert(parameter["name"].as_str().unwrap().to_owned(), default);
        }
        let mut runner = Runner::of(checkout);
        // The template checks out both repositories itself.
        let build = runner.path("build");
        fs::create_dir(&build).unwrap();
        std::os::unix::fs::symlink(runner.checkout.path(), build.join("s")).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_MANIFEST_DIR"), build.join("rbac-eval")).unwrap();
        let head = runner.head();
        let mut variables = BTreeMap::new();
        for (name, value) in [
            ("Agent.BuildDirectory", build.display().to_string()),
            (
                "Agent.TempDirectory",
                runner.path("temp").display().to_string(),
            ),
            ("System.CollectionUri", format!("{}/contoso/", server.url())),
            (
                "System.TeamProjectId",
                THREADS.split('/').nth(2).unwrap().to_owned(),
            ),
            (
                "Build.Repository.Id",
                THREADS.split('/').nth(6).unwrap().to_owned(),
            ),
            ("Build.Repository.Provider", "TfsGit".to_owned()),
            ("Build.BuildId", "42".to_owned()),
            ("Build.Reason", "PullRequest".to_owned()),
            ("System.PullRequest.PullRequestId", "7".to_owned()),
            (
                "System.PullRequest.TargetBranch",
                "refs/heads/main".to_owned(),
            ),
            ("System.PullRequest.SourceCommitId", head),
        ] {
            // Every variable but a secret is in the environment of a step.
            runner.set(&name.to_uppercase().replace('.', "_"), value.clone());
            variables.insert(name.to_owned(), value);
        }
        variables.insert("System.AccessToken".to_owned(), TOKEN.to_owned());
        Run {
            runner,
            parameters,
            variables,
            log: String::new(),
            tasks: Vec::new(),
            exit: 0,
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        let parameter = self.parameters.get_mut(name).expect("a parameter");
        value.clone_into(parameter);
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        let variable = self.variables.get_mut(name).expect("a variable");
        value.clone_into(variable);
        let name = name.to_uppercase().replace('.', "_");
        self.runner.set(&name, value);
        self
    }

    /// A text of the template as a step gets it: first expressions are filled in, then macros.
    fn filled(&self, value: &Value) -> String {
        let text = replaced(value.as_str().unwrap(), |expression| {
            self.parameters
                .get(expression.strip_prefix("parameters.")?)
                .cloned()
        });
        let mut out = text.clone();
        for (name, value) in &self.variables {
            out = out.replace(&format!("$({name})"), value);
        }
        out
    }

    /// Whether all parts of `and(…)` hold.
    fn holds(&self, condition: &str) -> bool {
        let parts = condition
            .strip_prefix("and(")
            .and_then(|rest| rest.strip_suffix(')'));
        let value = |word: &str| {
            let variable = word
                .strip_prefix("variables['")
                .and_then(|rest| rest.strip_suffix("']"));
            match variable {
                Some(name) => self.variables.get(name).cloned().unwrap(),
                None => word.trim_matches('\'').to_owned(),
            }
        };
        parts.unwrap().replace("), ", ")|").split('|').all(|part| {
            let inside = part
                .strip_prefix("eq(")
                .and_then(|rest| rest.strip_suffix(')'));
            match (part, inside) {
                ("succeeded()", _) => self.exit == 0,
                ("succeededOrFailed()", _) => true,
                (_, Some(inside)) => {
                    let (left, right) = inside.split_once(", ").unwrap();
                    value(left) == value(right)
                }
                _ => panic!("`{part}` isn't known here"),
            }
        })
    }

    fn finish(mut self) -> Self {
        let steps = yaml(TEMPLATE)["steps"].clone();
        for step in steps.as_array().unwrap() {
            let runs = match step["condition"].is_null() {
                true => self.exit == 0,
                false => self.holds(&self.filled(&step["condition"])),
            };
            if !runs || !step["checkout"].is_null() {
                continue;
            }
            if let Some(task) = step["task"].as_str() {
                let inputs = step["inputs"].as_object().unwrap();
                let inputs: BTreeMap<_, _> = inputs
                    .iter()
                    .map(|(name, value)| (name, self.filled(value)))
                    .collect();
                self.tasks.push((task.to_owned(), json!(inputs)));
                continue;
            }
            let environment = step["env"].as_object().unwrap();
            let environment: Vec<(String, String)> = environment
                .iter()
                .map(|(name, value)| (name.clone(), self.filled(value)))
                .collect();
            let folder = match step["workingDirectory"].is_null() {
                true => self.runner.checkout.path().to_owned(),
                false => self.filled(&step["workingDirectory"]).into(),
            };
            let code = step["bash"].as_str().unwrap();
            let (exit, log) = self.runner.step(code, &folder, &environment);
            assert!(!log.contains(TOKEN), "{log}");
            self.log += &log;
            if exit != 0 && step["continueOnError"] != true && self.exit == 0 {
                self.exit = exit;
            }
        }
        self
    }

    fn left(&self, name: &str) -> String {
        self.runner
            .read(&format!("temp/rbac-eval-told/default/{name}"))
    }
}

fn told(server: &Loopback<AzureRepos>) -> Vec<(String, String)> {
    let own = |(content, status): (&str, &str)| (content.to_owned(), status.to_owned());
    server.api(|api| api.told().into_iter().map(own).collect())
}

#[test]
fn a_grave_gain_begins_a_thread_and_fails_the_job() {
    let server = Loopback::new(AzureRepos::new());
    let run = Run::new(&server, hiding()).finish();
    assert_eq!(run.exit, 1, "{}", run.log);
    let (content, status) = told(&server).remove(0);
    assert!(
        content.starts_with("<!-- rbac-eval: default -->\n\n**1 subject gains"),
        "{content}"
    );
    assert!(
        content.ends_with(&format!("of commit `{}`", run.runner.head())),
        "{content}"
    );
    assert_eq!(status, "active");
    assert!(run.log.contains("critical  User eve gains"), "{}", run.log);
    let summary = run.runner.path("temp/rbac-eval-told/default/diff.md");
    let upload = format!("##vso[task.uploadsummary]{}\n", summary.display());
    assert!(run.log.contains(&upload), "{}", run.log);
    // The artifact has the SARIF.
    let folder = run.runner.path("temp/rbac-eval-sarif");
    assert_eq!(
        run.tasks,
        [(
            "PublishBuildArtifacts@1".to_owned(),
            json!({"PathtoPublish": folder.display().to_string(), "ArtifactName": "CodeAnalysisLogs"})
        )]
    );
    let sarif = run
        .runner
        .read("temp/rbac-eval-sarif/rbac-eval-default.sarif");
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    // The program comes from the other checkout, which the working folder can't change.
    let cargo = run.runner.cargo();
    assert!(
        cargo.contains(" install --locked --path . --bin rbac-eval --root "),
        "{cargo}"
    );
    let from = cargo.split(' ').next().unwrap();
    let from = fs::canonicalize(from).unwrap();
    assert_eq!(from, fs::canonicalize(env!("CARGO_MANIFEST_DIR")).unwrap());
}

#[test]
fn the_second_push_updates_the_thread_down_to_nothing() {
    let server = Loopback::new(AzureRepos::new());
    let checkout = Run::new(&server, hiding()).finish().runner.checkout;
    fs::remove_file(checkout.path().join("eve.yaml")).unwrap();
    commit(checkout.path());
    let run = Run::new(&server, checkout).finish();
    assert_eq!(run.exit, 0, "{}", run.log);
    let told = told(&server);
    assert_eq!(told.len(), 1);
    assert!(!told[0].0.contains("eve"), "{}", told[0].0);
    assert_eq!(told[0].1, "closed");
    assert_eq!(run.left("result"), "nothing\n");
}

#[test]
fn an_error_of_the_api_leaves_the_verdict() {
    let server = Loopback::new(AzureRepos::new());
    let refused = || {
        Answer::json(
            403,
            &json!({"message": "TF401027: You need the permission"}),
        )
    };
    server.answer_next("POST", refused());
    let run = Run::new(&server, hiding()).finish();
    assert_eq!(run.exit, 1, "{}", run.log);
    let said =
        "##vso[task.logissue type=error]rbac-eval: writing the comment is refused (403: TF401027";
    assert!(run.log.contains(said), "{}", run.log);
    server.answer_next("POST", refused());
    let harmless = repository(&[]);
    adds("rbac/eve.yaml", &bound("view"))(harmless.path());
    let run = Run::new(&server, harmless).finish();
    assert_eq!(run.exit, 0, "{}", run.log);
    assert!(run.log.contains("is refused (403"), "{}", run.log);
}

#[test]
fn parameters_say_what_is_judged_and_are_no_code() {
    let server = Loopback::new(AzureRepos::new());
    let new = || Run::new(&server, hiding());
    assert_eq!(new().with("failOn", "never").finish().exit, 0);
    let run = new()
        .with("comment", "False")
        .with("sarif", "False")
        .finish();
    assert_eq!((run.exit, run.tasks.len()), (1, 0));
    let run = new().with("files", "rbac").finish();
    assert_eq!(run.exit, 0, "{}", run.log);
    let run = new()
        .with("workingDirectory", "rbac")
        .with("files", ".")
        .finish();
    assert_eq!(run.exit, 0, "{}", run.log);
    let run = new().with("base", "HEAD~1").finish();
    assert_eq!(run.exit, 1, "{}", run.log);
    let before = told(&server).len();
    let run = new().with("name", "prod").finish();
    assert_eq!(run.exit, 1);
    assert_eq!(told(&server).len(), before + 1);
    let evil = "`touch evil` ' \" && touch evil #";
    for parameter in [
        "base",
        "files",
        "environments",
        "kubernetesVersion",
        "args",
        "failOn",
        "name",
    ] {
        let run = new().with(parameter, evil).finish();
        assert!(run.exit != 0, "{parameter}: {}", run.log);
        assert!(
            !run.runner.checkout.path().join("evil").exists(),
            "{parameter}"
        );
    }
}

/// `System.PullRequest.TargetBranchName` has the last part of a branch's name alone.
#[test]
fn branches_have_names_of_several_parts() {
    let server = Loopback::new(AzureRepos::new());
    for (target, remote) in [
        ("refs/heads/release/1.x", "release/1.x"),
        // As it is for a pull request of GitHub.
        ("release/1.x", "release/1.x"),
        ("refs/heads/$(touch${IFS}evil)", "$(touch${IFS}evil)"),
    ] {
        let checkout = hiding();
        let name = format!("refs/remotes/origin/{remote}");
        git(checkout.path(), &["update-ref", &name, "main"]);
        let run = Run::new(&server, checkout).variable("System.PullRequest.TargetBranch", target);
        let run = run.finish();
        assert_eq!(run.exit, 1, "{}", run.log);
        assert!(run.log.contains("critical  User eve gains"), "{}", run.log);
        assert!(!run.runner.checkout.path().join("evil").exists());
    }
}

#[test]
fn what_is_no_pull_request_of_azure_repos_has_no_thread() {
    let server = Loopback::new(AzureRepos::new());
    let run = Run::new(&server, hiding()).variable("Build.Repository.Provider", "GitHub");
    assert_eq!(run.finish().exit, 1);
    let mut run = Run::new(&server, hiding()).variable("Build.Reason", "IndividualCI");
    for name in [
        "SYSTEM_PULLREQUEST_PULLREQUESTID",
        "SYSTEM_PULLREQUEST_TARGETBRANCH",
    ] {
        run.runner.environment.remove(name);
    }
    let run = run.finish();
    assert_eq!(run.exit, 1);
    assert!(
        run.log.contains("say with the parameter \"base\""),
        "{}",
        run.log
    );
    assert_eq!(server.asked().len(), 0);
}

#[test]
fn a_shallow_clone_says_what_to_set() {
    let server = Loopback::new(AzureRepos::new());
    let run = Run::new(&server, hiding());
    git(
        run.runner.checkout.path(),
        &["update-ref", "-d", "refs/remotes/origin/main"],
    );
    let run = run.finish();
    assert_eq!(run.exit, 1);
    assert!(run.log.contains("`fetchDepth: 0`"), "{}", run.log);
}

#[test]
fn every_parameter_is_used_and_told() {
    let template = yaml(TEMPLATE);
    let steps = template["steps"].to_string();
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/install.md");
    let page = fs::read_to_string(page).unwrap();
    for parameter in template["parameters"].as_array().unwrap() {
        let name = parameter["name"].as_str().unwrap();
        assert!(steps.contains(&format!("parameters.{name}")), "{name}");
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
    // The whole of both repositories.
    assert_eq!(
        (&template["steps"][0], &template["steps"][1]),
        (
            &json!({"checkout": "self", "path": "s", "fetchDepth": 0}),
            &json!({"checkout": "rbac-eval", "path": "rbac-eval"})
        )
    );
}

//! The one thread on a pull request of Azure Repos, against a recorded API.

use std::fs;
use std::process::{Command, Output};

use pretty_assertions::assert_eq;
use serde_json::json;
use tempfile::TempDir;

use crate::support::loopback::{Answer, Loopback, TOKEN, assert_no_commands, printed, script};
use crate::support::pull_requests::{AzureRepos, BUILD_SERVICE, THREADS};

const MARKER: &str = "<!-- rbac-eval: default -->";
const COMMIT: &str = "6d3f1f0c2a9be35d1f4a7c80e5b2d96a41c7083e";
const DANA: &str = "0f9b3c1e-1111-4222-8333-444455556666";

/// A run of the script.
struct Push {
    _folder: TempDir,
    command: Command,
}

impl Push {
    /// About a change that fails the gate.
    fn new(server: &Loopback<AzureRepos>, markdown: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("diff.md");
        fs::write(&file, markdown).unwrap();
        let mut command = script("packaging/ci/comment-azure.sh");
        command
            .arg(&file)
            .env("RBAC_EVAL_TOKEN", TOKEN)
            .env("RBAC_EVAL_COMMIT", COMMIT)
            .env("RBAC_EVAL_RESULT", "changed")
            .env("RBAC_EVAL_EXIT", "1")
            .env("SYSTEM_COLLECTIONURI", format!("{}/contoso/", server.url()))
            .env("SYSTEM_TEAMPROJECTID", THREADS.split('/').nth(2).unwrap())
            .env("BUILD_REPOSITORY_ID", THREADS.split('/').nth(6).unwrap())
            .env("SYSTEM_PULLREQUEST_PULLREQUESTID", "7");
        Push {
            _folder: folder,
            command,
        }
    }

    /// About one that passes it.
    fn passing(server: &Loopback<AzureRepos>, markdown: &str) -> Self {
        Push::new(server, markdown).env("RBAC_EVAL_EXIT", "0")
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    fn output(mut self) -> Output {
        let output = self.command.output().unwrap();
        assert_no_commands(&printed(&output));
        output
    }

    #[track_caller]
    fn succeeds(self) {
        let output = self.output();
        assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
        assert_eq!(printed(&output), "");
    }

    #[track_caller]
    fn fails(self, said: &str) {
        let output = self.output();
        let log = printed(&output);
        assert_eq!(output.status.code(), Some(1), "{log}");
        assert!(log.contains(said), "{said}\nisn't in\n{log}");
    }
}

/// What was asked: the method, and the path below the threads without its version.
fn asked(server: &Loopback<AzureRepos>) -> Vec<String> {
    let asked = server.asked().into_iter();
    asked
        .map(|one| {
            assert_eq!(one.header("authorization"), format!("Bearer {TOKEN}"));
            let path = one.path.strip_prefix(THREADS).unwrap_or(&one.path);
            format!("{} {}", one.method, path.replace("?api-version=7.1", ""))
        })
        .collect()
}

fn told(server: &Loopback<AzureRepos>) -> Vec<(String, String)> {
    let own = |(content, status): (&str, &str)| (content.to_owned(), status.to_owned());
    server.api(|api| api.told().into_iter().map(own).collect())
}

fn body(text: &str) -> String {
    format!("{MARKER}\n\n{text}\n\nof commit `{COMMIT}`")
}

fn thread(text: &str, status: &str) -> (String, String) {
    (body(text), status.to_owned())
}

#[test]
fn the_first_push_begins_a_thread() {
    let server = Loopback::new(AzureRepos::new());
    Push::new(&server, "**eve gains**\n").succeeds();
    assert_eq!(told(&server), [thread("**eve gains**", "active")]);
    assert_eq!(asked(&server), ["GET ", "POST "]);
    let comment = server.api(|api| api.threads[0]["comments"][0].clone());
    assert_eq!(comment["parentCommentId"], 0);
    assert_eq!(comment["commentType"], "text");
}

#[test]
fn the_second_push_updates_it() {
    let server = Loopback::new(AzureRepos::new());
    server.api(|api| api.says(DANA, "looks good", "active"));
    Push::new(&server, "first").succeeds();
    Push::new(&server, "second").succeeds();
    let dana = ("looks good".to_owned(), "active".to_owned());
    assert_eq!(told(&server), [dana, thread("second", "active")]);
    assert_eq!(
        asked(&server),
        [
            "GET ",
            "POST ",
            "GET ",
            "GET /contoso/_apis/connectionData",
            "PATCH /2/comments/1"
        ]
    );
}

#[test]
fn the_status_follows_the_gate() {
    let server = Loopback::new(AzureRepos::new());
    Push::passing(&server, "a small gain").succeeds();
    assert_eq!(told(&server), [thread("a small gain", "closed")]);
    Push::new(&server, "a grave gain").succeeds();
    assert_eq!(told(&server), [thread("a grave gain", "active")]);
    Push::passing(&server, "a small gain").succeeds();
    assert_eq!(told(&server), [thread("a small gain", "closed")]);
    asked(&server);
    Push::passing(&server, "a small gain").succeeds();
    assert_eq!(asked(&server).len(), 3, "the status stays");
}

/// Only what is new opens again what a person has resolved.
#[test]
fn a_resolved_thread_stays_so_until_something_changes() {
    let server = Loopback::new(AzureRepos::new());
    Push::new(&server, "a grave gain").succeeds();
    server.api(|api| api.threads[0]["status"] = json!("wontFix"));
    let other = "0123456789abcdef0123456789abcdef01234567";
    Push::new(&server, "a grave gain")
        .env("RBAC_EVAL_COMMIT", other)
        .succeeds();
    let same = body("a grave gain").replace(COMMIT, other);
    assert_eq!(told(&server), [(same, "wontFix".to_owned())]);
    Push::new(&server, "a graver gain").succeeds();
    assert_eq!(told(&server), [thread("a graver gain", "active")]);
}

#[test]
fn a_thread_that_was_deleted_by_hand_is_made_anew() {
    let server = Loopback::new(AzureRepos::new());
    Push::new(&server, "first").succeeds();
    server.api(|api| api.threads[0]["isDeleted"] = json!(true));
    Push::new(&server, "second").succeeds();
    assert_eq!(told(&server), [thread("second", "active")]);
    // Its first comment alone.
    server.api(|api| api.threads[1]["comments"][0]["isDeleted"] = json!(true));
    Push::new(&server, "third").succeeds();
    assert_eq!(server.api(|api| api.threads.len()), 3);
    // Between the question and the update.
    let gone = Answer::json(404, &json!({"message": "TF401179"}));
    server.answer_next("PATCH", gone);
    Push::new(&server, "fourth").succeeds();
    assert_eq!(told(&server).last(), Some(&thread("fourth", "active")));
    assert_eq!(server.api(|api| api.threads.len()), 4);
}

#[test]
fn nothing_to_tell_begins_no_thread_but_closes_one() {
    let server = Loopback::new(AzureRepos::new());
    let nothing = || Push::passing(&server, "**no one gains**").env("RBAC_EVAL_RESULT", "nothing");
    nothing().succeeds();
    assert_eq!(asked(&server), ["GET "]);
    Push::new(&server, "**eve gains**").succeeds();
    nothing().succeeds();
    assert_eq!(told(&server), [thread("**no one gains**", "closed")]);
}

#[test]
fn a_thread_of_somebody_else_is_not_taken() {
    let server = Loopback::new(AzureRepos::new());
    server.api(|api| {
        api.says(DANA, &body("nobody gains"), "closed");
        api.says(BUILD_SERVICE, &format!("> {MARKER}"), "active");
        api.says(BUILD_SERVICE, &format!("dana says:\n{MARKER}"), "active");
        // What a server says itself has no content.
        api.says(BUILD_SERVICE, "", "unknown");
        api.threads[3]["comments"][0]["content"] = json!(null);
        api.threads[3]["comments"][0]["commentType"] = json!("system");
        api.says(DANA, "x", "active");
        api.threads[4]["comments"] = json!([]);
    });
    Push::new(&server, "eve gains").succeeds();
    let last = server.api(|api| api.threads[5]["comments"][0]["content"].clone());
    assert_eq!(last, body("eve gains"));
    assert_eq!(
        server.api(|api| api.threads[0]["comments"][0]["content"].clone()),
        body("nobody gains")
    );
    // Its own is found beside that one, however the ID is spelt.
    let spelt = BUILD_SERVICE.to_uppercase();
    server.api(|api| api.threads[5]["comments"][0]["author"]["id"] = json!(spelt));
    Push::new(&server, "eve gains more").succeeds();
    assert_eq!(server.api(|api| api.threads.len()), 6);
}

#[test]
fn threads_are_looked_for_on_every_page() {
    let server = Loopback::new(AzureRepos {
        page: 100,
        ..AzureRepos::new()
    });
    server.api(|api| {
        for number in 0..230 {
            api.says(DANA, &format!("thread {number}"), "active");
        }
    });
    Push::new(&server, "first").succeeds();
    Push::new(&server, "second").succeeds();
    assert_eq!(server.api(|api| api.threads.len()), 231);
    assert_eq!(told(&server)[230], thread("second", "active"));
}

#[test]
fn jobs_have_a_thread_each() {
    let server = Loopback::new(AzureRepos::new());
    for name in ["prod", "staging", "prod"] {
        let push = Push::new(&server, name).env("RBAC_EVAL_NAME", name);
        push.succeeds();
    }
    let of = |name: &str| (body(name).replace("default", name), "active".to_owned());
    assert_eq!(told(&server), [of("prod"), of("staging")]);
}

#[test]
fn what_the_server_refuses_is_told_with_what_to_do() {
    let server = Loopback::new(AzureRepos::new());
    let answer = |status, message: &str| Answer::json(status, &json!({"message": message}));
    let html = |status| Answer {
        status,
        headers: Vec::new(),
        body: "<html>Sign In</html>".to_owned(),
    };
    let cases = [
        (
            "POST",
            answer(403, "TF401027: You need"),
            "allow the build service `Contribute to pull requests`",
        ),
        (
            "GET",
            answer(401, ""),
            "listing the threads is refused (401): the token isn't valid",
        ),
        // What is answered to a token that isn't one.
        (
            "GET",
            html(203),
            "listing the threads is refused (203): the token isn't valid",
        ),
        ("GET", html(302), "map `System.AccessToken` to the step"),
        ("GET", html(200), "isn't the JSON that was asked for"),
        ("GET", answer(404, "TF401019"), "sees no such pull request"),
        (
            "POST",
            answer(500, "oops"),
            "writing the comment failed at the server (500: oops)",
        ),
        (
            "POST",
            answer(429, "slow"),
            "the organization has asked too often",
        ),
        ("POST", answer(413, "large"), "is answered with 413: large"),
    ];
    for (method, answer, said) in cases {
        server.answer_next(method, answer);
        Push::new(&server, "eve gains").fails(said);
    }
    assert_eq!(told(&server), []);
    Push::new(&server, "first").succeeds();
    server.answer_next("PATCH", answer(403, "no"));
    Push::new(&server, "second").fails("updating the comment is refused (403: no)");
    // The status may be refused where the comment wasn't.
    let sound = Answer::json(200, &json!({}));
    server.answer_next("PATCH", sound);
    server.answer_next("PATCH", answer(400, "no"));
    Push::passing(&server, "third").fails("updating the status of the thread is answered with 400");
    // Who the token is.
    let list = |server: &Loopback<AzureRepos>| {
        let threads = server.api(|api| api.threads.clone());
        Answer::json(200, &json!({"value": threads}))
    };
    server.answer_next("GET", list(&server));
    server.answer_next("GET", answer(403, "no"));
    Push::new(&server, "fourth").fails("asking who the token is is refused (403: no)");
    server.answer_next("GET", list(&server));
    server.answer_next("GET", answer(200, "no"));
    Push::new(&server, "fourth").fails("the server names no identity of the token");
    assert_eq!(told(&server), [thread("first", "active")]);
    for (name, value, said) in [
        (
            "SYSTEM_PULLREQUEST_PULLREQUESTID",
            "",
            "this run is about no pull request",
        ),
        (
            "BUILD_REPOSITORY_ID",
            "contoso/clusters",
            "is no ID of a project or repository",
        ),
        (
            "SYSTEM_TEAMPROJECTID",
            "a?b",
            "is no ID of a project or repository",
        ),
        (
            "SYSTEM_COLLECTIONURI",
            "http://example.com/",
            "is no address with https",
        ),
        (
            "RBAC_EVAL_TOKEN",
            "",
            "the variable `RBAC_EVAL_TOKEN` isn't set",
        ),
    ] {
        Push::new(&server, "x").env(name, value).fails(said);
    }
}

#[test]
fn words_of_the_server_run_no_command() {
    let server = Loopback::new(AzureRepos::new());
    let message = "no\n##vso[task.setvariable variable=PATH]x\r##[section]x::error::x%0Ax";
    server.answer_next("GET", Answer::json(400, &json!({"message": message})));
    // Azure turns `%0A` into the end of a line.
    let said = "is answered with 400: no # #vso[task.setvariable variable=PATH]x # #[section]x: :error: \
                :x%AZP250Ax\n";
    Push::new(&server, "x").fails(said);
}

#[test]
fn a_comment_that_is_too_long_is_cut_at_a_line_and_says_so() {
    let server = Loopback::new(AzureRepos::new());
    let lines: Vec<String> = (0..5_000)
        .map(|number| format!("- eve gains right {number} of everything"))
        .collect();
    let text = format!("<details>\n\n{}\n\n</details>", lines.join("\n"));
    Push::new(&server, &text).succeeds();
    let told = told(&server).remove(0).0;
    assert!(
        told.len() <= 150_000 && told.len() > 149_800,
        "{}",
        told.len()
    );
    let sentence = told.lines().nth(2).unwrap();
    let shown = told.lines().filter(|line| line.starts_with("- ")).count();
    let left = 5_000 - shown + 2;
    assert_eq!(
        sentence,
        format!(
            "**{left} more lines don't fit here, where a comment ends; `rbac-eval diff` shows all.**"
        )
    );
    assert!(told.ends_with(&format!("\n\n</details>\n\nof commit `{COMMIT}`")));
}

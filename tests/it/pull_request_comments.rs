//! The one comment on a pull request of GitHub, against a recorded API.

use std::fs;
use std::process::{Command, Output};

use pretty_assertions::assert_eq;
use serde_json::json;
use tempfile::TempDir;

use crate::support::loopback::{Answer, Loopback, TOKEN, assert_no_commands, printed, script};
use crate::support::pull_requests::{GitHub, not_found, user};

const MARKER: &str = "<!-- rbac-eval: default -->";
const COMMIT: &str = "6d3f1f0c2a9be35d1f4a7c80e5b2d96a41c7083e";

/// A run of the script.
struct Push {
    folder: TempDir,
    command: Command,
}

impl Push {
    fn new(server: &Loopback<GitHub>, markdown: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("diff.md");
        fs::write(&file, markdown).unwrap();
        let event = folder.path().join("event.json");
        let pull = json!({"action": "synchronize", "number": 7, "pull_request": {"number": 7}});
        fs::write(&event, pull.to_string()).unwrap();
        let mut command = script("packaging/ci/comment-github.sh");
        command
            .arg(&file)
            .env("RBAC_EVAL_TOKEN", TOKEN)
            .env("RBAC_EVAL_COMMIT", COMMIT)
            .env("RBAC_EVAL_RESULT", "changed")
            .env("GITHUB_API_URL", server.url())
            .env("GITHUB_REPOSITORY", "contoso/clusters")
            .env("GITHUB_EVENT_PATH", &event)
            .env("GITHUB_STEP_SUMMARY", folder.path().join("summary.md"));
        Push { folder, command }
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    fn output(mut self) -> (Output, String) {
        let output = self.command.output().unwrap();
        assert_no_commands(&printed(&output));
        let summary = fs::read_to_string(self.folder.path().join("summary.md"));
        (output, summary.unwrap_or_default())
    }

    #[track_caller]
    fn succeeds(self) {
        let (output, _) = self.output();
        assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
        assert_eq!(printed(&output), "");
    }

    /// Holds that the comment isn't kept, and what is said of it.
    #[track_caller]
    fn fails(self, said: &[&str]) -> String {
        let (output, summary) = self.output();
        let log = printed(&output);
        assert_eq!(output.status.code(), Some(1), "{log}");
        for said in said {
            assert!(log.contains(said), "{said}\nisn't in\n{log}");
        }
        summary
    }
}

fn methods(server: &Loopback<GitHub>) -> Vec<String> {
    let asked = server.asked();
    asked.into_iter().map(|request| request.method).collect()
}

fn body(text: &str) -> String {
    format!("{MARKER}\n\n{text}\n\nof commit `{COMMIT}`")
}

#[test]
fn the_first_push_makes_a_comment() {
    let server = Loopback::new(GitHub::new());
    Push::new(&server, "**eve gains**\n").succeeds();
    assert_eq!(
        server.api(|api| api.bodies().join("|")),
        body("**eve gains**")
    );
    let asked = server.asked();
    let lines: Vec<String> = asked
        .iter()
        .map(|one| format!("{} {}", one.method, one.path))
        .collect();
    assert_eq!(
        lines,
        [
            "GET /repos/contoso/clusters/issues/7/comments?per_page=100",
            "POST /repos/contoso/clusters/issues/7/comments"
        ]
    );
    for request in &asked {
        assert_eq!(request.header("authorization"), format!("Bearer {TOKEN}"));
        assert_eq!(request.header("accept"), "application/vnd.github+json");
        assert_eq!(request.header("user-agent"), "rbac-eval");
    }
}

#[test]
fn the_second_push_updates_it() {
    let server = Loopback::new(GitHub::new());
    server.api(|api| api.says(user("dana", 5), "looks good"));
    Push::new(&server, "first").succeeds();
    Push::new(&server, "second").succeeds();
    Push::new(&server, "third").succeeds();
    assert_eq!(
        methods(&server),
        ["GET", "POST", "GET", "PATCH", "GET", "PATCH"]
    );
    let bodies = server.api(|api| api.bodies().join("|"));
    assert_eq!(bodies, format!("looks good|{}", body("third")));
}

#[test]
fn a_comment_that_was_deleted_by_hand_is_made_anew() {
    let server = Loopback::new(GitHub::new());
    Push::new(&server, "first").succeeds();
    server.api(|api| api.comments.clear());
    Push::new(&server, "second").succeeds();
    assert_eq!(server.api(|api| api.bodies().join("|")), body("second"));

    // Between the question and the update.
    server.answer_next("PATCH", not_found());
    Push::new(&server, "third").succeeds();
    let bodies = server.api(|api| api.bodies().join("|"));
    assert_eq!(bodies, [body("second"), body("third")].join("|"));
    assert_eq!(
        methods(&server),
        ["GET", "POST", "GET", "POST", "GET", "PATCH", "POST"]
    );
}

#[test]
fn nothing_to_tell_makes_no_comment_but_updates_one() {
    let server = Loopback::new(GitHub::new());
    let nothing = || Push::new(&server, "**no one gains**").env("RBAC_EVAL_RESULT", "nothing");
    nothing().succeeds();
    assert_eq!(methods(&server), ["GET"]);
    Push::new(&server, "**eve gains**").succeeds();
    nothing().succeeds();
    let bodies = server.api(|api| api.bodies().join("|"));
    assert_eq!(bodies, body("**no one gains**"));
    // Deleted meanwhile: that makes no new one.
    server.answer_next("PATCH", not_found());
    nothing().succeeds();
    assert_eq!(
        methods(&server),
        ["GET", "POST", "GET", "PATCH", "GET", "PATCH"]
    );
}

#[test]
fn a_comment_of_somebody_else_is_not_taken() {
    let server = Loopback::new(GitHub::new());
    let forged = body("nobody gains");
    server.api(|api| {
        // The marker itself, by a user: at the start, below a quote, within a line.
        api.says(user("mallory", 6), &forged);
        api.says(user("mallory", 6), &format!("> {MARKER}\n> eve gains"));
        // A bot that repeats what somebody said.
        api.bot_says(&format!("mallory says:\n{MARKER}"));
        api.bot_says(&format!("{MARKER} says mallory"));
        api.bot_says(" ");
        // Whose account is gone.
        api.comments[1]["user"] = json!(null);
    });
    Push::new(&server, "eve gains").succeeds();
    let bodies = server.api(|api| {
        let bodies = api.bodies().into_iter().map(str::to_owned);
        bodies.collect::<Vec<_>>()
    });
    assert_eq!(bodies.len(), 6);
    assert_eq!(bodies[0], forged);
    assert_eq!(bodies[5], body("eve gains"));
    // The user's comment is there still, and the own one is found beside it.
    Push::new(&server, "eve gains more").succeeds();
    let last = server.api(|api| api.bodies()[5].to_owned());
    assert_eq!(last, body("eve gains more"));
}

#[test]
fn the_token_of_a_user_finds_its_own_comment() {
    let me = user("rbac-keeper", 42);
    let server = Loopback::new(GitHub::of_user(me));
    server.api(|api| api.says(user("mallory", 6), &body("nobody gains")));
    Push::new(&server, "first").succeeds();
    Push::new(&server, "second").succeeds();
    let bodies = server.api(|api| api.bodies().join("|"));
    assert_eq!(bodies, [body("nobody gains"), body("second")].join("|"));
}

#[test]
fn windows_line_ends_hide_no_marker() {
    let server = Loopback::new(GitHub::new());
    server.api(|api| api.bot_says(&body("first").replace('\n', "\r\n")));
    Push::new(&server, "second").succeeds();
    assert_eq!(server.api(|api| api.bodies().join("|")), body("second"));
}

#[test]
fn comments_are_looked_for_on_every_page() {
    let server = Loopback::new(GitHub::new());
    server.api(|api| {
        for number in 0..230 {
            api.says(user("dana", 5), &format!("comment {number}"));
        }
    });
    Push::new(&server, "first").succeeds();
    assert_eq!(methods(&server), ["GET", "GET", "GET", "POST"]);
    Push::new(&server, "second").succeeds();
    assert_eq!(methods(&server), ["GET", "GET", "GET", "PATCH"]);
    let last = server.api(|api| api.bodies()[230].to_owned());
    assert_eq!(last, body("second"));
    // A hundred fill a page to the brim.
    server.api(|api| drop(api.comments.drain(..130)));
    server.api(|api| drop(api.comments.pop()));
    Push::new(&server, "third").succeeds();
    assert_eq!(methods(&server), ["GET", "POST"]);
}

#[test]
fn the_token_goes_to_no_other_server() {
    let server = Loopback::new(GitHub::new());
    let other = Loopback::new(GitHub::new());
    let next = format!("<{}/comments?page=2>; rel=\"next\"", other.url());
    let elsewhere = Answer::json(200, &json!([])).with("Link", next);
    server.answer_next("GET", elsewhere);
    Push::new(&server, "first").fails(&["on another server, so the token isn't sent there"]);
    // A redirect isn't followed.
    let moved = Answer::json(301, &json!({"message": "Moved Permanently"}));
    server.answer_next("GET", moved.with("Location", format!("{}/x", other.url())));
    Push::new(&server, "first").fails(&["is answered with 301: Moved Permanently"]);
    assert_eq!(methods(&other), [""; 0]);
    for url in ["http://api.example.com", "ftp://127.0.0.1", "//127.0.0.1:1"] {
        let push = Push::new(&server, "first").env("GITHUB_API_URL", url);
        push.fails(&["is no address with https, so the token isn't sent there"]);
    }
}

#[test]
fn jobs_have_a_comment_each() {
    let server = Loopback::new(GitHub::new());
    for name in ["prod", "staging", "prod"] {
        let push = Push::new(&server, name).env("RBAC_EVAL_NAME", name);
        push.succeeds();
    }
    let bodies = server.api(|api| api.bodies().join("|"));
    let of = |name: &str| body(name).replace("default", name);
    assert_eq!(bodies, [of("prod"), of("staging")].join("|"));
    for name in ["a -->", "a--b", "a\nb", "ä", "a/b", "::error::x"] {
        let push = Push::new(&server, "x").env("RBAC_EVAL_NAME", name);
        push.fails(&["the name of a comment is made of letters, digits"]);
    }
}

#[test]
fn the_first_of_several_marked_comments_is_kept() {
    let server = Loopback::new(GitHub::new());
    server.api(|api| {
        api.bot_says(&body("first"));
        api.bot_says(&body("second"));
    });
    let (output, _) = Push::new(&server, "third").output();
    assert_eq!(output.status.code(), Some(0));
    assert!(printed(&output).contains("several comments are marked as this one"));
    let bodies = server.api(|api| api.bodies().join("|"));
    assert_eq!(bodies, [body("third"), body("second")].join("|"));
}

#[test]
fn what_the_server_refuses_is_told_with_what_to_do() {
    let server = Loopback::new(GitHub::new());
    let answer = |status, message: &str| Answer::json(status, &json!({"message": message}));
    let fork = "Resource not accessible by integration";
    let cases = [
        (
            "POST",
            answer(403, fork),
            "`permissions: pull-requests: write`",
        ),
        (
            "GET",
            answer(403, fork),
            "listing the comments is refused (403: Resource not",
        ),
        (
            "GET",
            answer(401, "Bad credentials"),
            "(401: Bad credentials): the token isn't valid",
        ),
        ("GET", answer(404, "Not Found"), "sees no such pull request"),
        (
            "POST",
            answer(500, "oops"),
            "failed at the server (500: oops); run the job again",
        ),
        (
            "POST",
            answer(502, ""),
            "failed at the server (502: it says no more); run the job again",
        ),
        (
            "POST",
            answer(422, "Validation Failed"),
            "is answered with 422: Validation Failed",
        ),
        (
            "POST",
            answer(403, "API rate limit exceeded").with("X-RateLimit-Remaining", "0"),
            "has asked too often; run the job again later",
        ),
        (
            "POST",
            answer(429, "Too many"),
            "(429: Too many): the token has asked too often",
        ),
        (
            "POST",
            answer(429, "Too many").with("Retry-After", "3600"),
            "(429: Too many): the token has asked too often",
        ),
        (
            "GET",
            answer(200, "no list"),
            "isn't the JSON that was asked for",
        ),
        (
            "GET",
            Answer {
                status: 200,
                headers: Vec::new(),
                body: "<html>".to_owned(),
            },
            "isn't the JSON that was asked for",
        ),
        (
            "GET",
            Answer {
                status: 200,
                headers: Vec::new(),
                body: String::new(),
            },
            "isn't the JSON that was asked for",
        ),
    ];
    for (method, answer, said) in cases {
        let read_only = answer.status == 403 && answer.headers.len() == 1;
        server.answer_next(method, answer);
        let summary = Push::new(&server, "eve gains").fails(&[said]);
        assert_eq!(
            summary.contains("the token may only read"),
            read_only,
            "{said}: {summary}"
        );
    }
    assert_eq!(server.api(|api| api.bodies().len()), 0);
    Push::new(&server, "first").succeeds();
    server.answer_next("PATCH", answer(403, fork));
    Push::new(&server, "eve gains").fails(&["updating the comment is refused (403"]);
    let gone = server.url();
    drop(server);
    let other = Loopback::new(GitHub::new());
    let push = Push::new(&other, "eve gains").env("GITHUB_API_URL", &gone);
    push.fails(&["has no answer", "run the job again"]);
}

#[test]
fn what_fails_for_a_moment_is_asked_again() {
    let server = Loopback::new(GitHub::new());
    let answer = |status| Answer::json(status, &json!({"message": "later"}));
    server.answer_next("GET", answer(502));
    server.answer_next("POST", answer(429).with("retry-after", "0"));
    server.answer_next("POST", answer(403).with("retry-after", "1"));
    Push::new(&server, "first").succeeds();
    assert_eq!(methods(&server), ["GET", "GET", "POST", "POST", "POST"]);
    server.answer_next("PATCH", answer(500));
    Push::new(&server, "second").succeeds();
    assert_eq!(methods(&server), ["GET", "PATCH", "PATCH"]);
    // What may have been done already isn't done twice, and nothing is asked for ever.
    server.answer_next("POST", answer(500));
    server.api(|api| api.comments.clear());
    Push::new(&server, "third").fails(&["(500: later)"]);
    assert_eq!(methods(&server), ["GET", "POST"]);
    for _ in 0..3 {
        server.answer_next("GET", answer(503));
    }
    Push::new(&server, "third").fails(&["(503: later)"]);
    assert_eq!(methods(&server), ["GET", "GET", "GET"]);
}

#[test]
fn words_of_the_server_run_no_command() {
    let server = Loopback::new(GitHub::new());
    let message =
        "no\n::error::x\r\n##vso[task.setvariable variable=PATH]x\u{1b}[31m::set-env ##[group]";
    server.answer_next("GET", Answer::json(422, &json!({"message": message})));
    // `Push::fails` looks at every line.
    Push::new(&server, "x").fails(&["is answered with 422: no : :error: :x"]);
}

#[test]
fn the_token_shows_up_nowhere() {
    // In no argument of a program: what runs as curl notes its own.
    let bin = TempDir::new().unwrap();
    let notes = bin.path().join("notes");
    let real = crate::support::stand_in::on_path("curl").unwrap();
    crate::support::stand_in::write_program(
        &bin.path().join("curl"),
        &format!(
            "printf '%s\\n' \"$@\" >> '{}'\nexec '{}' \"$@\"\n",
            notes.display(),
            real.display()
        ),
    );
    let path = format!(
        "{}:{}",
        bin.path().display(),
        std::env::var("PATH").unwrap()
    );
    let server = Loopback::new(GitHub::new());
    Push::new(&server, "first").env("PATH", &path).succeeds();
    let notes = fs::read_to_string(notes).unwrap();
    assert!(notes.contains("--config"), "{notes}");
    assert!(!notes.contains(TOKEN), "{notes}");

    // And not where somebody looks on.
    let push = Push::new(&server, "second").env("SHELLOPTS", "xtrace");
    let (output, _) = push.output();
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));

    for token in ["", "a b", "a\"b", "a\\b", "a\nheader = \"X: y", "ä"] {
        let push = Push::new(&server, "x").env("RBAC_EVAL_TOKEN", token);
        let (output, _) = push.output();
        assert_eq!(output.status.code(), Some(1), "{token:?}");
    }
}

#[test]
fn a_run_about_no_pull_request_says_so() {
    let server = Loopback::new(GitHub::new());
    let said = ["this run is about no pull request"];
    Push::new(&server, "x")
        .env("GITHUB_EVENT_PATH", "/dev/null")
        .fails(&said);
    for pull in ["7/../8", "x", "-1"] {
        Push::new(&server, "x")
            .env("RBAC_EVAL_PULL", pull)
            .fails(&said);
    }
    assert_eq!(methods(&server), [""; 0]);
    Push::new(&server, "x")
        .env("RBAC_EVAL_PULL", "7")
        .succeeds();
}

/// A Markdown of so many lines, of which the last thousand are folded twice.
fn long(lines: usize) -> String {
    let mut text =
        String::from("**the gravest comes first**\n\n<details><summary>Why</summary>\n\n");
    text += "<details><summary>Each rule</summary>\n\n";
    for number in 0..lines {
        text += &format!("- rule {number} of `système` gives everything to somebody else\n");
    }
    text + "\n</details>\n\n</details>\n"
}

#[test]
fn a_comment_that_is_too_long_is_cut_at_a_line_and_says_so() {
    let server = Loopback::new(GitHub::new());
    let text = long(3_000);
    let all = text.trim_end().lines().count();
    let whole = "https://github.com/contoso/clusters/actions/runs/1";
    let push = Push::new(&server, &text).env("RBAC_EVAL_WHOLE", whole);
    push.succeeds();
    let told = server.api(|api| api.bodies()[0].to_owned());
    assert!(told.len() <= 65_536, "{}", told.len());
    assert!(told.len() > 65_000, "{}", told.len());
    let mut lines = told.lines();
    assert_eq!(lines.next(), Some(MARKER));
    assert_eq!(lines.next(), Some(""));
    let sentence = lines.next().unwrap();
    let left: usize = sentence
        .strip_prefix("**")
        .and_then(|rest| rest.split_once(" more lines don't fit here, where a comment ends"))
        .map(|(count, _)| count.parse().unwrap())
        .unwrap();
    assert!(
        sentence.ends_with(&format!("; all of it: {whole}**")),
        "{sentence}"
    );
    assert_eq!(lines.next(), Some(""));
    let shown: Vec<&str> = lines.by_ref().take(all - left).collect();
    let first: Vec<&str> = text.lines().take(all - left).collect();
    assert_eq!(shown, first);
    // What is open is closed, and the commit stands outside of it.
    let end: Vec<&str> = lines.collect();
    let commit = format!("of commit `{COMMIT}`");
    assert_eq!(end, ["", "</details>", "", "</details>", "", &commit]);
}

#[test]
fn what_just_fits_is_whole() {
    let server = Loopback::new(GitHub::new());
    let room = 65_536 - body("").len();
    let line = "x".repeat(room);
    Push::new(&server, &line).succeeds();
    let told = server.api(|api| api.bodies()[0].to_owned());
    assert_eq!((told.len(), &*told), (65_536, &*body(&line)));
    // A line that is too long by itself is left out whole.
    Push::new(&server, &format!("**first**\n{line}\nlast\n")).succeeds();
    let told = server.api(|api| api.bodies()[0].to_owned());
    let sentence =
        "**2 more lines don't fit here, where a comment ends; `rbac-eval diff` shows all.**";
    assert_eq!(told, body(&format!("{sentence}\n\n**first**")));
    Push::new(&server, &format!("{line}x")).succeeds();
    let told = server.api(|api| api.bodies()[0].to_owned());
    let sentence =
        "**1 more line doesn't fit here, where a comment ends; `rbac-eval diff` shows all.**";
    assert_eq!(told, body(&format!("{sentence}\n\n")));
}

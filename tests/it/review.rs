//! `rbac-eval review`: reviews come back in their format and order, each with its status.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::testdata;
use crate::support::told::{run, told};
use serde::Deserialize;
use serde_json::{Value, json};

fn cases() -> PathBuf {
    testdata().join("cases")
}

const ARGS: [&str; 3] = ["review", "-f", "near-misses.yaml"];

/// Answers reviews from standard input: exit code, stdout and stderr.
fn answered(reviews: &str) -> (i32, String, String) {
    let output = run(&cases(), &ARGS, reviews.as_bytes());
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn reviews() -> Vec<Value> {
    documents(&fs::read_to_string(cases().join("reviews.yaml")).unwrap())
}

fn documents(text: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).unwrap())
        .collect()
}

fn values(text: &str) -> Vec<Value> {
    serde_json::Deserializer::from_str(text)
        .into_iter()
        .map(Result::unwrap)
        .collect()
}

fn review_of(user: &str) -> Value {
    json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": user,
            "resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "shop"},
        },
    })
}

#[test]
fn yaml_comes_back_as_yaml_with_its_comments() {
    let args = ["review", "reviews.yaml", "-f", "near-misses.yaml"];
    insta::assert_snapshot!("yaml", told(&cases(), &args, b""));
}

#[test]
fn json_comes_back_on_as_many_lines_as_it_came() {
    let pretty = "{\n    \"kind\": \"SubjectAccessReview\",\n    \"apiVersion\": \
        \"authorization.k8s.io/v1\",\n    \"spec\": {\n        \"user\": \"wide\",\n        \
        \"resourceAttributes\": {\"verb\": \"get\", \"resource\": \"pods\"}\n    }\n}\n";
    let lines = format!("{}\n{}\n", review_of("wide"), review_of("nobody"));
    insta::assert_snapshot!(
        "json",
        [pretty, &lines]
            .map(|reviews| told(&cases(), &ARGS, reviews.as_bytes()))
            .join("\n")
    );
}

#[test]
fn all_formats_say_the_same() {
    let reviews = reviews();
    let expected = {
        let yaml = fs::read_to_string(cases().join("reviews.yaml")).unwrap();
        let (code, stdout, stderr) = answered(&yaml);
        assert_eq!((code, &*stderr), (0, ""));
        documents(&stdout)
    };
    let allowed: Vec<_> = expected
        .iter()
        .map(|review| &review["status"]["allowed"])
        .collect();
    assert_eq!(allowed, [true, false, true, true, false]);
    for (mut answer, review) in expected.iter().cloned().zip(reviews.clone()) {
        // Nothing but the status differs.
        for object in [&mut answer, &mut review.clone()] {
            object.as_object_mut().unwrap().remove("status");
        }
        assert_eq!(answer["spec"], review["spec"]);
    }
    for write in [Value::to_string, |review: &Value| format!("{review:#}")] {
        let text: Vec<String> = reviews.iter().map(write).collect();
        for separator in ["\n", "\n\n", "\r\n"] {
            let (code, stdout, stderr) = answered(&text.join(separator));
            assert_eq!((code, &*stderr), (0, ""));
            assert_eq!(values(&stdout), expected);
        }
    }
}

#[test]
fn a_malformed_review_is_told_with_its_line_and_the_rest_is_answered() {
    let good = review_of("wide").to_string();
    let lines = [
        good.as_str(),
        "{\"kind\": nope}",
        "{\"kind\": \"SubjectAccessReview\", \"apiVersion\": \"authorization.k8s.io/v1\"}",
        "",
        r#"{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v9","spec":{}}"#,
        r#"{"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{}}"#,
        r#"{"kind":"Pod","apiVersion":"v1"}"#,
        "{}",
        good.as_str(),
    ];
    let mut requests = String::new();
    for spec in [
        json!({"user": "a"}),
        json!({"resourceAttributes": {"verb": "get", "resource": "pods"}}),
        json!({"user": "a", "resourceAttributes": {}, "nonResourceAttributes": {}}),
        json!({"user": 5, "resourceAttributes": {}}),
        json!({"user": "a", "resourceAtributes": {}}),
    ] {
        let mut review = review_of("a");
        review["spec"] = spec;
        requests.push_str(&review.to_string());
        requests.push('\n');
    }
    let mut local = review_of("a");
    local["kind"] = json!("LocalSubjectAccessReview");
    local["metadata"] = json!({"namespace": "elsewhere"});
    requests.push_str(&local.to_string());
    let yaml = format!(
        "kind: [\n---\n{}---\nkind: Pod\n",
        serde_yaml::to_string(&review_of("wide")).unwrap()
    );
    insta::assert_snapshot!(
        "malformed",
        [lines.join("\n"), requests]
            .map(|reviews| told(&cases(), &ARGS, reviews.as_bytes()))
            .join("\n")
    );
    let (code, stdout, stderr) = answered(&yaml);
    assert_eq!(code, 2);
    assert_eq!(documents(&stdout).len(), 1, "{stdout}");
    let places: Vec<&str> = stderr
        .lines()
        .map(|line| &line[..line.find(": ").unwrap()])
        .collect();
    assert_eq!(places.len(), 2, "{stderr}");
}

#[test]
fn files_that_are_not_there_and_input_wanted_twice_are_errors() {
    for (args, word) in [
        (
            ["review", "absent.jsonl", "-f", "near-misses.yaml"],
            "absent.jsonl",
        ),
        (["review", "-", "-f", "-"], "only once"),
    ] {
        let output = run(&cases(), &args, b"");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(str::from_utf8(&output.stdout).unwrap(), "", "{args:?}");
        let stderr = str::from_utf8(&output.stderr).unwrap();
        assert!(stderr.contains(word), "{stderr}");
    }
}

/// Many more reviews than are held at once come back complete, in order, and as they are read.
#[test]
fn a_long_stream_keeps_its_order() {
    let count = 10_000;
    let users = ["wide", "nobody", "narrow"];
    let text: String = (0..count)
        .map(|number| {
            let mut review = review_of(users[number % 3]);
            review["spec"]["uid"] = json!(format!("r{number}"));
            format!("{review}\n")
        })
        .collect();
    let (code, stdout, stderr) = answered(&text);
    assert_eq!((code, &*stderr), (0, ""));
    let answers = values(&stdout);
    assert_eq!(answers.len(), count);
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer["spec"]["uid"], format!("r{number}"));
        assert_eq!(answer["status"]["allowed"], number % 3 != 1, "{answer}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error_to_tell() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
        .current_dir(cases())
        .args(ARGS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        let line = format!("{}\n", review_of("wide"));
        // More than pipes and buffers hold, so that the program has to notice.
        for _ in 0..40_000 {
            if stdin.write_all(line.as_bytes()).is_err() {
                break;
            }
        }
    });
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    assert!(first.contains("\"status\""), "{first}");
    drop(stdout);
    writer.join().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(str::from_utf8(&output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(141));
}

fn told_of(reviews: impl AsRef<[u8]>) -> (String, String) {
    let output = run(&cases(), &ARGS, reviews.as_ref());
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn what_is_no_string_is_refused_in_yaml_as_in_json() {
    let review = "apiVersion: authorization.k8s.io/v1\nkind: SubjectAccessReview\nspec:\n  \
        user: wide\n  groups: [null, ~]\n  resourceAttributes: {verb: get, resource: pods}\n";
    let (stdout, stderr) = told_of(review);
    assert_eq!(stderr, "");
    assert!(stdout.contains("allowed: true"), "{stdout}");
    for (old, new, told) in [
        (
            "user: wide",
            "user: 123",
            "-:4: the number `123`, where a string belongs",
        ),
        (
            "user: wide",
            "user: yes",
            "-:4: the boolean `true`, where a string belongs",
        ),
        ("~", "5", "-:5: the number `5`, where a string belongs"),
        (
            "verb: get",
            "verb: on",
            "-:6: the boolean `true`, where a string belongs",
        ),
        ("get", "[get]", "-:6: a list, where a string belongs"),
    ] {
        let (stdout, stderr) = told_of(review.replacen(old, new, 1));
        assert_eq!(stdout, "", "{new}");
        assert!(stderr.starts_with(&format!("error: {told}")), "{stderr}");
    }
}

#[test]
fn a_review_that_is_no_text_is_an_error_at_its_line() {
    let good = review_of("wide").to_string();
    let mut bytes = format!("{good}\n").into_bytes();
    bytes.extend(
        good.replace("wide", "wi?de")
            .bytes()
            .map(|byte| match byte {
                b'?' => 0xff,
                byte => byte,
            }),
    );
    bytes.extend(format!("\n{good}\n").bytes());
    let (stdout, stderr) = told_of(bytes);
    assert_eq!(stderr, "error: -:2: bytes that are not UTF-8\n");
    assert_eq!(values(&stdout).len(), 2);
}

#[test]
fn yaml_in_flow_style_comes_back_as_yaml() {
    let good = review_of("wide");
    let text = format!("# first\n{good:#}\n--- {good}\n--- # c\n{good}\n");
    let (stdout, stderr) = told_of(format!("---\n{text}"));
    assert_eq!(stderr, "");
    let answers = documents(&stdout);
    assert_eq!(answers.len(), 3, "{stdout}");
    for answer in answers {
        assert_eq!(answer["spec"], good["spec"]);
        assert_eq!(answer["status"]["allowed"], true);
    }
    assert!(stdout.starts_with("---\n# first\n"), "{stdout}");
}

#[test]
fn an_old_status_gives_way_and_comments_stay() {
    let good = serde_yaml::to_string(&review_of("wide")).unwrap();
    let text =
        format!("# above\n\n# all\n---\nstatus:\n  allowed: false\n# between\n{good}# below\n");
    let (stdout, stderr) = told_of(text);
    assert_eq!(stderr, "");
    assert!(
        stdout.starts_with("# above\n\n# all\n---\n# between\n"),
        "{stdout}"
    );
    assert!(
        stdout.contains("# below\nstatus:\n  allowed: true\n"),
        "{stdout}"
    );
    assert_eq!(documents(&stdout).len(), 1);
    let mut null = review_of("wide");
    null["status"] = Value::Null;
    let (stdout, _) = told_of(null.to_string());
    assert_eq!(stdout.matches("status").count(), 1, "{stdout}");
}

#[test]
fn what_is_no_stream_of_reviews_is_told() {
    let good = review_of("wide").to_string();
    let (stdout, stderr) = told_of(format!("{good}\n{{\"kind\":\n\n{good}\n"));
    assert_eq!(values(&stdout).len(), 2);
    assert_eq!(stderr, "error: -:2: this review has no end\n");
    let (stdout, stderr) = told_of(format!("[\n{good},\n{good}\n]\n"));
    assert_eq!(stdout, "");
    assert_eq!(stderr, "error: -:1: an array; write one review per line\n");
    let args = ["review", "absent.jsonl", "-f", "near-misses.yaml"];
    assert!(told(&cases(), &args, b"").contains("no such file or folder"));
    let args = ["review", ".", "-f", "near-misses.yaml"];
    assert!(told(&cases(), &args, b"").contains("name a file"));
}

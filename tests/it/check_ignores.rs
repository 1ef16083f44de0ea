//! Findings that comments or settings ignore, and what is wrong with ignores.

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::stand_in::StandIns;
use crate::support::told::{put, run};

const RBAC: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

/// A binding of groups by display name, an error each.
fn binding(name: &str, head: &str, groups: &str) -> String {
    format!(
        "{head}{RBAC}kind: RoleBinding\nmetadata: {{name: {name}, namespace: shop}}\n\
         roleRef: {{kind: ClusterRole, name: view}}\nsubjects:\n{groups}"
    )
}

fn group(name: &str) -> String {
    format!("- {{kind: Group, name: {name} team}}\n")
}

/// What `check` says as JSON: codes and lines that are found, those that are ignored, and the exit code.
#[derive(Debug, PartialEq)]
struct Said {
    found: Vec<(String, u64)>,
    ignored: Vec<(String, u64)>,
    code: Option<i32>,
}

fn said(folder: &TempDir, args: &[&str]) -> Said {
    let json = run(
        folder.path(),
        &[&["check", "-o", "json"], args].concat(),
        b"",
    );
    let text = String::from_utf8_lossy(&json.stderr).into_owned();
    let answer: Value = serde_json::from_slice(&json.stdout).unwrap_or_else(|_| panic!("{text}"));
    let listed = |field: &str| {
        let all = answer[field].as_array().cloned().unwrap_or_default();
        let one = |finding: &Value| {
            let code = finding["code"].as_str().unwrap().to_owned();
            (code, finding["source"]["line"].as_u64().unwrap_or_default())
        };
        all.iter().map(one).collect()
    };
    Said {
        found: listed("findings"),
        ignored: listed("ignored"),
        code: json.status.code(),
    }
}

fn of_text(text: &str) -> Said {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "x.yaml", text);
    said(&folder, &[])
}

fn expected(found: &[(&str, u64)], ignored: &[(&str, u64)]) -> Said {
    let owned = |all: &[(&str, u64)]| {
        let all = all.iter();
        all.map(|(code, line)| ((*code).to_owned(), *line))
            .collect()
    };
    let is_error = |(code, _): &(&str, u64)| *code == "RBAC004" || *code == "RBAC023";
    Said {
        found: owned(found),
        ignored: owned(ignored),
        code: Some(i32::from(found.iter().any(is_error))),
    }
}

const IGNORE: &str = "# rbac-eval: ignore RBAC004 -- will be mended\n";

#[test]
fn comments_count_for_what_they_stand_beside() {
    let (a, b) = (group("a"), group("b"));
    let beside = |group: &str| format!("{} {IGNORE}", group.trim_end());
    for (case, text, found, ignored) in [
        (
            "head",
            binding("x", IGNORE, &(a.clone() + &b)),
            &[][..],
            &[7, 8][..],
        ),
        (
            "head, with blanks",
            binding("x", &format!("{IGNORE}\n# x\n\n"), &a),
            &[],
            &[10],
        ),
        (
            "above a line",
            binding("x", "", &format!("{a}{IGNORE}{b}")),
            &[6],
            &[8],
        ),
        (
            "above, through comments",
            binding("x", "", &format!("{IGNORE}# x\n{a}{b}")),
            &[9],
            &[8],
        ),
        (
            "at the end of a line",
            binding("x", "", &format!("{}{b}", beside(&a))),
            &[7],
            &[6],
        ),
        (
            "beside `---`",
            binding("x", &format!("--- {IGNORE}"), &a),
            &[],
            &[7],
        ),
    ] {
        let at = |lines: &[u64]| -> Vec<(&str, u64)> {
            lines.iter().map(|line| ("RBAC004", *line)).collect()
        };
        let want = expected(&at(found), &at(ignored));
        assert_eq!(of_text(&text), want, "{case}");
    }
}

#[test]
fn comments_elsewhere_count_for_nothing_and_are_told() {
    let a = group("a");
    for (case, text, at, lines) in [
        (
            "a blank between",
            binding("x", "", &format!("{IGNORE}\n{a}")),
            6,
            &[8][..],
        ),
        (
            "after the line",
            binding("x", "", &format!("{a}{IGNORE}")),
            7,
            &[6],
        ),
        (
            "of another object",
            binding("x", &format!("{IGNORE}kind: A\n---\n"), &a),
            1,
            &[9],
        ),
        (
            "another code",
            binding("x", "# rbac-eval: ignore RBAC017 -- x\n", &a),
            1,
            &[7],
        ),
    ] {
        let mut found: Vec<(&str, u64)> = lines.iter().map(|line| ("RBAC004", *line)).collect();
        found.push(("RBAC032", at));
        found.sort_by_key(|(_, line)| *line);
        assert_eq!(of_text(&text), expected(&found, &[]), "{case}");
    }
}

#[test]
fn text_is_no_comment() {
    let block = format!(
        "{}metadata: {{name: n}}\ndata:\n  a: |\n    {IGNORE}  b: '\n    {IGNORE}    '\n",
        "apiVersion: v1\nkind: ConfigMap\n"
    );
    let text = format!("{block}---\n{}", binding("x", "", &group("a")));
    assert_eq!(of_text(&text), expected(&[("RBAC004", 16)], &[]));
    // A string that holds all of it, in one line and in several.
    let rule = "- {apiGroups: [''], resources: [pods], verbs: [post, '# rbac-eval: ignore RBAC014 -- x']}\n";
    let lines = "- {apiGroups: [''], resources: [pods], verbs: ['x\n    # rbac-eval: ignore RBAC014 -- x\n    \
                 ', post]}\n";
    for (rules, lines) in [(rule, [5, 5]), (lines, [5, 5])] {
        let role = format!("{RBAC}kind: ClusterRole\nmetadata: {{name: r}}\nrules:\n{rules}");
        let found: Vec<(&str, u64)> = lines.iter().map(|line| ("RBAC014", *line)).collect();
        assert_eq!(of_text(&role).without("RBAC017"), expected(&found, &[]));
    }
}

#[test]
fn items_of_lists_have_heads() {
    let item = |name: &str| {
        binding(name, "", &group("a"))
            .replace('\n', "\n  ")
            .trim_end()
            .to_owned()
            + "\n"
    };
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n{IGNORE}- {}- {}",
        item("x"),
        item("other")
    );
    assert_eq!(
        of_text(&list).without("RBAC018"),
        expected(&[("RBAC004", 16)], &[("RBAC004", 10)])
    );
    // The head of the list is that of none of them.
    let list = format!(
        "{IGNORE}apiVersion: v1\nkind: List\nitems:\n- {}",
        item("x")
    );
    assert_eq!(
        of_text(&list),
        expected(&[("RBAC032", 1), ("RBAC004", 10)], &[])
    );
}

impl Said {
    fn without(mut self, code: &str) -> Self {
        self.found.retain(|(found, _)| found != code);
        self
    }
}

#[test]
fn an_ignore_that_cant_count_is_a_finding() {
    let a = group("a");
    for (comment, code) in [
        ("# rbac-eval: ignore RBAC004", "RBAC030"),
        ("# rbac-eval: ignore RBAC004 --  ", "RBAC030"),
        ("# rbac-eval: ignore RBAC999 -- x", "RBAC031"),
        ("# rbac-eval: ignore -- x", "RBAC031"),
        ("# rbac-eval: skip RBAC004 -- x", "RBAC031"),
        ("# rbac-eval: ignore RBAC023 -- x", "RBAC031"),
        ("# rbac-eval: ignore RBAC030 -- x", "RBAC031"),
        ("# rbac-eval: ignore RBAC020 -- x", "RBAC031"),
    ] {
        let text = binding("x", &format!("{comment}\n"), &a);
        let want = expected(&[(code, 1), ("RBAC004", 7)], &[]);
        assert_eq!(of_text(&text), want, "{comment}");
    }
    // What else the same comment names counts, and no ignore silences what is said of ignores.
    let text = binding(
        "x",
        "# rbac-eval: ignore RBAC004, RBAC031 -- x\n# rbac-eval: ignore RBAC031 -- x\n",
        &a,
    );
    assert_eq!(
        of_text(&text),
        expected(&[("RBAC031", 1), ("RBAC031", 2)], &[("RBAC004", 8)])
    );
}

#[test]
fn what_isnt_judged_isnt_ignored() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "x.yaml", binding("x", "", "  []\n"));
    put(
        folder.path(),
        "broken.yaml",
        format!("# rbac-eval: ignore RBAC023 -- x\n{RBAC}kind: Role\nmetadata: [\n"),
    );
    let said = said(&folder, &[]);
    assert_eq!(said.ignored, []);
    assert_eq!(said.code, Some(1));
    assert!(said.found.iter().any(|(code, _)| code == "RBAC023"));
}

const SETTINGS: &str = ".rbac-eval.yaml";

#[test]
fn settings_ignore_by_object() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "rbac/x.yaml", binding("x", "", &group("a")));
    let with = |entries: &str| {
        put(
            folder.path(),
            SETTINGS,
            format!("files: [rbac]\nignore:\n{entries}"),
        );
        said(&folder, &[])
    };
    let good = "- {code: RBAC004, object: RoleBinding shop/x, reason: soon}\n";
    assert_eq!(with(good), expected(&[], &[("RBAC004", 6)]));
    for (entry, code) in [
        ("- {code: RBAC004, object: RoleBinding shop/x}\n", "RBAC030"),
        (
            "- {code: RBAC004, object: RoleBinding shop/x, reason: ' '}\n",
            "RBAC030",
        ),
        (
            "- {code: RBAC023, object: RoleBinding shop/x, reason: x}\n",
            "RBAC031",
        ),
        (
            "- {code: RBAC004, object: RoleBinding x, reason: x}\n",
            "RBAC032",
        ),
        (
            "- {code: RBAC001, object: RoleBinding shop/x, reason: x}\n",
            "RBAC032",
        ),
    ] {
        assert_eq!(
            with(entry),
            expected(&[("RBAC004", 6), (code, 3)], &[]),
            "{entry}"
        );
    }
    // `-f` reads no settings.
    with(good);
    assert_eq!(
        said(&folder, &["-f", "rbac"]),
        expected(&[("RBAC004", 6)], &[])
    );
    put(
        folder.path(),
        SETTINGS,
        "ignore:\n- {code: RBAC004, objects: x}\n",
    );
    let output = run(folder.path(), &["check"], b"");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.starts_with("error: .rbac-eval.yaml:2:"), "{error}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn an_ignore_for_all_environments_has_to_match_in_one() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "a/x.yaml", binding("x", "", &group("a")));
    put(folder.path(), "b/y.yaml", binding("other", "", "  []\n"));
    let with = |ignore: &str, own: &str, args: &[&str]| {
        let text = format!(
            "ignore: [{ignore}]\nenvironments:\n- {{name: a, files: [a], ignore: [{own}]}}\n- {{name: b, files: [b]}}\n"
        );
        put(folder.path(), SETTINGS, text);
        let args = [&["check", "--fail-on", "warning"], args].concat();
        let output = run(folder.path(), &args, b"");
        (
            String::from_utf8(output.stdout).unwrap(),
            output.status.code(),
        )
    };
    let x = "{code: RBAC004, object: RoleBinding shop/x, reason: soon}";
    let y = "{code: RBAC002, object: RoleBinding shop/other, reason: soon}";
    let none = "{code: RBAC002, object: RoleBinding shop/z, reason: soon}";
    let (text, code) = with(&format!("{x}, {y}"), "", &[]);
    assert_eq!(code, Some(0), "{text}");
    let (text, code) = with(y, x, &[]);
    assert_eq!(code, Some(0), "{text}");
    // What is said of one environment has to match there.
    let (text, code) = with(x, y, &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("RBAC032") && text.contains("RBAC002"),
        "{text}"
    );
    let (text, code) = with(&format!("{x}, {y}, {none}"), "", &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("RBAC032") && text.contains("RoleBinding shop/z"),
        "{text}"
    );
    // One environment alone can't tell.
    let (text, code) = with(&format!("{x}, {y}, {none}"), "", &["--env", "a"]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn comments_of_sources_count_for_what_kustomize_makes_of_them() {
    let folder = TempDir::new().unwrap();
    let groups = format!("{IGNORE}{}{}", group("a"), group("b"));
    put(folder.path(), "k/x.yaml", binding("x", "", &groups));
    put(
        folder.path(),
        "k/y.yaml",
        binding("other", IGNORE, &group("c")),
    );
    put(
        folder.path(),
        "k/kustomization.yaml",
        "resources: [x.yaml, y.yaml]\nnamePrefix: my-\nnamespace: other\n",
    );
    put(
        folder.path(),
        SETTINGS,
        "environments: [{name: e, kustomize: k}]\n",
    );
    assert_eq!(
        said(&folder, &[]),
        expected(&[("RBAC004", 8)], &[("RBAC004", 7), ("RBAC004", 7)])
    );
}

/// Helm's templates are no YAML, but what it prints holds their comments.
#[test]
fn comments_that_helm_prints_count() {
    let folder = TempDir::new().unwrap();
    put(
        folder.path(),
        "c/Chart.yaml",
        "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    );
    put(
        folder.path(),
        "c/templates/x.yaml",
        "{{ include \"x\" . }}\n",
    );
    put(
        folder.path(),
        SETTINGS,
        "environments: [{name: e, helm: {chart: c}}]\n",
    );
    let groups = format!("{}{IGNORE}{}", group("a"), group("b"));
    let printed = format!(
        "---\n# Source: c/templates/x.yaml\n{}---\n# Source: c/templates/x.yaml\n{}",
        binding("x", "", &groups),
        binding("z", IGNORE, &group("c"))
    );
    let helm = StandIns::new().printing("helm", &printed);
    let output = helm.run(folder.path(), &["check", "-o", "json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let lines = |field: &str| -> Vec<u64> {
        let all = answer[field].as_array().unwrap();
        all.iter()
            .map(|one| one["source"]["renderedLine"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(
        (lines("findings"), lines("ignored")),
        (vec![8], vec![10, 19])
    );
}

#[test]
fn each_form_shows_what_is_ignored() {
    let folder = TempDir::new().unwrap();
    put(
        folder.path(),
        "rbac/x.yaml",
        binding("x", IGNORE, &group("a")),
    );
    put(
        folder.path(),
        "rbac/y.yaml",
        binding("other", "", &group("b")),
    );
    put(
        folder.path(),
        SETTINGS,
        "files: [rbac]\nignore: [{code: RBAC004, object: RoleBinding shop/other, reason: soon}]\n",
    );
    let output = |form: &str| {
        let output = run(folder.path(), &["check", "-o", form], b"");
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(
        output("table"),
        "0 errors, 0 warnings, 0 notes, 2 ignored\n"
    );
    assert_eq!(output("github"), "");
    let json: Value = serde_json::from_str(&output("json")).unwrap();
    let how: Vec<(&str, &str, &str)> = json["ignored"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |field: &str| one[field].as_str().unwrap();
            (
                text("reason"),
                text("ignoredBy"),
                one["ignoredAt"]["file"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        how,
        [
            ("will be mended", "comment", "rbac/x.yaml"),
            ("soon", "settings", SETTINGS)
        ]
    );
    let sarif: Value = serde_json::from_str(&output("sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let suppressed: Vec<(&Value, &Value)> = results
        .iter()
        .map(|result| {
            let one = &result["suppressions"][0];
            assert!(result.get("baselineState").is_none());
            (&one["kind"], &one["justification"])
        })
        .collect();
    assert_eq!(
        suppressed,
        [
            (&"inSource".into(), &"will be mended".into()),
            (&"external".into(), &"soon".into())
        ] as [(&Value, &Value); 2]
    );
}

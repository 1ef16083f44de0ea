//! What a user sees: a yes of each kind, a no with each kind of near miss, and the other outputs.

use std::path::PathBuf;

use crate::support::told::{assert_well_formed, run, told};

fn cases() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/cases")
}

/// Asks about `near-misses.yaml` and answers with the transcript.
fn ask(request: &str) -> String {
    let args: Vec<&str> = ["can-i"]
        .into_iter()
        .chain(request.split(' '))
        .chain(["-f", "near-misses.yaml"])
        .collect();
    let is_text = !args.contains(&"-o") && !args.contains(&"--list");
    if is_text {
        assert_well_formed(&run(&cases(), &args, b""));
    }
    told(&cases(), &args, b"")
}

fn asks(requests: &[&str]) -> String {
    let transcripts: Vec<String> = requests.iter().map(|request| ask(request)).collect();
    transcripts.join("\n")
}

#[test]
fn a_yes_says_by_which_binding_role_and_rule() {
    insta::assert_snapshot!(
        "yes",
        asks(&[
            "get pods --as wide",
            "list deployments --as narrow -n shop",
            "get pods --as pods-only -n shop",
            "get configmaps/settings --as wide -n shop",
            "get pods --as eve --as-group 11111111-2222-3333-4444-555555555555 -n shop",
            "get pods --as system:serviceaccount:shop:web -A",
            "get /metrics/ --as wide",
            // Gathered by an aggregated role.
            "list configmaps --as vera -n shop",
            // By two bindings at once.
            "get pods --as vera --as-group 11111111-2222-3333-4444-555555555555 -n shop",
            // By the default policy alone.
            "get /version --as nobody",
        ])
    );
}

#[test]
fn a_no_says_what_would_have_to_differ_about_the_request() {
    insta::assert_snapshot!(
        "no_request",
        asks(&[
            // Another namespace.
            "get services --as narrow -n default",
            // No namespace at all, and a RoleBinding.
            "get services --as narrow -A",
            // A cluster-scoped type, and a RoleBinding.
            "list nodes --as narrow -n shop",
            // Only some names.
            "get configmaps/other --as wide -n shop",
            "get configmaps --as wide -n shop",
            "list configmaps --as wide -n shop",
            "create configmaps --as wide -n shop",
            // Another verb.
            "delete pods --as wide",
            // Another API group.
            "get ingresses --as wide -n shop",
            // A subresource.
            "get pods --subresource log --as wide -n shop",
            "get pods --subresource log --as pods-only -n shop",
            // The same, asked the wrong way.
            "get pods/log --as narrow -n default",
            // Another URL.
            "get /metrics --as wide",
            "get /metrics/x --as wide",
        ])
    );
}

#[test]
fn a_no_says_what_would_have_to_differ_about_the_asker() {
    insta::assert_snapshot!(
        "no_asker",
        asks(&[
            "get pods --as Wide",
            "get pods --as eve --as-group operators -n shop",
            "get pods --as carol",
            "get pods --as dave",
            "get pods --as eve --as-group platform",
            "get pods --as system:serviceaccount:shop:bot",
            "get pods --as system:serviceaccount:default:web",
            "get services --as alice@contoso.com -n shop",
        ])
    );
}

#[test]
fn a_no_without_near_miss_says_whether_anything_names_the_asker() {
    insta::assert_snapshot!(
        "no_near_miss",
        asks(&[
            "get secrets --as nobody -n elsewhere --defaults none",
            "delete secrets --as pods-only -n shop --defaults none",
            "delete secrets --as wide -n elsewhere --defaults none",
        ])
    );
}

#[test]
fn an_absent_role_makes_the_answer_incomplete() {
    insta::assert_snapshot!(
        "incomplete",
        asks(&[
            "get secrets --as halfway -n shop",
            "get secrets --as halfway -n elsewhere",
            // With a near miss beside it.
            "delete pods --as wide -n shop",
            // What is absent doesn't matter to a yes.
            "get pods --as wide -n shop",
        ])
    );
}

#[test]
fn what_rbac_does_not_decide_is_said() {
    insta::assert_snapshot!(
        "beside_rbac",
        asks(&[
            "delete nodes --as root --as-group system:masters",
            "get secrets --as system:node:n1 --as-group system:nodes -n shop",
            "get pods --as system:node:n1 --as-group system:nodes -n shop",
        ])
    );
}

#[test]
fn a_list_is_kubectl_s_table() {
    insta::assert_snapshot!(
        "list",
        asks(&[
            "--list --as pods-only -n shop",
            "--list --as halfway -n shop --no-headers --defaults none",
            "--list --as wide -n shop --defaults none -o json",
            "--list --as pods-only -n shop --defaults none -o yaml",
        ])
    );
}

#[test]
fn documents_carry_what_the_text_says() {
    insta::assert_snapshot!(
        "documents",
        asks(&[
            "get pods --as pods-only -n shop -o json",
            "delete pods --as wide -n shop -o yaml",
            "get pods --as root --as-group system:masters -o yaml",
            "get /metrics --as wide -o json",
        ])
    );
}

#[test]
fn usage_errors_say_what_was_expected() {
    insta::assert_snapshot!(
        "usage",
        asks(&[
            "get pods",
            "get --as wide",
            "get pods settings --as wide",
            "get pods --as wide --no-headers",
            "get pods --as wide --defaults 0.9",
            "get /healthz --subresource x --as wide",
            "--list get pods --as wide",
        ])
    );
    for args in [
        &["can-i"][..],
        &["can-i", "get", "pods", "--as", "x", "--nope"],
    ] {
        let output = run(&cases(), args, b"");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(str::from_utf8(&output.stdout).unwrap(), "", "{args:?}");
    }
}

#[test]
fn unknown_words_are_warned_about_on_stderr() {
    insta::assert_snapshot!(
        "unknown_words",
        asks(&[
            "frobnicate pods --as wide",
            "get widgets --as wide",
            "get widgets.example.com --as wide",
            "list nodes --as wide -n shop",
        ])
    );
}

#[test]
fn quiet_prints_nothing() {
    for (user, code) in [("wide", 0), ("nobody", 1)] {
        let args = [
            "can-i",
            "get",
            "pods",
            "--as",
            user,
            "-q",
            "-f",
            "near-misses.yaml",
        ];
        let output = run(&cases(), &args, b"");
        assert_eq!(output.status.code(), Some(code));
        assert_eq!((output.stdout.len(), output.stderr.len()), (0, 0));
    }
}

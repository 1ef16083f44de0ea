//! A subresource that a type doesn't have is warned about, with the one that was meant.

use crate::support::testdata;
use crate::support::told::run;

/// What a request is answered about `near-misses.yaml`: stdout and stderr.
fn answer(request: &str) -> (String, String) {
    let args: Vec<&str> = request
        .split(' ')
        .chain(["-f", "near-misses.yaml"])
        .collect();
    let output = run(&testdata().join("cases"), &args, b"");
    assert!(matches!(output.status.code(), Some(0 | 1)), "{request}");
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// The line on stderr that tells of a subresource, without its prefix.
fn warned(request: &str) -> Option<String> {
    let (_, stderr) = answer(request);
    let mut lines = stderr.lines().filter(|line| line.contains("subresource"));
    let line = lines.next()?.to_owned();
    assert_eq!(lines.next(), None, "{request}: {stderr}");
    let (prefix, rest) = line.split_once(": ").unwrap();
    assert_eq!(prefix.to_lowercase(), "warning", "{request}");
    Some(rest.to_owned())
}

#[test]
fn an_unknown_subresource_is_warned_about_with_the_one_that_was_meant() {
    for (request, expected) in [
        (
            "can-i get pods --subresource logs --as wide",
            "resource 'pods' doesn't have a subresource 'logs'; did you mean 'log'?",
        ),
        (
            "can-i create pods/web --subresource=exce --as wide -n shop",
            "resource 'pods' doesn't have a subresource 'exce'; did you mean 'exec'?",
        ),
        (
            "can-i update deploy --subresource Status --as wide -A",
            "resource 'deployments' in group 'apps' doesn't have a subresource 'Status'; did you mean \
             'status'?",
        ),
        (
            "can-i get nodes --subresource metric --as wide",
            "resource 'nodes' doesn't have a subresource 'metric'; did you mean 'metrics'?",
        ),
        (
            "can-i get configmaps --subresource log --as wide",
            "resource 'configmaps' doesn't have a subresource 'log'",
        ),
        (
            "who-can get pods --subresource logs",
            "resource 'pods' doesn't have a subresource 'logs'; did you mean 'log'?",
        ),
        (
            "matrix pods --subresource logs",
            "resource 'pods' doesn't have a subresource 'logs'; did you mean 'log'?",
        ),
        (
            "can-i get pods --subresource * --as wide",
            "resource 'pods' doesn't have a subresource '*'",
        ),
    ] {
        assert_eq!(warned(request).as_deref(), Some(expected), "{request}");
    }
}

#[test]
fn what_may_be_known_elsewhere_is_not_warned_about() {
    for request in [
        "can-i get pods --subresource log --as wide",
        "can-i create serviceaccounts/x --subresource token --as wide",
        // Looked at for every type, and sent to none.
        "can-i update deployments --subresource finalizers --as wide",
        // Types that the input doesn't define.
        "can-i get virtualmachines.kubevirt.io --subresource console --as wide",
        "can-i get widgets --subresource frob --as wide",
        "can-i get * --subresource scale --as wide",
        "can-i get pods --as wide",
    ] {
        assert_eq!(warned(request), None, "{request}");
    }
}

/// For kubectl `pods/logs` is the pod `logs`.
#[test]
fn a_name_that_is_nearly_a_subresource_is_noted() {
    for (target, subresource) in [
        ("pods/log", "log"),
        ("pods/logs", "log"),
        ("pods/Exec", "exec"),
        ("po/evictions", "eviction"),
        ("nodes/metric", "metrics"),
    ] {
        let (stdout, _) = answer(&format!("can-i get {target} --as narrow"));
        let words = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let (word, _) = target.split_once('/').unwrap();
        let told = format!("say `get {word} --subresource {subresource}`");
        assert!(words.contains(&told), "{target}: {stdout}");
    }
    for target in ["pods/web", "pods/logger", "pods/status-page", "services/s"] {
        let (stdout, _) = answer(&format!("can-i get {target} --as narrow"));
        assert!(!stdout.contains("for the subresource"), "{stdout}");
    }
}

//! What follows from a cluster's version of Kubernetes, and who tells it.

use std::collections::BTreeMap;

use pretty_assertions::assert_eq;
use rbac_eval::analysis::diff::diff;
use rbac_eval::analysis::risk::risks_of;
use rbac_eval::cluster::{Assumed, ClusterVersion, Defaults, Snapshot, VersionSource};
use rbac_eval::kube::default_policy::DefaultPolicy;
use rbac_eval::kube::discovery::{Discovery, Resolution};
use rbac_eval::kube::{self, Minor};
use rbac_eval::text::{Files, SourceText};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::gates::{RBAC, bound, put, run, text};

/// How many objects the default policy of each version has, and the SHA-256 of its canonical form: each
/// object as JSON with sorted keys and without spaces, the lines sorted. Made from upstream's own data of
/// each version.
const POLICIES: [(&str, usize, &str); 10] = [
    (
        "1.24",
        119,
        "ccea93612e03981b29654f2d7bf2c38a4ed60fbac92a4a82902b8185c39fea05",
    ),
    (
        "1.29",
        121,
        "ed896edffab57bbfe819b7d28f0d5febdc5e8fe00dfd149fe05855265a351f0e",
    ),
    (
        "1.30",
        123,
        "c2efc7fbad9092421f4d9dac456998270137411e54ef7ea9fb072aff543c1e81",
    ),
    (
        "1.31",
        123,
        "c39ea17845272b611cf23eba00e6a0464802484b5abea1416568cce12bb4dc6a",
    ),
    (
        "1.32",
        123,
        "dcbf3920bd4dee8d189e5fa5decbfb8de359cda667340def1548087027435c50",
    ),
    (
        "1.33",
        127,
        "78d9754d4835715b517d178c73f9fb9c1274bbb20d83fd5981c04dc17de3726a",
    ),
    (
        "1.34",
        131,
        "2e07010c0bfc622dd013eb3c3033f21fda2644b44621b6bc3a4e19330c1978ca",
    ),
    (
        "1.35",
        131,
        "ebf6b239399247fb56d7be32a3bab70e181d8ed6d1ab2735635e2db6c3e1be3b",
    ),
    (
        "1.36",
        133,
        "1c0f9d32ceefef59901ddc5490b79cee9d6e2530f4c0ef5095a25608f357fee4",
    ),
    (
        "1.37",
        141,
        "69334d64f15e779cdc49f9a216d66d08ac3671122284880dc56b2a26bccc789f",
    ),
];

/// The same value with sorted keys, whatever order they were read in.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(fields) => {
            let fields: BTreeMap<&String, Value> = fields
                .iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect();
            fields
                .into_iter()
                .map(|(key, value)| (key.clone(), value))
                .collect()
        }
        other => other.clone(),
    }
}

#[test]
fn each_policy_is_upstreams() {
    let found: Vec<(String, usize, String)> = DefaultPolicy::all()
        .map(|policy| {
            let mut lines: Vec<String> = policy
                .text()
                .lines()
                .map(|line| sorted(&serde_json::from_str(line).unwrap()).to_string())
                .collect();
            lines.sort();
            let canonical: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
            let hash = Sha256::digest(canonical);
            let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            (policy.version.to_string(), lines.len(), hash)
        })
        .collect();
    let expected = POLICIES.map(|(version, count, hash)| (version.into(), count, hash.into()));
    assert_eq!(found, expected);
}

fn minor(version: &str) -> Minor {
    Minor::parse(version).unwrap()
}

/// The full name that a word means to servers of a version, and whether they serve it by themselves.
fn meaning(version: &str, word: &str) -> Option<(String, bool)> {
    match Discovery::of_minor(minor(version), []).resolve(word) {
        Resolution::Known(known) => Some((known.full_name(), !known.off_by_default)),
        _ => None,
    }
}

/// Source: upstream's discovery documents of each version.
#[test]
fn each_version_has_its_own_resources() {
    let known = |name: &str, on: bool| Some((name.to_owned(), on));
    for (word, version, expected) in [
        ("psp", "1.24", known("podsecuritypolicies.policy", true)),
        ("psp", "1.29", None),
        ("selfsubjectreviews", "1.24", None),
        (
            "selfsubjectreviews",
            "1.29",
            known("selfsubjectreviews.authentication.k8s.io", true),
        ),
        (
            "flowschemas",
            "1.24",
            known("flowschemas.flowcontrol.apiserver.k8s.io", true),
        ),
        ("resourceclaims", "1.24", None),
        (
            "resourceclaims",
            "1.33",
            known("resourceclaims.resource.k8s.io", false),
        ),
        (
            "resourceclaims",
            "1.34",
            known("resourceclaims.resource.k8s.io", true),
        ),
        (
            "resourceclasses",
            "1.30",
            known("resourceclasses.resource.k8s.io", false),
        ),
        ("resourceclasses", "1.31", None),
        (
            "vac",
            "1.33",
            known("volumeattributesclasses.storage.k8s.io", false),
        ),
        (
            "vac",
            "1.34",
            known("volumeattributesclasses.storage.k8s.io", true),
        ),
        (
            "servicecidrs",
            "1.32",
            known("servicecidrs.networking.k8s.io", false),
        ),
        (
            "servicecidrs",
            "1.33",
            known("servicecidrs.networking.k8s.io", true),
        ),
        ("mutatingadmissionpolicies", "1.31", None),
        (
            "mutatingadmissionpolicies",
            "1.35",
            known(
                "mutatingadmissionpolicies.admissionregistration.k8s.io",
                false,
            ),
        ),
        (
            "mutatingadmissionpolicies",
            "1.36",
            known(
                "mutatingadmissionpolicies.admissionregistration.k8s.io",
                true,
            ),
        ),
        // A version that isn't built in has what the nearest has.
        ("psp", "1.26", known("podsecuritypolicies.policy", true)),
        (
            "evictionrequests",
            "1.60",
            known("evictionrequests.lifecycle.k8s.io", false),
        ),
    ] {
        assert_eq!(meaning(version, word), expected, "{word} in {version}");
    }
    let resize = |version: &str| {
        let discovery = Discovery::of_minor(minor(version), []);
        let pods = discovery.get("", "pods").unwrap();
        pods.may_have_subresource("resize")
    };
    assert_eq!(["1.31", "1.32"].map(resize), [false, true]);
}

#[test]
fn what_is_off_by_default_comes_last() {
    for policy in DefaultPolicy::all() {
        let discovery = Discovery::of_minor(policy.version, []);
        let resources = discovery.resources();
        let on = resources
            .iter()
            .take_while(|one| !one.off_by_default)
            .count();
        assert!(on > 50, "{}", policy.version);
        assert!(resources[on..].iter().all(|one| one.off_by_default));
    }
}

fn snapshot(text: &str, assumed: impl Into<Assumed>) -> Snapshot {
    let text = SourceText {
        name: "dump.yaml".into(),
        bytes: text.as_bytes().to_vec(),
        named: true,
    };
    let mut files = Files::default();
    let manifest = kube::parse(&mut files, &[text]);
    Snapshot::new(files, manifest, assumed)
}

/// A Node as a server prints it.
fn node(name: &str, version: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Node\n\
         metadata: {{name: {name}, uid: u-{name}, resourceVersion: '1'}}\n\
         status: {{nodeInfo: {{kubeletVersion: {version}}}}}\n"
    )
}

#[test]
fn nodes_tell_the_version_unless_someone_says_it() {
    let told = |text: &str, said: Option<&str>| {
        let version = said.map(|version| ClusterVersion::said(minor(version)));
        let defaults = Defaults::Auto;
        let snapshot = snapshot(text, Assumed { version, defaults });
        let version = snapshot.version();
        let policy = snapshot.defaults().map(|policy| policy.version.to_string());
        (version.minor.to_string(), version.told_by, policy.unwrap())
    };
    let two = format!("{}{}", node("a", "v1.33.7"), node("b", "v1.34.2"));
    let oldest = |version: &str| VersionSource::Nodes {
        oldest: minor(version),
    };
    for (text, said, version, by, policy) in [
        ("", None, "1.37", VersionSource::Nothing, "1.37"),
        ("", Some("1.33"), "1.33", VersionSource::User, "1.33"),
        (&*two, None, "1.34", oldest("1.33"), "1.34"),
        (&*two, Some("1.35"), "1.35", VersionSource::User, "1.35"),
        // Anyone can write a Node into a repository.
        (
            &*two.replace("uid: ", "labels: {}, x-uid: "),
            None,
            "1.37",
            VersionSource::Nothing,
            "1.37",
        ),
        (
            &*node("a", "unknown"),
            None,
            "1.37",
            VersionSource::Nothing,
            "1.37",
        ),
        (&*node("a", "v1.27.9"), None, "1.27", oldest("1.27"), "1.29"),
    ] {
        let expected = (version.to_owned(), by, policy.to_owned());
        assert_eq!(told(text, said), expected, "{text} {said:?}");
    }
}

#[test]
fn what_is_a_risk_depends_on_the_version() {
    let binding = |verb: &str, group: &str, resource: &str| {
        format!(
            "{RBAC}kind: ClusterRole\nmetadata: {{name: r}}\n\
             rules: [{{apiGroups: ['{group}'], resources: ['{resource}'], verbs: ['{verb}']}}]\n---\n\
             {RBAC}kind: ClusterRoleBinding\nmetadata: {{name: b}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}}\n\
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: alice}}]\n"
        )
    };
    let exec = binding("get", "", "pods/exec");
    let constrained = binding("impersonate:user-info", "authentication.k8s.io", "users");
    for (text, version, risk) in [
        (&exec, None, Some("exec-by-get")),
        (&exec, Some("1.34"), Some("exec-by-get")),
        (&exec, Some("1.35"), None),
        (&constrained, None, Some("impersonate-constrained")),
        (&constrained, Some("1.34"), None),
        (&constrained, Some("1.35"), Some("impersonate-constrained")),
    ] {
        let assumed = Assumed {
            version: version.map(|version| ClusterVersion::said(minor(version))),
            defaults: Defaults::None,
        };
        let of = |text: &str| {
            rbac_eval::authz::rbac::RbacAuthorizer::new(snapshot(text, assumed)).unwrap()
        };
        let (base, head) = (of(""), of(text));
        let changes = diff(&base, &head).unwrap();
        let risks = changes
            .iter()
            .flat_map(|change| risks_of(change, &base, &head));
        let risks: Vec<&str> = risks.map(|risk| risk.code.id).collect();
        assert_eq!(risks, Vec::from_iter(risk), "{version:?} {text}");
    }
}

/// A folder that binds `edit` to eve, with settings.
fn folder(settings: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    put(folder.path(), ".rbac-eval.yaml", settings);
    put(folder.path(), "rbac/eve.yaml", &bound("edit"));
    folder
}

/// The default policy that an answer rests on, and what is told beside it.
fn answer(folder: &TempDir, args: &[&str]) -> (Option<i32>, String, String) {
    let output = run(folder.path(), args);
    let stdout = text(&output);
    let policy = stdout.split("built-in/").nth(1);
    let policy = policy.and_then(|rest| rest.split(".jsonl").next());
    (
        output.status.code(),
        policy.unwrap_or_default().to_owned(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

const CLAIMS: [&str; 5] = ["can-i", "create", "resourceclaims", "--as", "eve"];

#[test]
fn flag_and_settings_name_the_version() {
    let everywhere = folder("{files: [rbac], kubernetesVersion: '1.34'}\n");
    let of_one = folder(
        "{kubernetesVersion: '1.33', environments: [{name: prod, files: [rbac], kubernetesVersion: v1.35.1}]}\n",
    );
    let nowhere = folder("files: [rbac]\n");
    for (folder, flags, version) in [
        (&everywhere, &[][..], "1.34"),
        (&everywhere, &["--kubernetes-version", "1.36"], "1.36"),
        (&everywhere, &["--defaults", "1.35"], "1.35"),
        (&of_one, &[], "1.35"),
        (&of_one, &["--kubernetes-version", "v1.36.3"], "1.36"),
        (&nowhere, &[], "1.37"),
    ] {
        let args = [&CLAIMS[..], flags].concat();
        let (code, policy, told) = answer(folder, &args);
        assert_eq!(
            (code, &*policy, &*told),
            (Some(0), version, ""),
            "{flags:?}"
        );
    }
    // `edit` writes claims from 1.34 on; before that they were off.
    let said = |args: &[&str]| {
        let output = run(nowhere.path(), args);
        assert_eq!(output.status.code(), Some(1));
        let stdout = text(&output);
        let words: Vec<&str> = stdout.split_whitespace().collect();
        words.join(" ")
    };
    let told = said(&[&CLAIMS[..], &["--kubernetes-version", "1.33"]].concat());
    let off = "note: Kubernetes 1.33 has `resourceclaims.resource.k8s.io` in v1beta2, v1beta1, v1alpha3 \
               alone, which a server serves only where that is switched on";
    assert!(told.ends_with(off), "{told}");
    let told = said(&["can-i", "use", "psp", "--as", "eve"]);
    let gone = "note: `podsecuritypolicies.policy` is a type of Kubernetes 1.24, not of 1.37, which \
                this answer is for";
    assert!(told.contains(gone), "{told}");
    for wrong in ["34", "newest", "1.x", ""] {
        let args = [&CLAIMS[..], &["--kubernetes-version", wrong]].concat();
        let (code, _, told) = answer(&nowhere, &args);
        assert_eq!(code, Some(2));
        assert_eq!(
            told,
            format!("error: `--kubernetes-version {wrong}`: expected a version such as `1.34`\n")
        );
    }
}

#[test]
fn nodes_of_several_versions_are_told() {
    let folder = folder("files: [rbac]\n");
    put(
        folder.path(),
        "rbac/nodes.yaml",
        &format!("{}{}", node("a", "v1.33.7"), node("b", "v1.34.2")),
    );
    let (code, policy, told) = answer(&folder, &CLAIMS);
    assert_eq!((code, &*policy), (Some(0), "1.34"));
    assert_eq!(
        told,
        "note: the nodes run Kubernetes 1.33 to 1.34, so the API server is taken for 1.34; \
         `--kubernetes-version` names another\n"
    );
}

/// HEAD can't choose a version in which what it gives is no risk.
#[test]
fn base_decides_for_both_sides_of_a_comparison() {
    let folder = TempDir::new().unwrap();
    let exec = format!(
        "{RBAC}kind: ClusterRole\nmetadata: {{name: r}}\n\
         rules: [{{apiGroups: [''], resources: [pods/exec], verbs: [get]}}]\n---\n\
         {RBAC}kind: ClusterRoleBinding\nmetadata: {{name: b}}\n\
         roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}}\n\
         subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: alice}}]\n"
    );
    put(folder.path(), "base/node.yaml", &node("a", "v1.33.7"));
    put(folder.path(), "head/node.yaml", &node("a", "v1.36.7"));
    put(folder.path(), "head/exec.yaml", &exec);
    let output = run(folder.path(), &["diff", "base", "head", "-o", "json"]);
    assert!(text(&output).contains("exec-by-get"), "{}", text(&output));
    // Nor where nothing tells BASE's version.
    put(folder.path(), "base/node.yaml", "");
    let output = run(folder.path(), &["diff", "base", "head", "-o", "json"]);
    assert!(text(&output).contains("exec-by-get"), "{}", text(&output));
}

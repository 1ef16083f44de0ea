//! What several tests share: the recorded cases, and reading their lines.

pub mod ask;
pub mod compare;
pub mod fuzzed;
pub mod generate;
pub mod naive;
pub mod object;
pub mod spell;
pub mod told;

use rbac_eval::cluster::Snapshot;
use std::fs;
use std::path::{Path, PathBuf};

use rbac_eval::authn::UserInfo;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::authz::{Attributes, NonResourceAttributes, ResourceAttributes};
use rbac_eval::cluster::Defaults;
use rbac_eval::files::read_path;
use rbac_eval::kube;
use rbac_eval::text::Files;
use serde_json::Value;

/// `testdata/`
pub fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// The recorded cases: those kept here, and `realworld` where the shared folder is beside the
/// checkout.
pub fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = ["aks-basics", "small-a", "small-b"]
        .iter()
        .map(|case| testdata().join("conformance").join(case))
        .collect();
    let realworld = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/realworld");
    if realworld.is_dir() {
        cases.push(realworld);
    } else {
        eprintln!(
            "the recorded case `realworld` is not replayed: {} is absent",
            realworld.display()
        );
    }
    cases
}

/// The objects of a file of JSON Lines.
pub fn jsonl(path: &Path) -> Vec<Value> {
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The store of some files.
pub fn store_of(paths: &[PathBuf], defaults: Defaults) -> RbacAuthorizer {
    let texts: Vec<_> = paths
        .iter()
        .flat_map(|path| read_path(path).unwrap().texts)
        .collect();
    let mut files = Files::default();
    let manifest = kube::parse(&mut files, &texts);
    RbacAuthorizer::new(Snapshot::new(files, manifest, defaults))
}

/// The store of a YAML text.
pub fn store_of_text(text: &str, defaults: Defaults) -> RbacAuthorizer {
    let text = rbac_eval::text::SourceText {
        name: "test.yaml".to_owned(),
        bytes: text.as_bytes().to_vec(),
        named: true,
    };
    let mut files = Files::default();
    let manifest = kube::parse(&mut files, &[text]);
    RbacAuthorizer::new(Snapshot::new(files, manifest, defaults))
}

/// The request of a review's `spec`.
pub fn request(spec: &Value) -> (UserInfo, Attributes) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let groups = spec["groups"].as_array().cloned().unwrap_or_default();
    let user = UserInfo::new(text(&spec["user"]), groups.iter().map(text));
    let attributes = match spec.get("nonResourceAttributes") {
        Some(attributes) => Attributes::NonResource(NonResourceAttributes {
            verb: text(&attributes["verb"]),
            path: text(&attributes["path"]),
        }),
        None => {
            let attributes = &spec["resourceAttributes"];
            Attributes::Resource(ResourceAttributes {
                namespace: text(&attributes["namespace"]),
                verb: text(&attributes["verb"]),
                group: text(&attributes["group"]),
                resource: text(&attributes["resource"]),
                subresource: text(&attributes["subresource"]),
                name: text(&attributes["name"]),
            })
        }
    };
    (user, attributes)
}

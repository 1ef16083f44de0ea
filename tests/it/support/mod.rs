//! What several tests share: the recorded cases, and reading their lines.

pub mod ask;
#[cfg(unix)]
pub mod ci;
pub mod compare;
pub mod docs;
pub mod fuzzed;
pub mod gates;
pub mod generate;
pub mod hostile;
pub mod limited;
#[cfg(unix)]
pub mod loopback;
pub mod naive;
pub mod naive_paths;
pub mod object;
pub mod paths_cluster;
pub mod paths_small;
#[cfg(unix)]
pub mod pull_requests;
pub mod second;
pub mod spell;
#[cfg(unix)]
pub mod stand_in;
pub mod told;
#[cfg(unix)]
pub mod trap;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{fs, thread};

use rbac_eval::authn::UserInfo;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::authz::{Attributes, NonResourceAttributes, ResourceAttributes};
use rbac_eval::cluster::Defaults;
use rbac_eval::files::{ReadRules, Reading, read_paths};
use rbac_eval::kube;
use rbac_eval::text::Files;
use serde_json::Value;

use compare::authorizer;

/// `testdata/`
pub fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// Copies a folder with all below it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// The recorded cases that are kept here.
pub const RECORDED: [&str; 3] = ["aks-basics", "small-a", "small-b"];

/// The recorded case of widely used projects' manifests, which may not be kept here.
const REALWORLD: &str = "conformance/realworld";

/// The folder of a recorded case that is kept here.
pub fn recorded(case: &str) -> PathBuf {
    testdata().join("conformance").join(case)
}

/// The recorded cases: those kept here, and [`realworld`] where it can be had.
pub fn cases() -> Vec<PathBuf> {
    let mut cases = RECORDED.map(recorded).to_vec();
    cases.extend(realworld());
    cases
}

/// The recorded cases of escalation paths: those kept here, and all where they can be had.
pub fn path_cases() -> Vec<PathBuf> {
    let kept = recorded("paths").join("cases");
    let folder = shared("conformance/paths/cases").unwrap_or(kept);
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    cases
}

/// The recorded case of widely used projects' manifests, if the shared folder has it.
pub fn realworld() -> Option<PathBuf> {
    shared(REALWORLD)
}

/// A path below `../shared`, the folder beside the checkout for what may not be kept here. Where it
/// is absent that is told, and the test that asked for it holds the rest alone.
pub fn shared(path: &str) -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(path);
    if found.exists() {
        return Some(found);
    }
    not_held(&format!("../shared/{path} is absent, so it is left out"));
    None
}

/// Tells what the test that runs leaves out, and why.
pub fn not_held(why: &str) {
    let thread = thread::current();
    let test = thread.name().unwrap_or("a test");
    // Written at once, for `eprintln!` shows only what failing tests say.
    let line = format!("{test}: {why}\n");
    io::stderr().write_all(line.as_bytes()).unwrap();
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
        .flat_map(|path| read_path(path).texts)
        .collect();
    let mut files = Files::default();
    let manifest = kube::parse(&mut files, &texts);
    authorizer(files, manifest, defaults)
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
    authorizer(files, manifest, defaults)
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

/// What a file, or a folder, holds.
pub fn read_path(path: &Path) -> Reading {
    let reading = read_paths(&[path.to_owned()], ReadRules::default()).unwrap();
    assert_eq!(reading.absent, [] as [&Path; 0]);
    reading
}

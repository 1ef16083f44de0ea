//! The law of environments: what is answered about one among several is what is answered about it alone.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::gates::{bound, put, run, text};

const ROLES: [&str; 4] = ["view", "edit", "cluster-admin", "no-such-role"];
const USERS: [&str; 3] = ["eve", "dana", "bob"];
const POLICIES: [&str; 4] = [
    "",
    ", kubernetesVersion: '1.24'",
    ", defaults: none",
    ", namespace: shop",
];

/// An environment: the files that it reads, those that lie under it, and how it is read.
type Parts = (Vec<usize>, Vec<usize>, usize);

fn parts() -> impl Strategy<Value = Parts> {
    (
        vec(0..6_usize, 1..4),
        vec(0..6_usize, 0..3),
        0..POLICIES.len(),
    )
}

fn write(folder: &Path, files: &[(usize, usize, bool)], environments: &[Parts]) {
    for (number, (role, user, is_role_binding)) in files.iter().enumerate() {
        let (role, user) = (ROLES[role % ROLES.len()], USERS[user % USERS.len()]);
        // Some names are those of other files.
        let name = format!("name: {}}}\n", ["a", "b", "c", "d"][number % 4]);
        let mut object = bound(role)
            .replacen("name: eve}\n", &name, 1)
            .replace("name: eve}]", &format!("name: {user}}}]"));
        if *is_role_binding {
            object = object.replace("ClusterRoleBinding", "RoleBinding");
        }
        put(folder, &format!("f{number}.yaml"), &object);
    }
    let mut settings = "environments:\n".to_owned();
    for (number, (files, with, policy)) in environments.iter().enumerate() {
        let list = |numbers: &[usize]| {
            let names: Vec<String> = numbers.iter().map(|file| format!("f{file}.yaml")).collect();
            names.join(", ")
        };
        settings += &format!(
            "- {{name: e{number}, files: [{}], with: [{}]{}}}\n",
            list(files),
            list(with),
            POLICIES[*policy]
        );
    }
    put(folder, ".rbac-eval.yaml", &settings);
}

fn answer(folder: &Path, args: &[&str]) -> (Option<i32>, Value) {
    let output = run(folder, args);
    let answer = serde_json::from_slice(&output.stdout);
    let answer = answer.unwrap_or_else(|error| panic!("{args:?}: {error}: {}", text(&output)));
    (output.status.code(), answer)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn an_item_is_the_answer_about_its_environment_alone(
        files in vec((0..4_usize, 0..3_usize, any::<bool>()), 6..=6),
        environments in vec(parts(), 2..5),
    ) {
        let folder = TempDir::new().unwrap();
        write(folder.path(), &files, &environments);
        let commands: [&[&str]; 6] = [
            &["can-i", "create", "pods", "--as", "eve"],
            &["who-can", "delete", "nodes"],
            &["lookup", "dana"],
            &["matrix", "--as", "bob", "-n", "shop"],
            &["check"],
            &["diff", "f0.yaml"],
        ];
        for command in commands {
            let command = [command, &["-o", "json"]].concat();
            let (code, all) = answer(folder.path(), &command);
            let items = all["items"].as_array().unwrap();
            prop_assert_eq!(items.len(), environments.len());
            let mut gravest = None;
            for (number, item) in items.iter().enumerate() {
                let name = format!("e{number}");
                let (own, alone) = answer(folder.path(), &[&command[..], &["--env", &name]].concat());
                gravest = gravest.max(own);
                prop_assert_eq!(item, &alone, "{:?} {}", command, name);
                prop_assert_eq!(&item["environment"], name.as_str());
            }
            prop_assert_eq!(code, gravest, "{:?}", command);
        }
    }
}

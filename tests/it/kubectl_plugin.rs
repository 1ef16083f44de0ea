//! The program as a plugin of kubectl: `kubectl rbac-eval` runs `kubectl-rbac_eval`.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use pretty_assertions::assert_eq;
use tempfile::TempDir;

use crate::support::gates::text;
use crate::support::stand_in::{on_path, write_program};

/// A folder with the plugin.
fn installed() -> TempDir {
    let folder = TempDir::new().unwrap();
    let plugin = folder.path().join("kubectl-rbac_eval");
    symlink(env!("CARGO_BIN_EXE_rbac-eval"), plugin).unwrap();
    folder
}

fn run(program: &Path, args: &[&str], folder: &TempDir) -> Output {
    let path = format!(
        "{}:{}",
        folder.path().display(),
        std::env::var("PATH").unwrap()
    );
    Command::new(program)
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .env("HOME", folder.path())
        .env("KUBECONFIG", "/dev/null")
        .output()
        .unwrap()
}

/// What the plugin prints where it is called as kubectl calls it, with the words after the plugin's name.
fn plugin(args: &[&str]) -> Output {
    let folder = installed();
    run(&folder.path().join("kubectl-rbac_eval"), args, &folder)
}

fn itself(args: &[&str]) -> Output {
    let folder = TempDir::new().unwrap();
    run(Path::new(env!("CARGO_BIN_EXE_rbac-eval")), args, &folder)
}

/// The subcommands, from the program's own help.
fn commands() -> Vec<String> {
    let help = text(&itself(&["--help"]));
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    let names = commands.lines().filter_map(|line| {
        // What goes on from the line before stands further in.
        let name = line
            .strip_prefix("  ")
            .filter(|rest| !rest.starts_with(' '))?;
        name.split(' ').next().map(str::to_owned)
    });
    names.filter(|name| name != "help").collect()
}

#[test]
fn help_and_usage_say_what_is_typed() {
    let help = text(&plugin(&["--help"]));
    assert!(
        help.contains("Usage: kubectl rbac-eval <COMMAND>"),
        "{help}"
    );
    let commands = commands();
    assert!(commands.len() > 8, "{commands:?}");
    for command in &commands {
        for flag in ["-h", "--help"] {
            let said = text(&plugin(&[command, flag]));
            let usage = format!("Usage: kubectl rbac-eval {command} ");
            assert!(said.contains(&usage), "{said}");
            // Each command of the examples does, and the own help never.
            let named = said.matches("rbac-eval ").count();
            assert!(named > 1, "{said}");
            assert_eq!(said.matches("kubectl rbac-eval ").count(), named, "{said}");
        }
    }
    let refused = plugin(&["can-i", "--no-such-flag"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused).contains("kubectl rbac-eval can-i"),
        "{}",
        text(&refused)
    );
}

#[test]
fn by_its_own_name_it_is_itself() {
    for args in [
        &["--help"][..],
        &["can-i", "--help"],
        &["can-i", "--no-such-flag"],
    ] {
        let said = text(&itself(args));
        assert!(!said.contains("kubectl rbac-eval"), "{said}");
    }
}

#[test]
fn answers_are_the_same() {
    let question = ["can-i", "get", "pods", "--as", "alice", "-n", "default"];
    let (plugin, itself) = (plugin(&question), itself(&question));
    assert_eq!(text(&plugin), text(&itself));
    assert_eq!(plugin.status.code(), Some(0));
    assert!(text(&plugin).starts_with("yes\n"));
}

/// What kubectl does with `kubectl rbac-eval …`, by a program that stands in for it and by kubectl itself.
#[test]
fn kubectl_runs_it() {
    let folder = installed();
    let stand_in = folder.path().join("kubectl-stand-in");
    write_program(
        &stand_in,
        "name=kubectl-$(printf '%s' \"$1\" | tr - _)\nshift\nexec \"$(command -v \"$name\")\" \"$@\"\n",
    );
    let mut programs = vec![stand_in];
    match on_path("kubectl") {
        Some(kubectl) => programs.push(kubectl),
        None => {
            crate::support::not_held("no kubectl is on PATH, so only its stand-in runs the plugin")
        }
    }
    for kubectl in programs {
        let ask = |args: &[&str]| run(&kubectl, &[&["rbac-eval"], args].concat(), &folder);
        // Flags that kubectl has for all of its commands come to the plugin.
        let yes = ask(&["can-i", "get", "pods", "--as", "alice", "-n", "default"]);
        assert_eq!(yes.status.code(), Some(0), "{}", text(&yes));
        assert!(text(&yes).starts_with("yes\nRoleBinding default/read-pods gives User alice"));
        let no = ask(&[
            "can-i",
            "delete",
            "pods",
            "--as=alice",
            "--namespace=default",
        ]);
        assert_eq!(no.status.code(), Some(1), "{}", text(&no));
        let help = text(&ask(&["who-can", "--help"]));
        assert!(help.contains("Usage: kubectl rbac-eval who-can"), "{help}");
        let version = text(&ask(&["--version"]));
        assert_eq!(
            version,
            format!("rbac-eval {}\n", env!("CARGO_PKG_VERSION"))
        );
    }
}

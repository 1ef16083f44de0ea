//! A repository that a stranger filled, its `.git` too: nothing of it runs, nothing is fetched, nothing of
//! other files is shown, and the gates stay red for what it hides.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use pretty_assertions::assert_eq;
use tempfile::TempDir;

use crate::support::gates::{
    bound, commit, configure, gates, git, git_answer, hiding, put, repository, run, text,
};
use crate::support::trap::{COMMANDS, Trap};

#[test]
fn the_trap_catches() {
    let (folder, trap) = (hiding(), Trap::new());
    git(
        folder.path(),
        &["config", "core.fsmonitor", &trap.program()],
    );
    git(folder.path(), &["status"]);
    assert!(trap.mark().is_some());
}

#[test]
fn no_setting_of_the_repository_runs_a_program() {
    let trap = Trap::new();
    let folder = hiding();
    for name in [
        "alias.cat-file",
        "alias.ls-files",
        "alias.ls-tree",
        "alias.merge-base",
        "alias.rev-parse",
        "core.alternateRefsCommand",
        "core.askPass",
        "core.editor",
        "core.fsmonitor",
        "core.gitProxy",
        "core.pager",
        "core.sshCommand",
        "credential.helper",
        "diff.external",
        "diff.trap.command",
        "diff.trap.textconv",
        "filter.trap.clean",
        "filter.trap.process",
        "filter.trap.smudge",
        "gpg.program",
        "merge.trap.driver",
        "pager.cat-file",
        "pager.ls-files",
        "pager.ls-tree",
        "pager.rev-parse",
        "sequence.editor",
        "trace2.eventTarget",
        "uploadpack.packObjectsHook",
    ] {
        let value = match name.starts_with("alias") {
            true => format!("!{}", trap.program()),
            false => trap.program(),
        };
        // Git itself would run the monitor, so the file is written without it.
        let config = folder.path().join(".git/config");
        let (section, key) = name.rsplit_once('.').unwrap();
        let section = match section.split_once('.') {
            Some((section, sub)) => format!("[{section} \"{sub}\"]"),
            None => format!("[{section}]"),
        };
        let mut text = fs::read_to_string(&config).unwrap();
        text.push_str(&format!("{section}\n\t{key} = {value}\n"));
        fs::write(&config, text).unwrap();
    }
    put(
        folder.path(),
        ".gitattributes",
        "*.yaml filter=trap diff=trap merge=trap\n",
    );
    trap.holds("settings", folder.path());
    let (diff, test, said) = gates(folder.path());
    assert!(diff > Some(0) && test > Some(0), "{said}");
}

#[test]
fn settings_that_are_included_run_nothing() {
    let (folder, trap) = (hiding(), Trap::new());
    put(
        folder.path(),
        "included",
        &format!("[core]\n\tfsmonitor = {}\n", trap.program()),
    );
    git(folder.path(), &["config", "include.path", "../included"]);
    trap.holds("include", folder.path());
    // Of a file that is none, no word is shown.
    let secret = folder.path().join("secret");
    fs::write(&secret, "hunter2 is the password\n").unwrap();
    configure(
        folder.path(),
        &format!("[include]\n\tpath = {}\n", secret.display()),
    );
    for command in COMMANDS {
        let said = text(&run(folder.path(), command));
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn hooks_run_not() {
    let (folder, trap) = (hiding(), Trap::new());
    for hook in [
        "post-index-change",
        "reference-transaction",
        "post-checkout",
        "fsmonitor-watchman",
    ] {
        let hook = folder.path().join(".git/hooks").join(hook);
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::copy(trap.program(), hook).unwrap();
    }
    trap.holds("hooks", folder.path());
}

#[test]
fn nothing_is_fetched() {
    let trap = Trap::new();
    let program = trap.program();
    let origin = hiding();
    for (case, remote) in [
        ("ext", format!("url = \"ext::sh -c {program}\"")),
        ("ssh", "url = ssh://localhost/x".to_owned()),
        (
            "upload-pack",
            format!(
                "url = {}\n\tuploadpack = {program}",
                origin.path().display()
            ),
        ),
        ("vcs", "url = x\n\tvcs = trap".to_owned()),
        ("file", format!("url = file://{}", origin.path().display())),
    ] {
        let folder = hiding();
        let id = git_answer(folder.path(), &["rev-parse", "HEAD:eve.yaml"]);
        configure(
            folder.path(),
            &format!(
                "[core]\n\trepositoryformatversion = 1\n\tsshCommand = {program}\n\
                 [extensions]\n\tpartialClone = origin\n\
                 [protocol]\n\tallow = always\n[protocol \"ext\"]\n\tallow = always\n\
                 [remote \"origin\"]\n\tpromisor = true\n\t{remote}\n"
            ),
        );
        let object = format!(".git/objects/{}/{}", &id[..2], &id[2..]);
        fs::remove_file(folder.path().join(&object)).unwrap();
        trap.holds(case, folder.path());
        let output = run(folder.path(), &["diff", "main...HEAD"]);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{case}: {said}");
        assert!(said.contains("the clone lacks object"), "{case}: {said}");
        assert!(!folder.path().join(&object).exists(), "{case}");
    }
}

#[test]
fn history_is_that_of_the_commits() {
    // Each makes `main` pass for the branch.
    let folder = hiding();
    let path = folder.path();
    let (main, change) = (
        git_answer(path, &["rev-parse", "main"]),
        git_answer(path, &["rev-parse", "change"]),
    );
    git(path, &["replace", &main, &change]);
    let (diff, test, said) = gates(path);
    assert_eq!((diff, test), (Some(1), Some(1)), "replaced\n{said}");

    let folder = hiding();
    put(
        folder.path(),
        ".git/info/grafts",
        &format!("{main} {change}\n"),
    );
    let folder_main = git_answer(folder.path(), &["rev-parse", "main"]);
    let folder_change = git_answer(folder.path(), &["rev-parse", "change"]);
    put(
        folder.path(),
        ".git/info/grafts",
        &format!("{folder_main} {folder_change}\n"),
    );
    let (diff, test, said) = gates(folder.path());
    assert_eq!((diff, test), (Some(1), Some(1)), "grafted\n{said}");
}

#[test]
fn a_bare_repository_in_the_tree_is_none() {
    let trap = Trap::new();
    let folder = repository(&[]);
    let bare = folder.path().join("bare");
    git(folder.path(), &["init", "--quiet", "--bare", "bare"]);
    let config = format!(
        "[core]\n\tbare = false\n\tworktree = {}\n\tfsmonitor = {}\n",
        bare.display(),
        trap.program()
    );
    fs::write(bare.join("config"), config).unwrap();
    put(&bare, "refs/kept", "");
    put(&bare, "objects/kept", "");
    put(&bare, "eve.yaml", &bound("cluster-admin"));
    put(
        &bare,
        "tests/secrets.yaml",
        "assertions:\n- noOne: {verb: get, resource: secrets, namespace: default}\n",
    );
    commit(folder.path());
    trap.holds("bare", &bare);
    let (diff, test, said) = gates(folder.path());
    assert_eq!((diff, test), (Some(1), Some(1)), "{said}");
    let diff = run(&bare, &["diff", "main...HEAD"]);
    assert_eq!(diff.status.code(), Some(1), "{}", text(&diff));
}

#[test]
fn a_repository_below_is_not_taken_unasked() {
    let trap = Trap::new();
    let folder = repository(&[]);
    let nested = folder.path().join("sub");
    git(folder.path(), &["init", "--quiet", "sub"]);
    put(&nested, "eve.yaml", &bound("cluster-admin"));
    configure(
        &nested,
        &format!("[core]\n\tfsmonitor = {}\n", trap.program()),
    );
    for command in [
        &["diff", "main"][..],
        &["test", "tests/secrets.yaml", "--base", "main"],
    ] {
        let output = run(folder.path(), command);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {said}");
        assert!(
            said.contains("another git repository"),
            "{command:?}: {said}"
        );
    }
    // Where it is named it is read, and its git isn't asked.
    let output = run(
        folder.path(),
        &["can-i", "get", "pods", "--as", "eve", "-f", "sub"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    trap.holds("in the nested one", &nested);
    trap.holds("above", folder.path());
}

/// Git is the first of the folders for programs, and not what the checkout has of that name.
#[test]
fn the_checkout_has_no_git() {
    let (folder, trap) = (hiding(), Trap::new());
    fs::copy(trap.program(), folder.path().join("git")).unwrap();
    let path = std::env::var("PATH").unwrap();
    for before in [".:", ":", "./:"] {
        let output = Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
            .args(["diff", "main...HEAD"])
            .current_dir(folder.path())
            .env("PATH", format!("{before}{path}"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        assert_eq!(trap.mark(), None);
    }
}

/// What git says of files that aren't its own quotes them.
#[test]
fn git_s_complaints_show_no_file() {
    let secret = TempDir::new().unwrap();
    let secret = secret.path().join("secret");
    for name in [
        "packed-refs",
        "shallow",
        "info/grafts",
        "objects/info/alternates",
        "config",
        "HEAD",
        "index",
        "refs/heads/main",
        "commondir",
    ] {
        let folder = hiding();
        fs::create_dir_all(secret.parent().unwrap()).unwrap();
        fs::write(&secret, "hunter2 is the password\n").unwrap();
        let path = folder.path().join(".git").join(name);
        // Some aren't there in every repository.
        let _ = fs::remove_file(&path);
        symlink(&secret, &path).unwrap();
        for command in COMMANDS.into_iter().chain([&["diff", "other"][..]]) {
            let said = text(&run(folder.path(), command));
            assert!(!said.contains("hunter2"), "{name} {command:?}: {said}");
        }
    }
}

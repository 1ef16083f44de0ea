//! What stands in a folder and is no regular file of it: links that lead out, devices, FIFOs, sockets and
//! what the kernel makes up. None of it is read, none hangs, and each is told.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::gates::{bound, commit, gates, put, repository, run, text};
use crate::support::not_held;

const PROGRAM: &str = env!("CARGO_BIN_EXE_rbac-eval");

/// Runs a program that has to end by itself, with standard input open.
#[track_caller]
fn ends(folder: &Path, args: &[&str]) -> Output {
    let mut child = Command::new(PROGRAM)
        .args(args)
        .current_dir(folder)
        .env("SECRET", "hunter2")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take();
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begin.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("{args:?} doesn't end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// Holds that a command tells what stands at `name`, in data and in its exit code, and doesn't show it.
#[track_caller]
fn told_by(folder: &Path, args: &[&str], code: i32, name: &str, why: &str) {
    let args = &[args, &["-o", "json"]].concat()[..];
    let output = ends(folder, args);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(code), "{name} {args:?}: {said}");
    assert!(!said.contains("hunter2"), "{name} {args:?}: {said}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = answer["unjudged"].as_array().unwrap();
    let one = all
        .iter()
        .find(|one| one["source"]["file"] == name)
        .unwrap_or_else(|| panic!("{name} {args:?}: {said}"));
    let reason = one["reason"].as_str().unwrap();
    assert!(reason.contains(why), "{name} {args:?}: {reason}");
}

/// The same for both gates.
#[track_caller]
fn told(folder: &Path, name: &str, why: &str) {
    told_by(folder, &["diff", "main"], 2, name, why);
    let test = ["test", "tests/secrets.yaml", "--base", "main"];
    told_by(folder, &test, 2, name, why);
}

/// The same for all commands, formats and levels.
#[track_caller]
fn told_everywhere(folder: &Path, name: &str, why: &str) {
    told(folder, name, why);
    told_by(folder, &["test", "tests/secrets.yaml"], 2, name, why);
    told_by(folder, &["check"], 1, name, why);
    told_by(
        folder,
        &["can-i", "get", "pods", "--as", "eve"],
        1,
        name,
        why,
    );
    told_by(folder, &["who-can", "get", "pods"], 0, name, why);
    told_by(folder, &["matrix", "pods"], 0, name, why);
    for args in [
        &["diff", "main"][..],
        &["diff", "main", "-o", "markdown"],
        &["test", "tests/secrets.yaml", "--base", "main"],
        &["check"],
        &["can-i", "get", "pods", "--as", "eve"],
    ] {
        let said = text(&ends(folder, args));
        assert!(said.contains(name), "{name} {args:?}: {said}");
        assert!(!said.contains("hunter2"), "{name} {args:?}: {said}");
    }
    // Only a level that asks for nothing, or the flag, leaves it out of the exit code.
    for level in ["any", "gained", "high", "critical", "unjudged"] {
        let code = |more: &[&str]| {
            let args = [&["diff", "main", "--fail-on", level], more].concat();
            ends(folder, &args).status.code()
        };
        assert_eq!(code(&[]), Some(2), "{level}");
        assert_eq!(code(&["--allow-unjudged"]), Some(0), "{level}");
    }
    let never = ends(folder, &["diff", "main", "--fail-on", "never"]);
    assert_eq!(never.status.code(), Some(0));
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn links_that_lead_out_are_told() {
    let outside = TempDir::new().unwrap();
    put(outside.path(), "secret.yaml", "hunter2\n");
    let secret = outside.path().join("secret.yaml");
    type Make<'m> = &'m dyn Fn(&Path);
    let cases: [(&str, &str, Make<'_>); 9] = [
        ("absolute.yaml", "out of what may be read", &|folder| {
            symlink(&secret, folder.join("absolute.yaml")).unwrap();
        }),
        ("relative.yaml", "out of what may be read", &|folder| {
            let target = format!(
                "../{}/secret.yaml",
                outside.path().file_name().unwrap().display()
            );
            symlink(target, folder.join("relative.yaml")).unwrap();
        }),
        ("folder", "out of what may be read", &|folder| {
            symlink(outside.path(), folder.join("folder")).unwrap();
        }),
        ("through.yaml", "out of what may be read", &|folder| {
            symlink(outside.path(), folder.join("folder")).unwrap();
            symlink("folder/secret.yaml", folder.join("through.yaml")).unwrap();
        }),
        ("chain.yaml", "out of what may be read", &|folder| {
            symlink(&secret, folder.join("last")).unwrap();
            symlink("last", folder.join("next")).unwrap();
            symlink("rbac/../next", folder.join("chain.yaml")).unwrap();
        }),
        ("environ.yaml", "out of what may be read", &|folder| {
            symlink("/proc/self/environ", folder.join("environ.yaml")).unwrap();
        }),
        ("git.yaml", "out of what may be read", &|folder| {
            symlink(".git/config", folder.join("git.yaml")).unwrap();
        }),
        ("loop.yaml", "to itself", &|folder| {
            symlink("back.yaml", folder.join("loop.yaml")).unwrap();
            symlink("loop.yaml", folder.join("back.yaml")).unwrap();
        }),
        ("dead.yaml", "doesn't exist", &|folder| {
            symlink("nothing", folder.join("dead.yaml")).unwrap();
        }),
    ];
    for (name, why, make) in cases {
        let folder = repository(&[]);
        make(folder.path());
        match name {
            "absolute.yaml" => told_everywhere(folder.path(), name, why),
            _ => told(folder.path(), name, why),
        }
        commit(folder.path());
        let (diff, test, said) = gates(folder.path());
        assert_eq!((diff, test), (Some(2), Some(2)), "{name}: {said}");
    }
}

#[test]
fn streams_and_devices_are_told() {
    let folder = repository(&[]);
    for device in ["stdin", "zero", "tty", "fd/0"] {
        let name = format!("{}.yaml", device.replace('/', "-"));
        symlink(Path::new("/dev").join(device), folder.path().join(&name)).unwrap();
        told(folder.path(), &name, "out of what may be read");
        fs::remove_file(folder.path().join(&name)).unwrap();
    }

    fifo(&folder.path().join("fifo.yaml"));
    told_everywhere(folder.path(), "fifo.yaml", "a FIFO");
    symlink("fifo.yaml", folder.path().join("link.yaml")).unwrap();
    told(folder.path(), "link.yaml", "a FIFO");
    fs::remove_file(folder.path().join("link.yaml")).unwrap();
    fs::remove_file(folder.path().join("fifo.yaml")).unwrap();

    let socket = folder.path().join("socket.yaml");
    let _listening = UnixListener::bind(&socket).unwrap();
    told(folder.path(), "socket.yaml", "a socket");
    fs::remove_file(socket).unwrap();

    let device = folder.path().join("device.yaml");
    let made = Command::new("mknod")
        .arg(&device)
        .args(["c", "1", "5"])
        .output()
        .unwrap();
    if made.status.success() {
        told(folder.path(), "device.yaml", "a device");
    } else {
        not_held("only root can make a device, so none is read");
    }
}

#[test]
fn what_a_user_names_is_read_as_kubectl_reads_it() {
    let folder = repository(&[("named", &bound("cluster-admin"))]);
    let ask = |file: &str| format!("{PROGRAM} can-i get pods --as eve -f {file}");
    for (case, line) in [
        ("-", format!("{} < named", ask("-"))),
        ("/dev/stdin", format!("cat named | {}", ask("/dev/stdin"))),
        (
            "a file as /dev/stdin",
            format!("{} < named", ask("/dev/stdin")),
        ),
        ("/dev/fd", format!("{} 7< named", ask("/dev/fd/7"))),
        ("a process", ask("<(cat named)")),
        (
            "a linked folder",
            format!("ln -s . here; {}", ask("here/named")),
        ),
        ("a hard link", format!("ln named hard; {}", ask("hard"))),
    ] {
        let output = Command::new("bash")
            .args(["-c", &line])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{case}: {}", text(&output));
    }
}

#[test]
fn what_a_user_names_and_is_no_file_is_an_error() {
    let folder = repository(&[]);
    fifo(&folder.path().join("fifo"));
    for (name, why) in [
        ("fifo", "a FIFO"),
        ("/dev/zero", "a device"),
        ("/proc/self/environ", "the kernel makes up"),
        ("/proc/self/cmdline", "the kernel makes up"),
    ] {
        for args in [
            &["check", "-f", name][..],
            &["test", name],
            &["check", "--directory", name],
        ] {
            let output = ends(folder.path(), args);
            let said = text(&output);
            assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
            assert!(
                said.contains(name) && said.contains(why),
                "{args:?}: {said}"
            );
            assert!(!said.contains("hunter2"), "{args:?}: {said}");
        }
    }
}

/// A file of settings names what the repository has, and nothing else.
#[test]
fn settings_name_no_stream_and_nothing_outside() {
    let outside = TempDir::new().unwrap();
    put(outside.path(), "secret.yaml", "hunter2\n");
    let secret = outside.path().join("secret.yaml").display().to_string();
    for key in ["files", "directory"] {
        for path in [
            "/dev/stdin",
            "/dev/fd/0",
            "-",
            "/proc/self/environ",
            "../secret.yaml",
            &secret,
        ] {
            let folder = repository(&[]);
            let name = format!(
                "../{}/secret.yaml",
                outside.path().file_name().unwrap().display()
            );
            let path = path.replace("../secret.yaml", &name);
            put(
                folder.path(),
                ".rbac-eval.yaml",
                &format!("{key}: ['{path}']\n"),
            );
            commit(folder.path());
            for args in [
                &["check"][..],
                &["diff", "main", "HEAD", "--settings", "head"],
            ] {
                let output = ends(folder.path(), args);
                let said = text(&output);
                assert_eq!(
                    output.status.code(),
                    Some(2),
                    "{key} {path} {args:?}: {said}"
                );
                assert!(!said.contains("hunter2"), "{key} {path} {args:?}: {said}");
            }
        }
    }
}

/// A file that is exchanged for a link while it is read shows the one or the other's absence, never what
/// the link leads to.
#[test]
fn an_exchanged_file_shows_nothing_else() {
    let outside = TempDir::new().unwrap();
    let secret = bound("cluster-admin").replace("eve", "hunter2");
    put(outside.path(), "secret.yaml", &secret);
    let folder = repository(&[]);
    let path = folder.path();
    put(path, "kept", &bound("view"));
    symlink(outside.path().join("secret.yaml"), path.join("link")).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for source in ["kept", "link"] {
                    let output = Command::new("cp")
                        .args(["--no-dereference", source, "new"])
                        .current_dir(path)
                        .output();
                    assert!(output.unwrap().status.success());
                    fs::rename(path.join("new"), path.join("eve.yaml")).unwrap();
                }
            }
        });
        for _ in 0..40 {
            let said = text(&run(path, &["who-can", "get", "pods", "-f", "."]));
            assert!(!said.contains("hunter2"), "{said}");
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn links_within_are_read_once() {
    let folder = repository(&[("kept/eve.txt", &bound("cluster-admin"))]);
    let path = folder.path();
    for name in ["a.yaml", "b.yaml", "rbac/c.yaml"] {
        let target = match name.contains('/') {
            true => "../kept/eve.txt",
            false => "kept/eve.txt",
        };
        symlink(target, path.join(name)).unwrap();
    }
    symlink("kept", path.join("folder")).unwrap();
    let output = run(path, &["diff", "main", "-o", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["unjudged"], Value::Array(Vec::new()));
    commit(path);
    let (diff, test, said) = gates(path);
    assert_eq!((diff, test), (Some(1), Some(1)), "{said}");
}

#[test]
fn standard_input_is_read_once() {
    let folder = repository(&[]);
    let mut child = Command::new(PROGRAM)
        .args(["can-i", "get", "pods", "--as", "eve", "-f", "-", "-f", "-"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(bound("view").as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("only once"), "{}", text(&output));
}

//! The scripts in the shells that they are for. A machine without one of them fails: `.ci/run` installs
//! what lacks.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use tempfile::TempDir;

use crate::support::gates::{RBAC, put};
use crate::support::stand_in::on_path;

const PROGRAM: &str = env!("CARGO_BIN_EXE_rbac-eval");

/// Names that a shell takes for something else unless they are quoted.
const HOSTILE: [&str; 13] = [
    "x$(touch pwned)",
    "x`touch pwned`",
    "x;touch pwned",
    "x'quote",
    "x\"double",
    "x y",
    "x*",
    "x!y",
    "x\\back",
    "x{a,b}",
    "x~#&|<>()[]?^%",
    "x=y",
    "xé部",
];

fn needed(shell: &str) {
    assert!(
        on_path(shell).is_some(),
        "{shell} isn't on PATH, so its completion can't be tested; install it, as `.ci/run` does"
    );
}

fn script(shell: &str) -> String {
    let output = Command::new(PROGRAM)
        .args(["completions", shell])
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    String::from_utf8(output.stdout).unwrap()
}

/// A folder with an input, and with the scripts.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let subject = |name: &&str| {
        let name = name.replace('\\', "\\\\").replace('"', "\\\"");
        format!("{{kind: User, name: \"{name}\"}}")
    };
    let hostile: Vec<String> = HOSTILE.iter().map(subject).collect();
    let text = format!(
        "{RBAC}kind: RoleBinding\nmetadata: {{name: team, namespace: prod}}\n\
         roleRef: {{kind: ClusterRole, name: view}}\nsubjects:\n- {{kind: User, name: alice@contoso.com}}\n\
         - {{kind: User, name: \"x\\nnext\"}}\n- {{kind: User, name: \"-x\"}}\n\
         - {{kind: User, name: \"sole $(touch pwned) one\"}}\n\
         - {{kind: ServiceAccount, namespace: prod, name: app}}\n\
         - {{kind: ServiceAccount, namespace: prod, name: api}}\n- {}\n",
        hostile.join("\n- ")
    );
    put(folder.path(), "rbac.yaml", &text);
    for shell in ["bash", "zsh", "fish"] {
        put(folder.path(), &format!("script.{shell}"), &script(shell));
    }
    folder
}

/// What a shell prints that runs this.
fn ran(folder: &Path, shell: &str, arguments: &[&str], code: &str) -> String {
    needed(shell);
    let output = Command::new(shell)
        .current_dir(folder)
        .args(arguments)
        .args(["-c", code])
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{code}");
    String::from_utf8(output.stdout).unwrap()
}

/// What bash replies for the last of these words, which readline took apart so.
fn bash(folder: &Path, words: &str) -> Vec<String> {
    let code = format!(
        "set -euo pipefail\nsource ./script.bash\nCOMP_WORDS=({words})\nCOMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
         _rbac_eval\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let printed = ran(folder, "bash", &["--norc"], &code);
    printed
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn bash_is_told_what_to_offer() {
    let folder = folder();
    let bash = |words| bash(folder.path(), words);
    assert_eq!(
        bash("rbac-eval can-i get deploy"),
        ["deployments", "deploy"]
    );
    assert_eq!(bash("rbac-eval can-i get pods -n p"), ["prod"]);
    assert_eq!(bash("rbac-eval che"), ["check"]);
    assert_eq!(bash("kubectl-rbac_eval che"), ["check"]);
    assert_eq!(bash("rbac-eval can-i -n nothing"), [""; 0]);
    assert_eq!(bash("rbac-eval can-i -f rb"), ["rbac.yaml"]);
    assert_eq!(bash("rbac-eval can-i --filename = rb"), ["rbac.yaml"]);
    // What a line reads may stand in quotes.
    assert_eq!(bash("rbac-eval can-i -f \\'rbac.yaml\\' -n p"), ["prod"]);
}

/// Readline takes words apart at colons and `@`, and replaces the last part alone.
#[test]
fn bash_completes_names_with_colons() {
    let folder = folder();
    let bash = |words| bash(folder.path(), words);
    let accounts = ["api", "app"];
    assert_eq!(
        bash("rbac-eval can-i --as system : serviceaccount : prod :"),
        accounts
    );
    assert_eq!(
        bash("rbac-eval can-i --as system : serviceaccount : prod : ap"),
        accounts
    );
    assert_eq!(
        bash("rbac-eval can-i --as = system : serviceaccount : prod : app"),
        ["app"]
    );
    assert_eq!(bash("rbac-eval can-i --as alice @ con"), ["@contoso.com"]);
    // Where colons take nothing apart, the whole word is replaced.
    let whole = [
        "system:serviceaccount:prod:api",
        "system:serviceaccount:prod:app",
    ];
    assert_eq!(
        bash("rbac-eval can-i --as system:serviceaccount:prod:a"),
        whole
    );
}

/// Each reply is one word, which stands for the name and runs nothing.
#[test]
fn bash_gets_hostile_names_quoted() {
    let folder = folder();
    let replies = bash(folder.path(), "rbac-eval can-i --as x");
    assert_eq!(replies.len(), HOSTILE.len(), "{replies:?}");
    let words: Vec<String> = replies
        .iter()
        .map(|reply| {
            let code = format!("shopt -s extglob\nprintf '<%s>' {reply}");
            ran(folder.path(), "bash", &["--norc"], &code)
        })
        .collect();
    let mut expected = HOSTILE.map(|name| format!("<{name}>"));
    expected.sort();
    assert_eq!(words, expected);
    // In quotes that are open.
    for (open, close, missing) in [("\\'", "'", "x'quote"), ("\\\"", "\"", "x!y")] {
        let replies = bash(folder.path(), &format!("rbac-eval can-i --as {open}x"));
        let words: Vec<String> = replies
            .iter()
            .map(|reply| {
                let code = format!("printf '%s' {close}{reply}{close}");
                ran(folder.path(), "bash", &["--norc"], &code)
            })
            .collect();
        let mut expected = HOSTILE.to_vec();
        expected.retain(|name| *name != missing);
        expected.sort_unstable();
        assert_eq!(words, expected);
    }
    assert!(!folder.path().join("pwned").exists());
}

/// What zsh is told to add for a word, after these.
fn zsh(folder: &Path, words: &str, prefix: &str) -> String {
    let code = format!(
        "set -eu\ncompdef() {{ registered=\"$*\" }}\n\
         compadd() {{ while [[ $1 != -- ]]; do shift; done; shift; print -rl -- \"$@\" }}\n\
         _files() {{ print -r -- \"files $PREFIX\" }}\n\
         compset() {{ PREFIX=${{PREFIX#*=}} }}\n\
         source ./script.zsh\n\
         [[ $registered == '_rbac_eval rbac-eval kubectl-rbac_eval' ]] || print -r -- \"$registered\"\n\
         words=({words} '{prefix}')\nCURRENT=$#words\nPREFIX='{prefix}'\n_rbac_eval || true"
    );
    ran(folder, "zsh", &["-f"], &code)
}

#[test]
fn zsh_is_told_what_to_offer() {
    let folder = folder();
    let zsh = |words, prefix| zsh(folder.path(), words, prefix);
    assert_eq!(
        zsh("rbac-eval can-i get", "deploy"),
        "deployments\ndeploy\n"
    );
    assert_eq!(zsh("rbac-eval can-i -n", "p"), "prod\n");
    assert_eq!(zsh("rbac-eval can-i -n", "nothing"), "");
    let accounts = "system:serviceaccount:prod:api\nsystem:serviceaccount:prod:app\n";
    assert_eq!(
        zsh("rbac-eval can-i --as", "system:serviceaccount:prod:"),
        accounts
    );
    assert_eq!(
        zsh("rbac-eval can-i", "--as=system:serviceaccount:prod:app"),
        "--as=system:serviceaccount:prod:app\n"
    );
    assert_eq!(zsh("rbac-eval can-i -f", "rb"), "files rb\n");
    assert_eq!(zsh("rbac-eval can-i", "--filename=rb"), "files rb\n");
    // zsh itself quotes what it adds.
    let mut names = HOSTILE;
    names.sort_unstable();
    assert_eq!(
        zsh("rbac-eval can-i --as", "x"),
        names.map(|name| format!("{name}\n")).concat()
    );
    assert!(!folder.path().join("pwned").exists());
}

#[test]
fn fish_is_told_what_to_offer() {
    let folder = folder();
    let fish = |line: &str| {
        let code = format!("source script.fish\ncomplete --do-complete \"{line}\"");
        let printed = ran(folder.path(), "fish", &["--no-config"], &code);
        let words = printed
            .lines()
            .map(|line| line.split('\t').next().unwrap_or_default());
        words.map(str::to_owned).collect::<Vec<String>>()
    };
    assert_eq!(fish("rbac-eval can-i get deploym"), ["deployments"]);
    assert_eq!(fish("kubectl-rbac_eval can-i -n pro"), ["prod"]);
    let accounts = [
        "system:serviceaccount:prod:api",
        "system:serviceaccount:prod:app",
    ];
    assert_eq!(
        fish("rbac-eval can-i --as system:serviceaccount:prod:"),
        accounts
    );
    assert_eq!(
        fish("rbac-eval can-i --filename=rb"),
        ["--filename=rbac.yaml"]
    );
    assert_eq!(fish("rbac-eval can-i -f rb"), ["rbac.yaml"]);
    assert_eq!(fish("rbac-eval can-i -n nothing"), [""; 0]);
    assert_eq!(fish("rbac-eval lookup 'sole"), ["sole $(touch pwned) one"]);
    assert!(!folder.path().join("pwned").exists());
}

/// A shell at a terminal.
struct Terminal<'f> {
    child: Child,
    folder: &'f Path,
}

impl<'f> Terminal<'f> {
    /// A shell in which the program is a function that writes down its arguments.
    fn new(folder: &'f Path, shell: &str, begin: &str) -> Self {
        needed("script");
        let command = match shell {
            "bash" => "bash --norc -i",
            _ => "zsh -f -i",
        };
        needed(shell);
        let mut child = Command::new("script")
            .current_dir(folder)
            .args(["--quiet", "--return", "--command", command, "/dev/null"])
            .env("TERM", "dumb")
            .env("LC_ALL", "C.UTF-8")
            .env("HISTFILE", "")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begin = format!(
            "{begin}source ./script.{shell}; rbac-eval() {{ printf '%s\\n' \"$@\" >got.part; mv got.part got; }}; \
             touch ready\n"
        );
        child
            .stdin
            .as_mut()
            .unwrap()
            .write_all(begin.as_bytes())
            .unwrap();
        let terminal = Terminal { child, folder };
        terminal.wait_for("ready");
        terminal
    }

    fn wait_for(&self, name: &str) -> String {
        let begin = Instant::now();
        loop {
            if let Ok(text) = fs::read_to_string(self.folder.join(name)) {
                return text;
            }
            assert!(
                begin.elapsed() < Duration::from_secs(60),
                "the shell wrote no `{name}`"
            );
            sleep(Duration::from_millis(20));
        }
    }

    /// The arguments that the program gets once a line is typed.
    fn typed(&mut self, line: &str) -> Vec<String> {
        let _ = fs::remove_file(self.folder.join("got"));
        let line = format!("{line}\n");
        self.child
            .stdin
            .as_mut()
            .unwrap()
            .write_all(line.as_bytes())
            .unwrap();
        let got = self.wait_for("got");
        got.lines().map(str::to_owned).collect()
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is typed at a terminal, up to the command that is run.
#[test]
fn a_line_that_is_completed_runs_with_the_name_itself() {
    for (shell, begin) in [
        ("bash", ""),
        ("zsh", "autoload -Uz compinit; compinit -u -D; "),
    ] {
        let folder = folder();
        let mut terminal = Terminal::new(folder.path(), shell, begin);
        let typed =
            terminal.typed("rbac-eval can-i get deploym\t--as system:serviceaccount:prod:ap\tp");
        assert_eq!(
            typed,
            [
                "can-i",
                "get",
                "deployments",
                "--as",
                "system:serviceaccount:prod:app"
            ],
            "{shell}"
        );
        let typed = terminal.typed("rbac-eval can-i --as=alice@c\t-n pro\t");
        assert_eq!(
            typed,
            ["can-i", "--as=alice@contoso.com", "-n", "prod"],
            "{shell}"
        );
        for begin in ["sole", "'sole", "\"sole", "sole\\ "] {
            let typed = terminal.typed(&format!("rbac-eval lookup {begin}\t"));
            assert_eq!(
                typed,
                ["lookup", "sole $(touch pwned) one"],
                "{shell} {begin}"
            );
        }
        let typed = terminal.typed("rbac-eval can-i -f rb\t--as x\\;\t");
        assert_eq!(
            typed,
            ["can-i", "-f", "rbac.yaml", "--as", "x;touch pwned"],
            "{shell}"
        );
        assert!(!folder.path().join("pwned").exists(), "{shell}");
    }
}

/// kubectl's own completion runs the script with the words behind the plugin's name.
#[test]
fn kubectl_runs_the_script() {
    let folder = folder();
    put(folder.path(), "complete", &script("kubectl"));
    let code = "sh ./complete can-i -n pr; sh ./complete can-i -n kube-pu";
    let printed = ran(folder.path(), "bash", &["--norc"], code);
    assert_eq!(printed, "prod\n:4\nkube-public\n:4\n");
}

/// No PowerShell may be at hand: its script has the form that it takes.
#[test]
fn the_script_of_powershell_evaluates_nothing() {
    let script = script("powershell");
    assert!(script.contains(
        "Register-ArgumentCompleter -Native -CommandName 'rbac-eval', 'kubectl-rbac_eval'"
    ));
    assert!(script.contains("CompletionResult]::new("));
    let code = script
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let code: String = code.collect();
    assert!(!code.contains("Invoke-Expression"));
    assert!(!code.contains("PROGRAM"), "the program has no name");
    for (open, close) in [('{', '}'), ('(', ')'), ('[', ']')] {
        assert_eq!(
            code.matches(open).count(),
            code.matches(close).count(),
            "{open}"
        );
    }
}

/// A script finds the program again wherever it stands, whatever the folder is called.
#[test]
fn a_script_calls_the_program_by_its_path() {
    let folder = folder();
    let odd = folder.path().join("it's $(touch pwned) \"here\"");
    fs::create_dir(&odd).unwrap();
    let program = odd.join("rbac-eval");
    std::os::unix::fs::symlink(PROGRAM, &program).unwrap();
    for (shell, run) in [
        (
            "bash",
            "COMP_WORDS=(rbac-eval chec); COMP_CWORD=1; _rbac_eval; echo \"${COMPREPLY[@]}\"",
        ),
        (
            "zsh",
            "compadd() { print -r -- ${@[-1]} }; words=(rbac-eval chec); CURRENT=2; PREFIX=chec; _rbac_eval",
        ),
        (
            "fish",
            "complete --do-complete 'rbac-eval chec' | string split -f 1 \\t",
        ),
    ] {
        needed(shell);
        let output = Command::new(&program)
            .args(["completions", shell])
            .output()
            .unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        let script = script.replace("compdef ", ": ");
        put(folder.path(), "odd", &format!("{script}\n{run}\n"));
        let arguments: &[&str] = match shell {
            "bash" => &["--norc"],
            "zsh" => &["-f"],
            _ => &["--no-config"],
        };
        assert_eq!(
            ran(folder.path(), shell, arguments, "source ./odd"),
            "check\n",
            "{shell}"
        );
    }
    assert!(!folder.path().join("pwned").exists());
}

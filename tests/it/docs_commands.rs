//! Every command that README and the pages of `docs/` show is run, in an empty folder with nothing but what
//! git tracks of this repository: what a fresh clone has. `console` blocks have to print what stands below
//! the command; of `sh` blocks every call of `rbac-eval` has to answer. kubectl and Helm are stand-ins that
//! know the lines that the pages have.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Output};

use pretty_assertions::assert_eq;
use tempfile::TempDir;

use crate::support::docs::{self, Command, blocks, page};
use crate::support::gates::{bound, commit, git, put, text};
use crate::support::stand_in::{on_path, write_program};
use crate::support::{copy, not_held, testdata};

/// Commands that aren't run here: the page, what they begin with, and why.
const NOT_RUN: [(&str, &str, &str); 6] = [
    (
        "README.md",
        "cargo install --locked --path .",
        "builds for minutes, which `.ci/run` does for the same crate",
    ),
    (
        "README.md",
        "cargo install --locked --git URL",
        "needs the network, and a URL that the reader knows",
    ),
    (
        "README.md",
        "cargo run --release -- ",
        "`readme::the_first_command_says_what_stands_below_it` runs its arguments, `.ci/run` all of it",
    ),
    ("README.md", "cargo test", "runs this test"),
    (
        "docs/shell.md",
        "man rbac-eval-can-i",
        "opens a pager; `man_pages` holds the page",
    ),
    (
        "docs/install.md",
        "",
        "`packaging` holds each line of this page",
    ),
];

/// What `kubectl get` is asked for on every page.
const DUMPED: &str =
    "get clusterroles,clusterrolebindings,roles,rolebindings,crd,ns,sa,nodes -A -o yaml";

/// What a server prints of a Node.
const NODE: &str = r#"{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node", "uid": "0",
 "resourceVersion": "1", "creationTimestamp": "2026-11-22T00:58:55Z"},
 "status": {"nodeInfo": {"kubeletVersion": "v1.36.3"}}},"#;

/// A reader with a fresh clone, an empty home, and programs.
struct Reader {
    all: TempDir,
}

impl Reader {
    fn new() -> Self {
        let reader = Reader {
            all: TempDir::new().unwrap(),
        };
        for folder in ["clone", "home", "bin"] {
            fs::create_dir(reader.path(folder)).unwrap();
        }
        let clone = reader.path("clone");
        for name in tracked() {
            let to = clone.join(&name);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(top().join(name), to).unwrap();
        }
        git(&clone, &["init", "--quiet", "--initial-branch", "main"]);
        commit(&clone);
        reader.has_what_examples_name();
        reader.has_programs();
        reader
    }

    fn path(&self, name: &str) -> PathBuf {
        self.all.path().join(name)
    }

    /// Files of the reader's own that `sh` blocks name.
    fn has_what_examples_name(&self) {
        let clone = self.path("clone");
        copy(&testdata().join("rendering/kustomize"), &clone);
        copy(
            &testdata().join("rendering/helm/app"),
            &clone.join("charts/shop"),
        );
        put(&clone, "values/prod.yaml", "readers: []\n");
        put(&clone, "rbac/prod.yaml", &bound("view"));
    }

    fn has_programs(&self) {
        let (bin, notes) = (self.path("bin"), self.path("notes"));
        let notes = notes.display();
        write_program(
            &bin.join("rbac-eval"),
            &format!(
                "'{}' \"$@\"\ncode=$?\necho \"$code\" >> '{notes}'\nexit $code\n",
                env!("CARGO_BIN_EXE_rbac-eval")
            ),
        );
        let dump = testdata().join("conformance/aks-basics/dump.json");
        let dump = fs::read_to_string(dump).unwrap();
        let items = "\"items\": [";
        assert!(dump.contains(items));
        // On one line, so that the places of all else stay.
        let node = NODE.replace('\n', "");
        let dump = dump.replacen(items, &format!("{items} {node}"), 1);
        fs::write(self.path("dump"), dump).unwrap();
        fs::write(self.path("rendered"), bound("view")).unwrap();
        let (dump, rendered) = (self.path("dump"), self.path("rendered"));
        let (dump, rendered) = (dump.display(), rendered.display());
        write_program(
            &bin.join("kubectl"),
            &format!(
                "case \"$*\" in\n\
                 '{DUMPED}') cat '{dump}' ;;\n\
                 'kustomize overlays/prod') cat '{rendered}' ;;\n\
                 'apply -f -') grep -q '^kind: RoleBinding$' ;;\n\
                 version*) echo '{{}}' ;;\n\
                 *) echo \"kubectl $*\" >> '{notes}'; exit 97 ;;\n\
                 esac\n"
            ),
        );
        let template = testdata().join("rendering/helm/template.yaml");
        write_program(
            &bin.join("helm"),
            &format!(
                "case \"$*\" in\n\
                 'template shop charts/shop -f values/prod.yaml') cat '{}' ;;\n\
                 *) echo \"helm $*\" >> '{notes}'; exit 97 ;;\n\
                 esac\n",
                template.display()
            ),
        );
    }

    /// Types a command.
    fn runs(&self, command: &Command) -> Output {
        drop(fs::remove_file(self.path("notes")));
        let mut path = self.path("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        process::Command::new("bash")
            .args(["-c", &command.text])
            .current_dir(self.path("clone").join(&command.folder))
            .env("PATH", path)
            .env("HOME", self.path("home"))
            .env("BASE", "HEAD")
            .env_remove("CLICOLOR_FORCE")
            .output()
            .unwrap()
    }

    /// How each `rbac-eval` ended, and calls of other programs that no page has.
    fn noted(&self) -> Vec<String> {
        let notes = fs::read_to_string(self.path("notes")).unwrap_or_default();
        notes.lines().map(str::to_owned).collect()
    }

    /// It has to print what the page shows; a long answer is shown by its beginning.
    fn is_shown(&self, command: &Command) {
        let said = text(&self.runs(command));
        let home = self.path("home").display().to_string();
        let said = said.replace(&home, "/home/dana");
        let shown = command.output.trim_end();
        let said = match shown.strip_suffix("\n…") {
            Some(beginning) => {
                let shown = beginning.lines().count();
                let all = said.lines().count();
                assert!(all > shown, "{}: nothing is left out", command.place);
                let lines: Vec<&str> = said.lines().take(shown).collect();
                lines.join("\n") + "\n…"
            }
            // Commands that follow each other stand apart by an empty line.
            None => said.trim_end().to_owned(),
        };
        assert_eq!(shown, said, "{}", command.place);
    }

    /// Every `rbac-eval` of it has to answer, with yes or no.
    fn is_answered(&self, command: &Command) {
        let output = self.runs(command);
        let said = format!("{}: {}\n{}", command.place, command.text, text(&output));
        let calls = command.text.split(|character: char| {
            character.is_whitespace() || character == '(' || character == '"'
        });
        let calls = calls.filter(|word| *word == "rbac-eval").count();
        let noted = self.noted();
        assert!(
            noted.iter().all(|code| code == "0" || code == "1"),
            "{noted:?} {said}"
        );
        // After `&&` nothing is run where the first says no.
        let ended = command.text.contains("&&") && noted == ["1"];
        assert!(noted.len() == calls || ended, "{noted:?} {said}");
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{:?} {said}",
            output.status
        );
        if calls == 0 {
            assert!(output.status.success(), "{said}");
        }
        assert!(!text(&output).contains("error:"), "{said}");
    }
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What git tracks, as it stands here; where there is no git repository, what was unpacked.
fn tracked() -> Vec<String> {
    let output = process::Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(top())
        .output()
        .unwrap();
    let names = String::from_utf8(output.stdout).unwrap();
    let names: Vec<String> = names.split_terminator('\0').map(str::to_owned).collect();
    if output.status.success() && names.iter().any(|name| name == "README.md") {
        // What was deleted here and isn't committed yet is gone from a clone as well.
        return names
            .into_iter()
            .filter(|name| top().join(name).is_file())
            .collect();
    }
    let mut names = vec![".rbac-eval.yaml".to_owned()];
    below(&top().join("testdata"), &mut names);
    names
}

fn below(folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, names);
        } else {
            let name = path.strip_prefix(top()).unwrap();
            names.push(name.to_str().unwrap().to_owned());
        }
    }
}

/// Why a command isn't run, by its place in the list.
fn not_run(page: &str, command: &str) -> Option<usize> {
    NOT_RUN
        .iter()
        .position(|(of, begin, _)| *of == page && command.starts_with(begin))
}

/// Runs all commands of these pages, and says how many there were and which reasons were needed.
fn run_all(names: &[String]) -> (usize, Vec<usize>) {
    let reader = Reader::new();
    let (mut commands, mut needed) = (0, Vec::new());
    for name in names {
        let text = page(name);
        for block in blocks(&text) {
            let place = format!("{name}:{}", block.line);
            let shown = match block.language {
                "console" => docs::console(name, &block),
                "sh" => docs::script(name, &block),
                "yaml" | "text" => continue,
                other => panic!("{place}: what is a block of `{other}`?"),
            };
            if shown.is_empty() {
                // To be copied whole, and so without `$`.
                let lines = block.lines.join("\n");
                let reason = not_run(name, &lines);
                needed.push(reason.unwrap_or_else(|| panic!("{place}: nothing runs `{lines}`")));
            }
            for command in shown {
                if let Some(reason) = not_run(name, &command.text) {
                    needed.push(reason);
                    continue;
                }
                commands += 1;
                match block.language {
                    "console" => reader.is_shown(&command),
                    _ if command.text.contains("| jq ") && on_path("jq").is_none() => {
                        not_held(&format!("{}: there is no jq", command.place));
                    }
                    _ => reader.is_answered(&command),
                }
            }
        }
    }
    (commands, needed)
}

#[test]
fn every_command_of_the_readme_runs_on_a_fresh_clone() {
    let (commands, needed) = run_all(&["README.md".to_owned()]);
    assert!(commands >= 15, "{commands}");
    reasons_are_needed(|page| page == "README.md", &needed);
}

#[test]
fn every_command_of_the_other_pages_runs_on_a_fresh_clone() {
    let names: Vec<String> = docs::names()
        .into_iter()
        .filter(|name| name != "README.md")
        .collect();
    let (commands, needed) = run_all(&names);
    assert!(commands >= 10, "{commands}");
    let is_there = |page: &str| names.iter().any(|name| name == page);
    reasons_are_needed(is_there, &needed);
}

fn reasons_are_needed(is_there: impl Fn(&str) -> bool, needed: &[usize]) {
    for (at, (page, command, why)) in NOT_RUN.iter().enumerate() {
        assert!(
            !is_there(page) || needed.contains(&at),
            "{page} has no `{command}` any more, which isn't run since it {why}"
        );
    }
}

/// The stand-in of kubectl takes the pages' lines alone, so that a page with another line fails.
#[test]
fn other_calls_of_kubectl_are_noted() {
    let reader = Reader::new();
    let command = |text: &str| Command {
        place: String::new(),
        text: text.to_owned(),
        folder: String::new(),
        output: String::new(),
    };
    reader.runs(&command("kubectl get secrets -A"));
    assert_eq!(reader.noted(), ["kubectl get secrets -A"]);
    reader.runs(&command("rbac-eval can-i get pods --no-such-flag"));
    assert_eq!(reader.noted(), ["2"]);
    let output = reader.runs(&command(&format!("kubectl {DUMPED}")));
    assert!(output.status.success() && reader.noted().is_empty());
}

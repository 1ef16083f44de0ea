//! What a run of the program shows to its user, for snapshots.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// How long answers may be per line.
pub const WIDTH: usize = 100;

/// Runs the program in a folder. `CLICOLOR_FORCE` and the like are taken away, so that what is
/// written doesn't depend on who runs the tests.
pub fn run(folder: &Path, args: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
        .current_dir(folder)
        .args(args)
        .env_remove("CLICOLOR_FORCE")
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // Beside the reading, or both sides would wait for each other on a long stream. A program
        // that fails early doesn't read its input, which is no fault of this test.
        scope.spawn(move || pipe.write_all(stdin).unwrap_or_default());
        child.wait_with_output().unwrap()
    })
}

/// What the program writes to a terminal of so many columns, without colours.
#[cfg(target_os = "linux")]
pub fn run_in_terminal(folder: &Path, args: &[&str], stdin: &[u8], columns: u16) -> String {
    use std::fs::File;
    use std::io::Read;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{
        OptionalActions, OutputModes, Winsize, tcgetattr, tcsetattr, tcsetwinsize,
    };

    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let terminal = File::options()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&terminal, size).unwrap();
    // The ends of lines stay as they are written.
    let mut modes = tcgetattr(&terminal).unwrap();
    modes.output_modes.remove(OutputModes::OPOST);
    tcsetattr(&terminal, OptionalActions::Now, &modes).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
        .current_dir(folder)
        .args(args)
        .env("COLUMNS", columns.to_string())
        .env("TERM", "xterm-256color")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(terminal)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let mut written = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(move || pipe.write_all(stdin).unwrap_or_default());
        // When the last who could write goes away, Linux says that by an error.
        let _ = File::from(controller).read_to_end(&mut written);
    });
    child.wait().unwrap();
    let text = String::from_utf8(written).unwrap();
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').unwrap().1)
}

/// A run as a transcript: the command line, the exit code, and both outputs.
pub fn told(folder: &Path, args: &[&str], stdin: &[u8]) -> String {
    let output = run(folder, args, stdin);
    let quoted: Vec<String> = args
        .iter()
        .map(|arg| {
            if arg.contains([' ', '*']) {
                format!("'{arg}'")
            } else {
                (*arg).to_owned()
            }
        })
        .collect();
    let code = output.status.code().expect("ended by itself");
    let mut transcript = format!("$ rbac-eval {}   # exit {code}\n", quoted.join(" "));
    for (name, bytes) in [("", &output.stdout), ("stderr| ", &output.stderr)] {
        let text = str::from_utf8(bytes).unwrap();
        assert!(!text.contains('\u{1b}'), "colours where no terminal is");
        for line in text.lines() {
            transcript.push_str(name);
            transcript.push_str(line);
            transcript.push('\n');
        }
    }
    transcript
}

/// Asserts what every answer in text owes its reader: a verdict alone on the first line, an exit
/// code that agrees, and lines that fit.
pub fn assert_well_formed(output: &Output) {
    let stdout = str::from_utf8(&output.stdout).unwrap();
    match output.status.code() {
        Some(0) => assert!(stdout.starts_with("yes\n"), "{stdout}"),
        Some(1) => assert!(stdout.starts_with("no\n"), "{stdout}"),
        code => {
            assert_eq!(code, Some(2));
            assert_eq!(stdout, "", "an error and a verdict");
            assert!(!output.stderr.is_empty(), "an error without a word");
        }
    }
    for line in stdout.lines() {
        assert!(line.chars().count() <= WIDTH, "too wide: {line}");
    }
}

/// Writes files into a folder, making the folders on their way.
pub fn put(folder: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

//! Runs a program of the user's own so that it can do little: no shell, no input, no settings, no
//! network that it is told of, for a bounded time and with a bounded answer.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may take.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The most bytes that are kept of what a program says is wrong.
const STDERR_BYTES: u64 = 64 << 10;

/// How often it is looked whether a program has ended.
const PAUSE: Duration = Duration::from_millis(5);

/// Variables that stand for folders of settings, data and caches.
const FOLDERS: [&str; 14] = [
    "HOME",
    "USERPROFILE",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
    "HELM_CACHE_HOME",
    "HELM_CONFIG_HOME",
    "HELM_DATA_HOME",
    "HELM_PLUGINS",
    "HELM_REPOSITORY_CACHE",
    "KUSTOMIZE_PLUGIN_HOME",
];

/// Variables that stand for files of settings.
const FILES: [&str; 4] = [
    "KUBECONFIG",
    "HELM_REGISTRY_CONFIG",
    "HELM_REPOSITORY_CONFIG",
    "DOCKER_CONFIG",
];

/// Variables that keep a program from the network, should it come that far.
const NO_NETWORK: [(&str, &str); 8] = [
    ("GIT_ALLOW_PROTOCOL", ""),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("HTTP_PROXY", NOWHERE),
    ("HTTPS_PROXY", NOWHERE),
    ("http_proxy", NOWHERE),
    ("https_proxy", NOWHERE),
    ("KUBERC", "off"),
    ("LC_ALL", "C"),
];

/// A proxy that nobody runs.
const NOWHERE: &str = "http://127.0.0.1:9";

/// A program, found on `PATH`.
#[derive(Debug, Clone)]
pub(super) struct Program {
    path: PathBuf,
    /// The folders of `PATH` where programs are looked for.
    folders: OsString,
}

impl Program {
    /// The first program of this name in the folders of `PATH`. A relative folder, and one of a
    /// checkout, may hold what a stranger wrote, so they are passed over.
    pub(super) fn find(name: &str, checkouts: &[PathBuf]) -> Option<Self> {
        let checkouts = real_checkouts(checkouts);
        let is_ours = |path: &Path| {
            let real = path.canonicalize().ok();
            real.is_some_and(|real| !checkouts.iter().any(|folder| real.starts_with(folder)))
        };
        let all = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = std::env::split_paths(&all)
            .filter(|folder| folder.is_absolute() && is_ours(folder))
            .collect();
        let path = folders
            .iter()
            .map(|folder| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
            .find(|path| is_program(path) && is_ours(path))?;
        Some(Program {
            path,
            folders: std::env::join_paths(&folders).ok()?,
        })
    }
}

/// Folders without links. A home that holds all of a user's own programs is no checkout.
fn real_checkouts(checkouts: &[PathBuf]) -> Vec<PathBuf> {
    let home = std::env::home_dir().and_then(|home| home.canonicalize().ok());
    checkouts
        .iter()
        .filter_map(|folder| folder.canonicalize().ok())
        .filter(|folder| home.as_deref().is_none_or(|home| !home.starts_with(folder)))
        .collect()
}

fn is_program(path: &Path) -> bool {
    let Ok(metadata) = path.metadata() else {
        return false;
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
    }
    #[cfg(not(unix))]
    metadata.is_file()
}

/// How a program is run.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunRules<'r> {
    /// The folder in which it runs.
    pub(super) working_folder: &'r Path,
    /// An empty folder for whatever it keeps.
    pub(super) home: &'r Path,
    /// How long it may take.
    pub(super) time: Duration,
    /// The most bytes that it may print.
    pub(super) bytes: u64,
}

/// What a program printed, and how it ended.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: String,
    pub(super) status: ExitStatus,
}

/// Why a program gives no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it takes too long")]
    TooSlow,
    #[error("it prints too much")]
    TooLong,
}

/// Runs a program to its end.
pub(super) fn run(
    program: &Program,
    args: &[OsString],
    rules: RunRules<'_>,
) -> Result<Ran, RunError> {
    let deadline = Instant::now() + rules.time;
    let mut running = RunningTool::start(command(program, args, rules))?;
    let no_pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
    let stdout = running.child.stdout.take().ok_or_else(no_pipe)?;
    let stderr = running.child.stderr.take().ok_or_else(no_pipe)?;
    let complaints = reader(stderr, STDERR_BYTES, AfterLimit::ReadOn);
    let answer = reader(stdout, rules.bytes, AfterLimit::Stop);
    // Who inherited its output may keep it open for ever, so nobody is waited for without an end.
    let left = || deadline.saturating_duration_since(Instant::now());
    let stdout = match answer.recv_timeout(left()) {
        Ok(bytes) => bytes?,
        Err(RecvTimeoutError::Timeout) => return Err(RunError::TooSlow),
        Err(RecvTimeoutError::Disconnected) => return Err(no_pipe().into()),
    };
    if stdout.len() as u64 > rules.bytes {
        return Err(RunError::TooLong);
    }
    while !running.has_ended()? {
        if left().is_zero() {
            return Err(RunError::TooSlow);
        }
        thread::sleep(PAUSE);
    }
    let status = running.end()?;
    let stderr = complaints.recv_timeout(left().min(Duration::from_secs(1)));
    let stderr = stderr.map(Result::unwrap_or_default).unwrap_or_default();
    Ok(Ran {
        stdout,
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
        status,
    })
}

fn command(program: &Program, args: &[OsString], rules: RunRules<'_>) -> Command {
    let mut command = Command::new(&program.path);
    command
        .args(args)
        .current_dir(rules.working_folder)
        .env_clear()
        .env("PATH", &program.folders)
        .envs(NO_NETWORK)
        .env("HELM_NO_PLUGINS", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for name in FOLDERS {
        command.env(name, rules.home);
    }
    for name in FILES {
        command.env(name, rules.home.join("none"));
    }
    #[cfg(windows)]
    if let Some(root) = std::env::var_os("SystemRoot") {
        command.env("SystemRoot", root);
    }
    // Its children are ended with it.
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        command.process_group(0);
    }
    command
}

/// A program that is ended with its children when nobody waits for it any more.
struct RunningTool {
    child: Child,
    /// Until then its number is its own, and that of its group.
    is_waited_for: bool,
}

impl RunningTool {
    fn start(mut command: Command) -> io::Result<Self> {
        Ok(RunningTool {
            child: command.spawn()?,
            is_waited_for: false,
        })
    }

    /// Whether it has ended. It keeps its number.
    #[cfg(unix)]
    fn has_ended(&mut self) -> io::Result<bool> {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match self.group() {
            Some(id) => Ok(waitid(WaitId::Pid(id), options)?.is_some()),
            None => Ok(true),
        }
    }

    /// Whether it has ended.
    #[cfg(not(unix))]
    fn has_ended(&mut self) -> io::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    #[cfg(unix)]
    fn group(&self) -> Option<rustix::process::Pid> {
        let id = i32::try_from(self.child.id()).ok()?;
        rustix::process::Pid::from_raw(id)
    }

    /// Ends it, and whatever it began.
    fn end(&mut self) -> io::Result<ExitStatus> {
        #[cfg(unix)]
        if let Some(group) = self.group().filter(|_| !self.is_waited_for) {
            // Nothing may be left of the group.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        // It may have ended by itself.
        let _ = self.child.kill();
        let status = self.child.wait();
        self.is_waited_for = true;
        status
    }
}

impl Drop for RunningTool {
    fn drop(&mut self) {
        if !self.is_waited_for {
            // Nobody asks any more how it ended.
            let _ = self.end();
        }
    }
}

/// What is done with what comes after the limit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AfterLimit {
    Stop,
    ReadOn,
}

/// Reads to the end, and one byte more than the limit at most.
fn reader(
    mut stream: impl Read + Send + 'static,
    limit: u64,
    after: AfterLimit,
) -> mpsc::Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut within = (&mut stream).take(limit.saturating_add(1));
        let read = within.read_to_end(&mut bytes);
        if after == AfterLimit::ReadOn {
            // Who isn't read from stops.
            let _ = io::copy(&mut stream, &mut io::sink());
        }
        // Nobody may be waiting any more.
        let _ = sender.send(read.map(|_| bytes));
    });
    receiver
}

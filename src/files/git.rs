//! Asking git, of a repository that a stranger may have filled.
//!
//! Git itself is asked, as a child process: it knows every form of repository, and its protocol here is
//! stable. It is asked so that nothing of the repository runs and nothing is fetched: no monitor, hook,
//! filter or pager, no other repository than that around the working folder, no network.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use crate::text::WhyUnread;

/// Why git doesn't tell.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GitError {
    /// Git isn't there.
    #[error("cannot run `git`: {0}")]
    NoGit(String),
    /// Git failed. It isn't quoted: what it complains of may be any file that a stranger's `.git` names.
    #[error("git fails; run `git {0}` here to see why")]
    Failed(String),
    /// Git refuses what belongs to somebody else.
    #[error(
        "git refuses `{0}`, for it belongs to another user; if you trust what is there, run `git config \
         --global --add safe.directory {0}`"
    )]
    NotOwned(String),
    /// Git's answer can't be read.
    #[error("cannot read git's answer: {0}")]
    Interrupted(String),
    /// The working folder itself.
    #[error("cannot tell the working folder: {0}")]
    WorkingFolder(WhyUnread),
    /// Git answered what it never answers.
    #[error("git gave an answer that can't be understood")]
    Unexpected,
    /// Git answers at more length than is read.
    #[error("git's answer is longer than {0} bytes")]
    TooLong(u64),
    /// Git takes another repository than the one whose folder is nearest.
    #[error(
        "git takes `{found}` for the repository of this folder, where `{nearest}` holds a `.git`"
    )]
    Elsewhere {
        /// The top of the repository that git takes.
        found: String,
        /// The nearest folder with a `.git`.
        nearest: String,
    },
    /// The `.git` of a folder names a repository that doesn't know the folder.
    #[error(
        "the `.git` of `{top}` names the repository `{found}`, which doesn't name that folder; if it is \
         its own, run `git -C {top} config core.worktree {top}`"
    )]
    Apart {
        /// The repository.
        found: String,
        /// The folder.
        top: String,
    },
    /// An object that the clone doesn't have.
    #[error("the clone lacks object {0}; nothing is fetched, so fetch it first (a partial clone?)")]
    Absent(String),
}

/// The most that is read of an answer that is kept whole.
const ANSWER_BYTES: u64 = 64 << 20;
/// The most that is read of what git says is wrong.
const STDERR_BYTES: u64 = 4096;

/// What git is told before each command. What comes so goes before every file of settings.
const SETTINGS: [&str; 11] = [
    // A folder of the checkout that looks like a repository is none.
    "safe.bareRepository=explicit",
    "protocol.allow=never",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.hooksPath=/dev/null",
    "core.sshCommand=false",
    "core.attributesFile=/dev/null",
    "core.warnAmbiguousRefs=true",
    "core.quotePath=false",
    "credential.helper=",
    "advice.graftFileDeprecated=false",
];

/// An empty file.
const NOTHING: &str = "/dev/null";

/// The variables of git's that stay as the user has them: where its settings are. Others say which
/// repository to take or what to run.
const KEPT: [&str; 7] = [
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_COUNT",
    "GIT_EXEC_PATH",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
];

/// Git in a folder, so that nothing of the repository runs.
fn command(folder: &Path) -> Result<Command, GitError> {
    let mut command = Command::new(program()?);
    command.current_dir(folder);
    for (name, _) in std::env::vars_os() {
        let bytes = name.as_encoded_bytes();
        let is_kept = KEPT.iter().any(|kept| *kept == name)
            || bytes.starts_with(b"GIT_CONFIG_KEY_")
            || bytes.starts_with(b"GIT_CONFIG_VALUE_");
        if bytes.starts_with(b"GIT_") && !is_kept {
            command.env_remove(&name);
        }
    }
    command
        .env("GIT_ALLOW_PROTOCOL", "")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_GRAFT_FILE", NOTHING)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ATTR_NOSYSTEM", "1")
        .env("LC_ALL", "C")
        .env_remove("SSH_ASKPASS")
        .env_remove("LANGUAGE");
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command
        .args(["--no-pager", "--literal-pathspecs"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Ok(command)
}

/// The first `git` of the folders for programs. A relative one would be a folder of the checkout.
fn program() -> Result<PathBuf, GitError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| {
            folder
                .join("git")
                .with_extension(std::env::consts::EXE_EXTENSION)
        })
        .find(|program| program.is_file())
        .ok_or_else(|| GitError::NoGit("no folder of `PATH` holds it".to_owned()))
}

/// A running git.
#[derive(Debug)]
pub(super) struct Running {
    /// What it was asked, and where.
    asked: String,
    folder: PathBuf,
    child: Child,
    pub(super) stdout: BufReader<ChildStdout>,
    stderr: JoinHandle<String>,
}

impl Running {
    fn start(folder: &Path, mut command: Command, asked: &[&OsStr]) -> Result<Self, GitError> {
        command.args(asked);
        let mut child = command
            .spawn()
            .map_err(|error| GitError::NoGit(error.to_string()))?;
        let stdout = child.stdout.take().ok_or(GitError::Unexpected)?;
        let stderr = child.stderr.take().ok_or(GitError::Unexpected)?;
        let stderr = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // What can't be read of a complaint isn't told.
            let _ = stderr.take(STDERR_BYTES).read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let asked: Vec<_> = asked.iter().map(|word| word.to_string_lossy()).collect();
        Ok(Running {
            asked: asked.join(" "),
            folder: folder.to_owned(),
            child,
            stdout: BufReader::new(stdout),
            stderr,
        })
    }

    /// What it reads from.
    pub(super) fn stdin(&mut self) -> Result<ChildStdin, GitError> {
        self.child.stdin.take().ok_or(GitError::Unexpected)
    }

    /// Ends it, whatever it was about to say.
    pub(super) fn stop(mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end. Returns how it ended and what it said was wrong.
    fn end(self) -> Result<(ExitStatus, String), GitError> {
        let Running {
            mut child,
            stdout,
            stderr,
            ..
        } = self;
        drop(stdout);
        let status = child.wait().map_err(|_| GitError::Unexpected)?;
        Ok((status, stderr.join().unwrap_or_default()))
    }

    /// Waits for a good end.
    pub(super) fn finish(self) -> Result<(), GitError> {
        let (asked, folder) = (self.asked.clone(), self.folder.clone());
        let (status, stderr) = self.end()?;
        if status.success() {
            Ok(())
        } else {
            Err(failed(&folder, asked, &stderr))
        }
    }
}

/// Why git failed, as far as its words may be trusted.
fn failed(folder: &Path, asked: String, stderr: &str) -> GitError {
    if stderr.contains("detected dubious ownership") {
        GitError::NotOwned(folder.display().to_string())
    } else {
        GitError::Failed(asked)
    }
}

/// Starts a command whose answer is read as it comes.
pub(super) fn start(folder: &Path, args: &[&str]) -> Result<Running, GitError> {
    Running::start(folder, command(folder)?, &words(args))
}

/// The same, for a command that reads.
pub(super) fn start_reading(folder: &Path, args: &[&str]) -> Result<Running, GitError> {
    let mut command = command(folder)?;
    command.stdin(Stdio::piped());
    Running::start(folder, command, &words(args))
}

fn words<'w>(args: &'w [&str]) -> Vec<&'w OsStr> {
    args.iter().map(OsStr::new).collect()
}

/// What a command answered, and how it ended.
pub(super) struct Answer {
    pub(super) stdout: Vec<u8>,
    pub(super) status: ExitStatus,
    pub(super) stderr: String,
    /// What it is where the command had to succeed.
    pub(super) failure: GitError,
}

impl Answer {
    /// The answer of a command that had to succeed.
    pub(super) fn succeeded(self) -> Result<Vec<u8>, GitError> {
        if self.status.success() {
            Ok(self.stdout)
        } else {
            Err(self.failure)
        }
    }
}

/// Runs a command to its end.
pub(super) fn answer(folder: &Path, args: &[&OsStr]) -> Result<Answer, GitError> {
    let mut running = Running::start(folder, command(folder)?, args)?;
    let mut stdout = Vec::new();
    let read = (&mut running.stdout)
        .take(ANSWER_BYTES + 1)
        .read_to_end(&mut stdout);
    if read.is_err() || stdout.len() as u64 > ANSWER_BYTES {
        running.stop();
        return Err(GitError::TooLong(ANSWER_BYTES));
    }
    let asked = running.asked.clone();
    let (status, stderr) = running.end()?;
    Ok(Answer {
        failure: failed(folder, asked, &stderr),
        stdout,
        status,
        stderr,
    })
}

/// Runs a command that has to succeed.
pub(super) fn ask(folder: &Path, args: &[&str]) -> Result<Vec<u8>, GitError> {
    answer(folder, &words(args))?.succeeded()
}

/// One line of an answer.
pub(super) fn line(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    text.lines().next().unwrap_or_default().to_owned()
}

/// A path as git writes it between NULs.
pub(super) fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(os_string(bytes))
}

/// A name as git writes it.
pub(super) fn os_string(bytes: &[u8]) -> OsString {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        OsStr::from_bytes(bytes).to_owned()
    }
    #[cfg(not(unix))]
    {
        OsString::from(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// The items of an answer that end in NULs.
pub(super) fn items(answer: &[u8]) -> impl Iterator<Item = &[u8]> {
    answer
        .split(|byte| *byte == 0)
        .filter(|item| !item.is_empty())
}

/// Calls `each` with every item of an answer that ends in NULs, as they come.
pub(super) fn for_each_item<E: From<GitError>>(
    running: &mut Running,
    mut each: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut item = Vec::new();
    loop {
        item.clear();
        let mut within = (&mut running.stdout).take(ITEM_BYTES);
        let read = within.read_until(0, &mut item);
        let read = read.map_err(|_| GitError::Unexpected)?;
        if read == 0 {
            return Ok(());
        }
        match item.pop() {
            Some(0) => each(&item)?,
            _ => return Err(GitError::TooLong(ITEM_BYTES).into()),
        }
    }
}

/// The most bytes of one path and what git says of it.
const ITEM_BYTES: u64 = 1 << 20;

/// What ignore files hide below a folder of the repository, and git doesn't track: files, and whole
/// folders.
pub(super) fn ignored(top: &Path, folder: &Path) -> Result<HashSet<PathBuf>, GitError> {
    let mut args: Vec<&OsStr> = [
        "ls-files",
        "--others",
        "--ignored",
        "--exclude-standard",
        "--directory",
        "--full-name",
        "-z",
        "--",
    ]
    .into_iter()
    .map(OsStr::new)
    .collect();
    if !folder.as_os_str().is_empty() {
        args.push(folder.as_os_str());
    }
    let answer = answer(top, &args)?.succeeded()?;
    let plain = |item: &[u8]| path(item.strip_suffix(b"/").unwrap_or(item));
    Ok(items(&answer).map(plain).collect())
}

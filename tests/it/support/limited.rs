//! The program under limits of the operating system. They count what a run itself takes, so that a
//! busy machine changes nothing.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// How much of a processor's time a run may take, in seconds, without optimization.
const SECONDS: u32 = 20;

/// The program in a folder, which the system ends where it takes more than [`SECONDS`], or more than so
/// many MiB of addresses.
pub fn limited(folder: &Path, mib: Option<u64>) -> Command {
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "ulimit -t $1; ulimit -v $2; shift 2; exec \"$@\"",
            "sh",
        ])
        .arg(SECONDS.to_string())
        .arg(mib.map_or("unlimited".to_owned(), |mib| (mib * 1024).to_string()))
        .arg(env!("CARGO_BIN_EXE_rbac-eval"))
        .current_dir(folder)
        .env("NO_COLOR", "1")
        // Every thread reserves addresses that it may never use.
        .env("RAYON_NUM_THREADS", "2")
        .env("MALLOC_ARENA_MAX", "2")
        .stdin(Stdio::null());
    command
}

/// Runs it. That it ended by itself is asserted.
#[track_caller]
pub fn ends(folder: &Path, mib: Option<u64>, args: &[&str]) -> Output {
    let output = limited(folder, mib).args(args).output().unwrap();
    assert!(
        output.status.code().is_some_and(|code| code < 100),
        "{args:?}: {}",
        output.status
    );
    output
}

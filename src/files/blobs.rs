//! The contents of blobs, out of the object database.

use std::io::{BufRead, Read, Write};
use std::path::Path;
use std::process::ChildStdin;

use super::git::{self, GitError};
use super::limits::Budget;
use super::{ReadError, ReadLimits};
use crate::text::{Fingerprint, WhyUnread};

/// Reads blobs one by one.
#[derive(Debug)]
pub(super) struct BlobReader {
    running: git::Running,
    stdin: ChildStdin,
}

impl BlobReader {
    pub(super) fn start(top: &Path) -> Result<Self, GitError> {
        let mut running = git::start_reading(top, &["cat-file", "--batch"])?;
        let stdin = running.stdin()?;
        Ok(BlobReader { running, stdin })
    }

    /// Reads a blob of no more bytes than that. After an error nothing more may be asked.
    pub(super) fn read(&mut self, id: &str, limit: u64) -> Result<Vec<u8>, WhyUnread> {
        let failed = |error: std::io::Error| WhyUnread::Failed(error.to_string());
        writeln!(self.stdin, "{id}").map_err(failed)?;
        self.stdin.flush().map_err(failed)?;
        let limits = ReadLimits {
            bytes: limit,
            files: 1,
        };
        blob(&mut self.running, id, &mut Budget::new(limits), limit).map_err(|error| match error {
            BlobError::TooLarge => WhyUnread::TooLarge { limit },
            BlobError::Read(error) => WhyUnread::Failed(error.to_string()),
        })
    }

    /// Ends git.
    pub(super) fn stop(self) {
        self.running.stop();
    }
}

/// The most files that are too large: for each, git is begun anew.
const MAX_TOO_LARGE: usize = 16;

/// The contents of blobs, or why one isn't read.
pub(super) fn contents(
    top: &Path,
    ids: &[String],
    budget: &mut Budget,
) -> Result<Vec<Result<Vec<u8>, WhyUnread>>, ReadError> {
    let each = budget.file_bytes();
    contents_within(top, ids, budget, each)
}

/// The same, with another limit for each.
pub(super) fn contents_within(
    top: &Path,
    ids: &[String],
    budget: &mut Budget,
    each: u64,
) -> Result<Vec<Result<Vec<u8>, WhyUnread>>, ReadError> {
    let mut contents = Vec::with_capacity(ids.len());
    let mut too_large = 0;
    while contents.len() < ids.len() {
        if too_large > MAX_TOO_LARGE {
            return Err(ReadError::TooManyBytes(each));
        }
        too_large += 1;
        batch(top, ids, budget, each, &mut contents)?;
    }
    Ok(contents)
}

/// Reads on until all is read, or until something is too large, which ends the child process: what
/// isn't wanted of it would have to be read too.
fn batch(
    top: &Path,
    ids: &[String],
    budget: &mut Budget,
    each: u64,
    contents: &mut Vec<Result<Vec<u8>, WhyUnread>>,
) -> Result<(), ReadError> {
    let mut running = git::start_reading(top, &["cat-file", "--batch"])?;
    let mut stdin = running.stdin()?;
    let wanted: String = ids[contents.len()..]
        .iter()
        .map(|id| format!("{id}\n"))
        .collect();
    // Git writes while it reads, so both have to go on at once.
    let writer = std::thread::spawn(move || stdin.write_all(wanted.as_bytes()));
    let mut read = Ok(());
    while read.is_ok() && contents.len() < ids.len() {
        match blob(&mut running, &ids[contents.len()], budget, each) {
            Ok(bytes) => contents.push(Ok(bytes)),
            Err(BlobError::TooLarge) => {
                contents.push(Err(WhyUnread::TooLarge { limit: each }));
                break;
            }
            Err(BlobError::Read(error)) => read = Err(error),
        }
    }
    // Its answers are all read; how it ends says nothing more.
    running.stop();
    let _ = writer.join();
    read
}

enum BlobError {
    TooLarge,
    Read(ReadError),
}

impl<E: Into<ReadError>> From<E> for BlobError {
    fn from(error: E) -> Self {
        BlobError::Read(error.into())
    }
}

/// The next blob of git's answer.
fn blob(
    running: &mut git::Running,
    id: &str,
    budget: &mut Budget,
    each: u64,
) -> Result<Vec<u8>, BlobError> {
    let failed = |error: std::io::Error| GitError::Interrupted(error.to_string());
    let mut header = String::new();
    let mut within = (&mut running.stdout).take(1024);
    within.read_line(&mut header).map_err(failed)?;
    // As in `ID blob SIZE`.
    let mut words = header.trim_end().split(' ');
    let (_, kind, size) = (words.next(), words.next(), words.next());
    if kind == Some("missing") {
        return Err(GitError::Absent(id.to_owned()).into());
    }
    let size: u64 = size
        .filter(|_| kind == Some("blob"))
        .and_then(|size| size.parse().ok())
        .ok_or(GitError::Unexpected)?;
    if size > each {
        return Err(BlobError::TooLarge);
    }
    budget.take_file(size)?;
    let size = usize::try_from(size).map_err(|_| GitError::Unexpected)?;
    let mut bytes = vec![0; size + 1];
    running.stdout.read_exact(&mut bytes).map_err(failed)?;
    bytes.pop();
    Ok(bytes)
}

/// The fingerprints of blobs; none where one is too large.
pub(super) fn fingerprints(
    top: &Path,
    ids: &[String],
    budget: &mut Budget,
) -> Result<Option<Vec<Fingerprint>>, ReadError> {
    let contents = contents(top, ids, budget)?;
    Ok(contents
        .into_iter()
        .map(|bytes| bytes.ok().map(|bytes| Fingerprint::of(&bytes)))
        .collect())
}

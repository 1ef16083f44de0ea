//! How much is read at most: files, bytes, and what is looked at to find them.

use std::path::Path;

use super::ReadError;

/// The most that one side of an answer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes of all files together, and so of each.
    pub bytes: u64,
    /// Files.
    pub files: usize,
}

/// Files, folders and links are looked at so many times as often as files are read.
const LOOKED_AT_PER_FILE: usize = 10;

/// What stands at a path counts once for each so many bytes of it, so that all paths together are
/// bounded too.
const PATH_BYTES: usize = 200;

impl Default for ReadLimits {
    /// What a dump of a very large cluster, and a very large repository, stay below.
    fn default() -> Self {
        ReadLimits {
            bytes: 1 << 30,
            files: 100_000,
        }
    }
}

impl ReadLimits {
    /// How many files, folders and links are looked at.
    pub fn looked_at(self) -> usize {
        self.files.saturating_mul(LOOKED_AT_PER_FILE)
    }
}

/// What is left of the limits.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    limits: ReadLimits,
    bytes: u64,
    files: usize,
    looked_at: usize,
}

impl Budget {
    pub(super) fn new(limits: ReadLimits) -> Self {
        Budget {
            limits,
            bytes: limits.bytes,
            files: limits.files,
            looked_at: limits.looked_at(),
        }
    }

    /// The most bytes of one file.
    pub(super) fn file_bytes(&self) -> u64 {
        self.limits.bytes
    }

    /// Takes a file of so many bytes.
    pub(super) fn take_file(&mut self, bytes: u64) -> Result<(), ReadError> {
        let limits = self.limits;
        self.files = (self.files.checked_sub(1)).ok_or(ReadError::TooManyFiles(limits.files))?;
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.ok_or(ReadError::TooManyBytes(limits.bytes))?;
        Ok(())
    }

    /// Looks at so much that stands at a path.
    pub(super) fn look_at(&mut self, count: usize, path: &Path) -> Result<(), ReadError> {
        let each = 1 + path.as_os_str().len() / PATH_BYTES;
        let left = self.looked_at.checked_sub(count.saturating_mul(each));
        self.looked_at = left.ok_or(ReadError::TooManyEntries(self.limits.looked_at()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_is_reached_and_not_passed() {
        let limits = ReadLimits {
            bytes: 10,
            files: 2,
        };
        let mut budget = Budget::new(limits);
        assert!(budget.take_file(4).is_ok() && budget.take_file(6).is_ok());
        assert!(matches!(
            budget.take_file(0),
            Err(ReadError::TooManyFiles(2))
        ));
        let mut budget = Budget::new(limits);
        assert!(matches!(
            budget.take_file(11),
            Err(ReadError::TooManyBytes(10))
        ));
        let mut budget = Budget::new(limits);
        let (short, long) = (Path::new("a"), "a/".repeat(PATH_BYTES / 2));
        assert!(budget.look_at(18, short).is_ok());
        assert!(budget.look_at(1, Path::new(&long)).is_ok());
        assert!(matches!(
            budget.look_at(1, short),
            Err(ReadError::TooManyEntries(20))
        ));
    }
}

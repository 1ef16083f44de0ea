//! Opening files that a stranger may have put there: regular ones alone, and no more of them than asked.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use crate::text::WhyUnread;

/// What a file that isn't regular is.
pub(super) fn special(metadata: &Metadata) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = metadata.file_type();
        if kind.is_fifo() {
            return "a FIFO";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    if metadata.is_dir() {
        "a folder"
    } else if metadata.is_symlink() {
        "a link"
    } else {
        "something special"
    }
}

/// What the operating system says, in our words.
pub(super) fn why(error: &io::Error) -> WhyUnread {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => WhyUnread::Missing,
        io::ErrorKind::PermissionDenied => WhyUnread::Forbidden,
        _ => WhyUnread::Failed(error.to_string()),
    }
}

/// Where the kernel makes up what looks like files.
const MADE_UP: [&str; 3] = ["/proc", "/sys", "/dev"];

/// What a file is that the kernel makes up.
const MADE_UP_FILE: WhyUnread = WhyUnread::NotAFile("a file that the kernel makes up");

/// Opens a regular file, which is no link. What it is is asked before, since opening a device may do
/// something, and after, since it may have been exchanged.
pub(super) fn open_regular(path: &Path) -> Result<(File, Metadata), WhyUnread> {
    let before = fs::symlink_metadata(path).map_err(|error| why(&error))?;
    if !before.is_file() {
        return Err(WhyUnread::NotAFile(special(&before)));
    }
    if MADE_UP.iter().any(|folder| path.starts_with(folder)) {
        return Err(MADE_UP_FILE);
    }
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A FIFO that took the file's place isn't waited for, and a link isn't followed.
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW | libc::O_NOCTTY);
    }
    let file = options.open(path).map_err(|error| why(&error))?;
    let metadata = file.metadata().map_err(|error| why(&error))?;
    if !metadata.is_file() {
        return Err(WhyUnread::NotAFile(special(&metadata)));
    }
    Ok((file, metadata))
}

/// Reads a regular file that holds no more bytes than that.
pub(super) fn read_regular(path: &Path, limit: u64) -> Result<Vec<u8>, WhyUnread> {
    let (file, metadata) = open_regular(path)?;
    if metadata.len() > limit {
        return Err(WhyUnread::TooLarge { limit });
    }
    let bytes = read_within(file, metadata.len(), limit)?;
    if metadata.len() == 0 && !bytes.is_empty() {
        return Err(MADE_UP_FILE);
    }
    Ok(bytes)
}

/// Reads to the end, which has to come within a limit.
pub(super) fn read_within(
    reader: impl Read,
    expected: u64,
    limit: u64,
) -> Result<Vec<u8>, WhyUnread> {
    let capacity = usize::try_from(expected).unwrap_or_default();
    let mut bytes = Vec::with_capacity(capacity.saturating_add(1));
    let read = reader.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| why(&error))?;
    if bytes.len() as u64 > limit {
        return Err(WhyUnread::TooLarge { limit });
    }
    Ok(bytes)
}

//! Exit codes and the failures that lead to them.

use std::io;
use std::process::ExitCode;

use crate::authz::rbac::TooLarge;
use crate::render::RenderError;

/// How the program exits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exit {
    /// Yes; or all was done.
    Yes,
    /// No.
    No,
    /// Bad usage, or input that can't be read. kubectl says 1 here.
    Error,
    /// The reader of stdout went away; what SIGPIPE would have given.
    ClosedPipe,
}

impl Exit {
    /// All of them, the best first.
    pub(super) const ALL: [Exit; 4] = [Exit::Yes, Exit::No, Exit::Error, Exit::ClosedPipe];

    /// The number that the operating system gets.
    pub(super) fn code(self) -> u8 {
        match self {
            Exit::Yes => 0,
            Exit::No => 1,
            Exit::Error => 2,
            Exit::ClosedPipe => 141,
        }
    }

    /// What it says to whoever called.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Exit::Yes => "Yes; or nothing was found that counts, or all was done.",
            Exit::No => {
                "No; or nobody can, no binding was found, an assertion doesn't hold, or a finding or \
                 change counts by --fail-on."
            }
            Exit::Error => {
                "Bad usage, or input that can't be read or judged, so that there is no sure answer. \
                 kubectl says 1 here."
            }
            Exit::ClosedPipe => "The reader of standard output went away.",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// A message for the user.
    #[error("{0}")]
    Message(String),
    /// Stdout can't be written.
    #[error("cannot write the answer: {0}")]
    Write(io::Error),
    /// The reader of stdout went away.
    #[error("the reader of the answer went away")]
    ClosedPipe,
}

impl From<TooLarge> for Failure {
    fn from(error: TooLarge) -> Self {
        Failure::message(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Failure::ClosedPipe
        } else {
            Failure::Write(error)
        }
    }
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::Io(error) => error.into(),
            error => Failure::message(error.to_string()),
        }
    }
}

impl Failure {
    pub(super) fn message(message: impl Into<String>) -> Self {
        Failure::Message(message.into())
    }
}

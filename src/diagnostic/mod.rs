//! [`Diagnostic`]: the one type for everything that is said about an input beside the answer itself.
//!
//! What the readers refuse, what `check` finds, what a change risks, how an assertion fails, and
//! what couldn't be judged all become a `Diagnostic`: a [`Code`], a [`Severity`], a message, and
//! the places that it speaks of. All codes stand in one table, [`codes`].
//!
//! Each room that finds something has a typed description of it, an enum that implements
//! [`Describe`]; the enum's `Display` is the only place where its words are written. So no reader
//! of a diagnostic has to match on strings: it compares the code.
//!
//! This room doesn't know how a diagnostic is printed; that is `render`'s business.

pub mod codes;
mod problem;
mod severity;

use std::fmt;

use crate::object::ObjectRef;
use crate::text::{Fingerprint, Span};

pub use codes::{Bearing, Code};
pub use problem::Problem;
pub use severity::{Level, Severity};

/// A typed description of something that is to be reported. Its `Display` is the message.
pub trait Describe: fmt::Display {
    /// Of which kind it is.
    fn code(&self) -> &'static Code;

    /// How severe it is here; the code's own severity unless the input says otherwise.
    fn severity(&self) -> Severity {
        self.code().severity
    }

    /// The object that it is about.
    fn object(&self) -> Option<ObjectRef> {
        None
    }

    /// How the message speaks of the object.
    fn phrase(&self) -> Phrase {
        Phrase::Sentence
    }

    /// What of the object it is about, in words that stay the same wherever that stands and however the
    /// message is worded; none where it is about the object as a whole.
    fn part(&self) -> Option<String> {
        None
    }

    /// Of which sort what it is about is, if it is no manifest as it stands.
    fn no_manifest(&self) -> Option<NoManifest> {
        None
    }

    /// What cures it, in a sentence.
    fn help(&self) -> Option<String> {
        None
    }

    /// Other places that belong to it.
    fn related(&self) -> Vec<Related> {
        Vec::new()
    }
}

/// Another place that belongs to a diagnostic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Related {
    /// Where.
    pub span: Span,
    /// What stands there; empty where the diagnostic's own message says it.
    pub message: String,
}

/// What a folder may hold that can't be read and is no manifest as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoManifest {
    /// A folder whose manifests Helm makes.
    Chart,
    /// A file with `{{`, of which something else makes manifests.
    Template,
    /// A file without the word that every Kubernetes object has.
    NoObject,
}

impl NoManifest {
    /// All of them.
    pub const ALL: [NoManifest; 3] = [
        NoManifest::Chart,
        NoManifest::Template,
        NoManifest::NoObject,
    ];
}

/// How a message speaks of its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phrase {
    /// It is a whole sentence; where there is an object, it begins with it.
    Sentence,
    /// It says something of the object without naming it.
    Remark,
}

/// Something that the reader of an answer has to know.
///
/// ```
/// use rbac_eval::diagnostic::{Diagnostic, Problem, Severity, codes};
/// use rbac_eval::text::{Files, Span};
///
/// let file = Files::default().add("rbac.yaml");
/// let diagnostic = Diagnostic::new(Span { file, line: 3, column: 1 }, Problem::NotAnObject);
/// assert_eq!(diagnostic.code, &codes::NOT_AN_OBJECT);
/// assert_eq!(diagnostic.severity, Severity::Medium);
/// assert!(diagnostic.message.starts_with("this document is passed over"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Of which kind it is.
    pub code: &'static Code,
    /// How severe it is here.
    pub severity: Severity,
    /// What is to be said, in a sentence.
    pub message: String,
    /// The object that it is about.
    pub object: Option<ObjectRef>,
    /// How the message speaks of the object.
    pub phrase: Phrase,
    /// What of the object it is about, in words that outlast moves and messages; none where it is about
    /// the object as a whole.
    pub part: Option<String>,
    /// Where; none where no text is at fault, as when a right is missing.
    pub span: Option<Span>,
    /// Other places that belong to it.
    pub related: Vec<Related>,
    /// What cures it, in a sentence.
    pub help: Option<String>,
    /// Whether the user named the very file, rather than a folder that holds it.
    pub named: bool,
    /// Of which sort what it is about is, if it is no manifest as it stands.
    pub no_manifest: Option<NoManifest>,
    /// What it is about, where that can be compared: the text of an object that isn't used, of a file
    /// that can't be read. None where nothing tells whether it stayed the same.
    pub content: Option<Fingerprint>,
}

impl Diagnostic {
    /// The diagnostic of something at a place. Whether its file was named is filled in by the
    /// reader.
    pub fn new(span: Span, description: impl Describe) -> Self {
        Diagnostic {
            span: Some(span),
            ..Diagnostic::nowhere(description)
        }
    }

    /// The diagnostic of something that is at no place of a text.
    pub fn nowhere(description: impl Describe) -> Self {
        Diagnostic {
            code: description.code(),
            severity: description.severity(),
            message: description.to_string(),
            object: description.object(),
            phrase: description.phrase(),
            part: description.part(),
            span: None,
            related: description.related(),
            help: description.help(),
            named: true,
            no_manifest: description.no_manifest(),
            content: None,
        }
    }

    /// A diagnostic whose words need more than the finding itself knows, such as the names in a
    /// directory.
    pub fn worded(code: &'static Code, severity: Severity, message: String) -> Self {
        Diagnostic {
            code,
            severity,
            message,
            object: None,
            phrase: Phrase::Sentence,
            part: None,
            span: None,
            related: Vec::new(),
            help: None,
            named: true,
            no_manifest: None,
            content: None,
        }
    }

    /// The same, about this object.
    #[must_use]
    pub fn about(mut self, object: ObjectRef) -> Self {
        self.object = Some(object);
        self
    }

    /// The same, about a text that can be compared.
    #[must_use]
    pub fn with_content(mut self, content: Fingerprint) -> Self {
        self.content = Some(content);
        self
    }

    /// Whether it says that a part of the input wasn't judged, so that no answer is whole.
    pub fn is_unjudged(&self) -> bool {
        self.code.bearing == Bearing::Unjudged
    }

    /// Whether the text itself couldn't be read.
    pub fn is_unreadable(&self) -> bool {
        self.code == &codes::UNREADABLE
    }
}

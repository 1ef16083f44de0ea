//! YAML text → events → a tree in which every node knows where it stands.
//!
//! It is the YAML of kubectl, version 1.1 as `sigs.k8s.io/yaml/goyaml.v2` reads it, down to its
//! quirks: what a cluster gets is what that library makes of a text, so a reader of YAML 1.2 judges
//! other objects than those that come to be. `scan` makes tokens of a text, `parse` makes events of
//! them, and `build` a [`Document`], an arena of nodes. What a scalar means is decided by `resolve`,
//! what `<<` does by `merge`, and when two keys are the same one by `keys`, each in one small file.
//!
//! The tree is read in two ways: directly ([`YamlNode::get`], [`YamlNode::items`], [`YamlNode::entries`]), or
//! into any type that implements [`serde::Deserialize`] ([`YamlNode::read`]); [`Spanned`] keeps the
//! place of what it holds. Strings are borrowed from the document, and those that are written as
//! they read, from the text.
//!
//! A document that has been built holds nothing that a reader could trip over: keys are scalars
//! and are read once each, tags fit what they stand on, and everything, aliases followed, stays within
//! [`Limits`]. So what is passed over costs nothing.
//!
//! ```
//! use rbac_eval::text::yaml::{Spanned, document};
//!
//! let text = "defaults: &d {verbs: [get]}\nrules:\n- <<: *d\n  resources: [pods]\n";
//! let document = document(text)?;
//! let rules = document.root().get("rules").unwrap();
//! let rule = rules.items().unwrap().next().unwrap();
//! assert_eq!((rule.span().line, rule.span().column), (3, 3));
//!
//! let verbs: Vec<Spanned<&str>> = rule.get("verbs").unwrap().read()?;
//! assert_eq!(verbs[0].value, "get");
//! // What an alias stands for is told where the alias stands.
//! assert_eq!(verbs[0].span.line, 3);
//! # Ok::<(), rbac_eval::text::yaml::Error>(())
//! ```

mod binary;
mod build;
mod chars;
mod comments;
mod de;
mod error;
mod events;
mod handle;
mod json;
mod keys;
mod limits;
mod merge;
mod parse;
mod path;
mod resolve;
mod scan;
mod scan_scalar;
mod scan_tag;
mod span;
mod spanned;
mod tag;
mod token;
mod tree;

#[cfg(test)]
mod tests;

pub(crate) use chars::may_stand_in;
pub use comments::{Comment, Neighbor, comments};
pub use error::{Error, YamlFault};
pub use events::{Documents, document, document_within, documents, first_document};
pub use handle::Handle;
pub use json::json_document;
pub use limits::{Limits, Size};
pub use resolve::{Scalar, Style};
pub use span::NodeSpan;
pub use spanned::Spanned;
pub use tree::{Document, Entries, Items, RepeatedKey, View, YamlNode};

/// How texts are read that aren't as they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// A key that stands twice is an error.
    Strict,
    /// As kubectl's library has it without strict validation: the last one counts.
    Kubectl,
}

//! YAML text → events → a tree in which every node knows where it stands.
//!
//! The parser (`granit-parser`, which only `events`, `build` and `tag` know) gives events; they
//! become a [`Document`], an arena of nodes. What a scalar means is decided by `resolve`, what
//! `<<` does by `merge`, and when two keys are the same one by `keys`, each in one small file.
//!
//! The tree is read in two ways: directly ([`Node::get`], [`Node::items`], [`Node::entries`]), or
//! into any type that implements [`serde::Deserialize`] ([`Node::read`]); [`Spanned`] keeps the
//! place of what it holds. Strings are borrowed from the document, and those that are written as
//! they read, from the text.
//!
//! A document that has been built holds nothing that a reader could trip over: keys are scalars
//! and stand once, tags fit what they stand on, and everything, aliases followed, stays within
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
mod de;
mod error;
mod events;
mod handle;
mod keys;
mod limits;
mod merge;
mod resolve;
mod span;
mod spanned;
mod tag;
mod tree;

#[cfg(test)]
mod tests;

pub use error::{Error, YamlFault};
pub use events::{Documents, document, document_within, documents};
pub use handle::Handle;
pub use limits::{Limits, Size};
pub use resolve::{Scalar, Style};
pub use span::NodeSpan;
pub use spanned::Spanned;
pub use tree::{Document, Entries, Items, Node, View};

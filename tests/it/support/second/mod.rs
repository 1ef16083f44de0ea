//! A second reader of manifests, slow and simple, written for the tests from the rules of kubectl's
//! libraries: what it says `kubectl create -f` sends is held against what the first one reads.
//!
//! It shares no code with the first: it looks at characters one by one, makes all tokens of a
//! document at once, and copies whatever an alias stands for.

mod held;
mod sent;
mod tokens;
mod value;

pub use held::{Outcome, compare, read, stored, text};
pub use sent::sent;

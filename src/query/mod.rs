//! Questions that go beyond one request, each in a file of its own.
//!
//! None knows another, but [`matrix`], one of whose tables is [`who_can`] asked once a verb.

pub mod lookup;
pub mod matrix;
pub mod rules_review;
pub mod who_can;

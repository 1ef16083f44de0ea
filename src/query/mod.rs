//! Questions that go beyond one request; each in a file of its own, none knows another.

pub mod rules_review;

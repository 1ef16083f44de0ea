//! Telling whether two texts are the same without keeping them.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::OnceLock;

/// What stands for a text where only "is it the same one?" is asked.
///
/// Its keys are drawn for each process, so nobody can write two texts that have the same one; it means
/// nothing in another process.
///
/// ```
/// use rbac_eval::text::Fingerprint;
///
/// assert_eq!(Fingerprint::of(b"kind: Role"), Fingerprint::of(b"kind: Role"));
/// assert_ne!(Fingerprint::of(b"kind: Role"), Fingerprint::of(b"kind: role"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u64; 2]);

impl Fingerprint {
    /// The fingerprint of a text.
    pub fn of(text: &[u8]) -> Self {
        Fingerprint::of_value(text)
    }

    /// The fingerprint of a value.
    pub fn of_value<T: Hash + ?Sized>(value: &T) -> Self {
        static KEYS: OnceLock<[RandomState; 2]> = OnceLock::new();
        let keys = KEYS.get_or_init(Default::default);
        Fingerprint(keys.each_ref().map(|key| key.hash_one(value)))
    }
}

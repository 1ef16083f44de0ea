//! How the strings of an index are hashed.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;

/// Hashes strings to the numbers by which an index finds them.
///
/// Names come from files that others write. With a seed that they know, they could choose names
/// that share a hash, which makes each look-up slow. So the seed of every index is unpredictable.
/// Answers, and their order, don't depend on it: the tests hold indexes of different seeds against
/// each other, and indexes of so few bits that most names collide.
#[derive(Debug, Clone)]
pub struct HashState {
    state: SeedableRandomState,
    mask: u64,
}

impl HashState {
    /// A state of its own for each index. The entropy is that of std's own hash maps.
    pub fn random() -> Self {
        static SHARED: LazyLock<SharedSeed> = LazyLock::new(|| SharedSeed::from_u64(entropy()));
        HashState {
            state: SeedableRandomState::with_seed(entropy(), &SHARED),
            mask: u64::MAX,
        }
    }

    /// A state that can be had again, and keeps this many bits of each hash, 64 at most: for tests
    /// that need collisions.
    ///
    /// ```
    /// use rbac_eval::authz::rbac::HashState;
    ///
    /// let state = HashState::fixed(7, 0);
    /// assert_eq!(state.hash("alice"), state.hash("bob"));
    /// ```
    pub fn fixed(seed: u64, bits: u32) -> Self {
        HashState {
            state: SeedableRandomState::with_seed(seed, SharedSeed::global_fixed()),
            mask: u64::MAX.checked_shr(64 - bits.min(64)).unwrap_or(0),
        }
    }

    /// The hash of a string.
    #[inline]
    pub fn hash(&self, string: &str) -> u64 {
        self.state.hash_one(string) & self.mask
    }
}

/// A number that nobody can foresee.
fn entropy() -> u64 {
    RandomState::new().hash_one(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_has_a_seed_of_its_own() {
        let hashes: std::collections::BTreeSet<u64> = (0..100)
            .map(|_| HashState::random().hash("alice"))
            .collect();
        assert_eq!(hashes.len(), 100);
    }

    #[test]
    fn a_fixed_state_keeps_the_bits_that_it_is_told_to() {
        for bits in [0, 1, 5, 63, 64, 99] {
            let (first, again) = (HashState::fixed(3, bits), HashState::fixed(3, bits));
            let all = ["", "alice", "bob", "a longer name than sixteen bytes"]
                .map(|name| first.hash(name))
                .into_iter()
                .fold(0, |all, hash| all | hash);
            assert_eq!(all.checked_shr(bits).unwrap_or(0), 0, "{bits}");
            assert_eq!(first.hash("alice"), again.hash("alice"));
        }
        assert_ne!(
            HashState::fixed(3, 64).hash("alice"),
            HashState::fixed(4, 64).hash("alice")
        );
        assert_ne!(HashState::fixed(3, 64).hash("alice") >> 32, 0);
    }
}

//! Numbers of 32 bits: the index holds many, and half the memory is half the cache misses.

/// What of a snapshot is more than the index can number, or than a limit allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the policy is too large: more than {limit} {what}")]
#[non_exhaustive]
pub struct TooLarge {
    /// How much there may be.
    pub limit: usize,
    /// What there is too much of, in the plural.
    pub what: &'static str,
}

/// The greatest number. The one after it says that there is none.
const MAX: u32 = u32::MAX - 1;

/// A position or count as the index keeps it.
pub(super) fn narrow(number: usize, what: &'static str) -> Result<u32, TooLarge> {
    match u32::try_from(number) {
        Ok(narrow) if narrow <= MAX => Ok(narrow),
        _ => Err(TooLarge {
            limit: MAX as usize,
            what,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_number_is_an_error() {
        assert_eq!(narrow(7, "rules"), Ok(7));
        assert_eq!(narrow(MAX as usize, "rules"), Ok(MAX));
        for number in [MAX as usize + 1, MAX as usize + 2, usize::MAX] {
            let error = narrow(number, "rules").unwrap_err();
            assert_eq!(
                error.to_string(),
                "the policy is too large: more than 4294967294 rules"
            );
        }
    }
}

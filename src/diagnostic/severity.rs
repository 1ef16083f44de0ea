//! How much a diagnostic matters.

use std::fmt;

/// How much something matters: one order for findings, risks, and all else.
///
/// ```
/// use rbac_eval::diagnostic::{Level, Severity};
///
/// assert!(Severity::Critical > Severity::High);
/// assert_eq!(Severity::Critical.level(), Level::Error);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth a look.
    Low,
    /// Can do harm, or is probably not what was meant.
    Medium,
    /// Leads to other people's data or rights, or doesn't do what it says.
    High,
    /// Leads to the whole cluster.
    Critical,
}

impl Severity {
    /// The severity as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// The level of linters' reports that the severity comes to.
    pub fn level(self) -> Level {
        match self {
            Severity::Info | Severity::Low => Level::Info,
            Severity::Medium => Level::Warning,
            Severity::High | Severity::Critical => Level::Error,
        }
    }

    /// One step less; a low risk stays low.
    #[must_use]
    pub fn lowered(self) -> Self {
        match self {
            Severity::Critical => Severity::High,
            Severity::High => Severity::Medium,
            Severity::Medium | Severity::Low => Severity::Low,
            Severity::Info => Severity::Info,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The three levels that linters know, SARIF and GitHub among their readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Probably not what was meant.
    Warning,
    /// Doesn't do what it says.
    Error,
}

impl Level {
    /// The level as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }

    /// The least severity of the level.
    pub fn least_severity(self) -> Severity {
        match self {
            Level::Info => Severity::Info,
            Level::Warning => Severity::Medium,
            Level::Error => Severity::High,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, Severity};

    #[test]
    fn levels_keep_the_order_of_severities() {
        let all = [
            Severity::Info,
            Severity::Low,
            Severity::Medium,
            Severity::High,
            Severity::Critical,
        ];
        assert!(all.is_sorted());
        assert!(all.iter().map(|severity| severity.level()).is_sorted());
        for level in [Level::Info, Level::Warning, Level::Error] {
            for severity in all {
                assert_eq!(
                    severity >= level.least_severity(),
                    severity.level() >= level
                );
            }
        }
        for severity in all {
            assert!(severity.lowered() <= severity);
        }
    }
}

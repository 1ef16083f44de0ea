//! A progress bar for loads that take their time, on a terminal only.

use std::io::IsTerminal;
use std::sync::Once;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long a load is waited for in silence.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far a load has come.
pub(super) struct Progress {
    bar: ProgressBar,
    patience: Duration,
    begin: Instant,
    shown: Once,
    target: Option<fn() -> ProgressDrawTarget>,
}

impl Progress {
    /// A load of so many bytes; shown where stderr is a terminal.
    pub(super) fn of(bytes: usize) -> Self {
        let target = std::io::stderr().is_terminal();
        Progress::on(
            target.then_some(ProgressDrawTarget::stderr),
            bytes,
            PATIENCE,
        )
    }

    fn on(target: Option<fn() -> ProgressDrawTarget>, bytes: usize, patience: Duration) -> Self {
        let total = u64::try_from(bytes).ok();
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        let template = "note: reading [{bar:40}] {decimal_bytes} of {decimal_total_bytes}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        Progress {
            bar,
            patience,
            begin: Instant::now(),
            shown: Once::new(),
            target,
        }
    }

    /// That so many bytes more are done.
    pub(super) fn add(&self, bytes: usize) {
        let Some(target) = self.target else {
            return;
        };
        if self.begin.elapsed() >= self.patience {
            self.shown.call_once(|| self.bar.set_draw_target(target()));
        }
        if let Ok(bytes) = u64::try_from(bytes) {
            self.bar.inc(bytes);
        }
    }

    /// Leaves the terminal as it was.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use indicatif::InMemoryTerm;

    use super::*;

    static TERMINAL: LazyLock<InMemoryTerm> = LazyLock::new(|| InMemoryTerm::new(10, 100));

    fn target() -> ProgressDrawTarget {
        ProgressDrawTarget::term_like(Box::new(TERMINAL.clone()))
    }

    #[test]
    fn a_long_load_is_shown_on_a_terminal_until_it_ends() {
        let quick = Progress::on(Some(target), 2_000, Duration::from_secs(3600));
        quick.add(1_000);
        assert_eq!(TERMINAL.contents(), "");
        let slow = Progress::on(Some(target), 2_000_000, Duration::ZERO);
        slow.add(1_000_000);
        let shown = TERMINAL.contents();
        assert!(
            shown.starts_with("note: reading [===================="),
            "{shown}"
        );
        assert!(shown.ends_with("] 1.00 MB of 2.00 MB"), "{shown}");
        slow.finish();
        assert_eq!(TERMINAL.contents(), "");
    }
}

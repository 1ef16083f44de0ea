//! The table of targets: what was measured beside what is wanted.

use std::path::Path;

/// What criterion measured.
pub struct Measured<'p> {
    /// Where it wrote to.
    pub folder: &'p Path,
}

impl Measured<'_> {
    /// The median time of a bench, in seconds.
    pub fn seconds(&self, name: &str) -> f64 {
        let file = self.folder.join(name).join("new/estimates.json");
        let text = std::fs::read(&file).unwrap_or_default();
        let estimates: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
        let median = &estimates["median"]["point_estimate"];
        median
            .as_f64()
            .map_or(f64::NAN, |nanoseconds| nanoseconds / 1e9)
    }
}

/// A target and how it was met.
struct Row {
    what: &'static str,
    measured: String,
    target: &'static str,
    met: bool,
}

/// All targets, in the order in which they were added.
#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    pub fn row(&mut self, what: &'static str, measured: String, target: &'static str, met: bool) {
        self.rows.push(Row {
            what,
            measured,
            target,
            met,
        });
    }

    pub fn print(&self) {
        println!("| what | measured | target | |\n|---|---|---|---|");
        for row in &self.rows {
            let met = if row.met { "✔" } else { "missed" };
            println!(
                "| {} | {} | {} | {met} |",
                row.what, row.measured, row.target
            );
        }
    }
}

/// The machine, as far as the system says.
pub fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or_else(
            || std::env::consts::ARCH.to_owned(),
            |(_, model)| model.to_owned(),
        );
    format!("{cores} cores of {model}, {}", std::env::consts::OS)
}

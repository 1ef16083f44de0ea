//! How much memory the program takes at most, as Linux counts it.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The most memory in bytes, of `review` over a cluster: once it is loaded, and after it answered
/// nearly all of so many reviews. None where the system doesn't say.
pub fn peaks(binary: &str, cluster: &Path, reviews: &[String], times: usize) -> Option<(f64, f64)> {
    let mut child = Command::new(binary)
        .args(["review", "-f"])
        .arg(cluster)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let status = format!("/proc/{}/status", child.id());
    let stdin = child.stdin.take()?;
    let answers = BufReader::new(child.stdout.take()?);
    // It loads, then waits for the first review.
    std::thread::sleep(Duration::from_secs(2));
    let loaded = peak(&status);
    let answered = std::thread::scope(|scope| {
        let (done, wait) = std::sync::mpsc::channel::<()>();
        scope.spawn(move || {
            let mut stdin = BufWriter::new(stdin);
            for _ in 0..times {
                for review in reviews {
                    // A program that ended early is seen by what it answered.
                    let _ = stdin.write_all(review.as_bytes());
                }
            }
            let _ = stdin.flush();
            let _ = wait.recv();
        });
        // What is read at once is answered at once, so the last few wait for the end.
        let nearly_all = (reviews.len() * times).saturating_sub(20_000);
        let count = answers.lines().take(nearly_all).count();
        let answered = (count == nearly_all).then(|| peak(&status)).flatten();
        drop(done);
        answered
    });
    let _ = child.kill();
    let _ = child.wait();
    Some((loaded?, answered?))
}

fn peak(status: &str) -> Option<f64> {
    let status = std::fs::read_to_string(status).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024.0)
}

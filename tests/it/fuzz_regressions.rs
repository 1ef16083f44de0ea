//! Inputs that once broke a fuzz target, and edges that are easy to break: each stays sound.
//!
//! A file of `testdata/fuzz-regressions/TARGET/` is given to that target's check.

use std::fs;
use std::path::Path;

use crate::support::fuzzed;

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/fuzz-regressions")
        .join(target);
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        // Shown where the check fails.
        eprintln!("{}", path.display());
        check(&fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}

#[test]
fn any_bytes_read_as_yaml() {
    replay("yaml", fuzzed::yaml);
}

#[test]
fn any_bytes_read_as_json() {
    replay("json", fuzzed::json);
}

#[test]
fn any_bytes_read_as_reviews() {
    replay("review", fuzzed::review);
}

#[test]
fn the_engine_decides_any_manifest_as_the_naive_authorizer() {
    replay("verdict", fuzzed::verdict);
}

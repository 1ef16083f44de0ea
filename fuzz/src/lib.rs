//! What the fuzz targets share: the checks that `cargo test` replays, compiled a second time.

#[path = "../../tests/it/support/compare.rs"]
mod compare;
#[path = "../../tests/it/support/fuzzed/mod.rs"]
pub mod fuzzed;
#[path = "../../tests/it/support/naive.rs"]
mod naive;
#[path = "../../tests/it/support/object.rs"]
mod object;

/// Keeps the readers on the thread that libFuzzer watches. A pool of other threads would cost more
/// than the parsing of small inputs, and run on cores that weren't offered.
pub fn on_this_thread() {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread();
    // A second call finds the pool of the first.
    let _ = pool.build_global();
}

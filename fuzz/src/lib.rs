//! What the fuzz targets share: the checks that `cargo test` replays, compiled a second time.

#[path = "../../tests/it/support/compare.rs"]
mod compare;
#[path = "../../tests/it/support/fuzzed/mod.rs"]
pub mod fuzzed;
#[path = "../../tests/it/support/naive.rs"]
mod naive;
#[path = "../../tests/it/support/object.rs"]
mod object;
#[path = "../../tests/it/support/second/mod.rs"]
pub mod second;

//! See `fuzzed::yaml` for what has to hold.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rbac_eval_fuzz::fuzzed::yaml(bytes));

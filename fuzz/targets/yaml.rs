//! See `fuzzed::yaml` for what has to hold.

#![no_main]

libfuzzer_sys::fuzz_target!(
    init: rbac_eval_fuzz::on_this_thread(),
    |bytes: &[u8]| rbac_eval_fuzz::fuzzed::yaml(bytes)
);

//! What is read is what a second, slow reader says that kubectl sends, or it is said that something
//! wasn't judged.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(why) = rbac_eval_fuzz::second::compare(text) {
        panic!("{why}");
    }
});

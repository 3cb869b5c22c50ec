#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| kitestring_fuzz::run("keyring", input));

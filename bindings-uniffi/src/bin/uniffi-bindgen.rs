//! Writes the Kotlin, Swift or Python side of a compiled library.

fn main() {
    uniffi::uniffi_bindgen_main();
}

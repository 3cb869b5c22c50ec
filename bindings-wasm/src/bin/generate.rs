//! Writes the JavaScript beside a compiled module.
//!
//! `kitestring-wasm-generate MODULE.wasm FOLDER NAME` writes what a bundler would load; the package's own `load.js` does that,
//! so one form serves browsers and Node. This is the work of the `wasm-bindgen` program; as a library its version is pinned to
//! the one that the module was compiled with.

use std::{env, error::Error};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let (Some(module), Some(folder), Some(name), None) = (arguments.next(), arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: kitestring-wasm-generate MODULE.wasm FOLDER NAME".into());
    };
    Bindgen::new().input_path(module).out_name(&name.to_string_lossy()).typescript(false).bundler(true)?.generate(folder)?;
    Ok(())
}

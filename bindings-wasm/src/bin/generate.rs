//! Writes the JavaScript and the TypeScript declarations beside a compiled module.
//!
//! `kitestring-wasm-generate MODULE.wasm FOLDER` writes for Node. This is the work of the `wasm-bindgen`
//! program; as a library its version is pinned to the one that the module was compiled with.

use std::{env, error::Error};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let (Some(module), Some(folder), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: kitestring-wasm-generate MODULE.wasm FOLDER".into());
    };
    Bindgen::new().input_path(module).typescript(true).nodejs(true)?.generate(folder)?;
    Ok(())
}

//! `cargo xtask peers [--short | draw | COUNT…]`: measures ours beside the peers. The long run also has `bothy` and `rclone`.

use crate::{
    Result, npm,
    place::{cargo, measure, measuring, root, succeed, target},
    tools,
};

/// Installs and builds what takes part, and measures.
///
/// # Errors
/// If something is missing, or a count is not what it should be.
pub(crate) fn run(options: &[&str]) -> Result<()> {
    tools::peers()?;
    if !target().join("npm/kitestring/client_bg.wasm").is_file() {
        npm::run(None)?;
    }
    if options.iter().all(|option| option.parse::<u64>().is_ok()) {
        tools::rclone()?;
        let manifest = root().join("tests/peers/bothy/Cargo.toml");
        succeed(
            cargo()
                .args(["build", "--release", "--locked", "--manifest-path"])
                .arg(manifest)
                .arg("--target-dir")
                .arg(target().join("peers-bothy")),
        )?;
    }
    measuring()?;
    succeed(measure("kitestring-peers").args(options))
}

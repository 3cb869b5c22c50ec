//! The npm package's drive in a folder, through every clause. It is no WebAssembly, so nothing need be built for it but Node.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod bridge;

use bridge::NodeDrive;
use kitestring::{Error, ErrorKind, Result};
use kitestring_conformance::{Storage, conformance};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};
use tempfile::TempDir;

conformance! {
    node_folder => storage, |root: &str| open(root);
}

/// The files of the drive, in a folder that Node takes for a package.
fn module() -> PathBuf {
    static PACKAGE: OnceLock<TempDir> = OnceLock::new();
    let package = PACKAGE.get_or_init(|| {
        let package = tempfile::tempdir().unwrap();
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bindings-wasm/js");
        for file in ["folder.js", "disk.js", "error.js"] {
            fs::copy(sources.join(file), package.path().join(file)).unwrap();
        }
        fs::write(package.path().join("package.json"), r#"{"type":"module"}"#).unwrap();
        package
    });
    package.path().join("folder.js")
}

fn open(root: &str) -> Result<NodeDrive> {
    NodeDrive::open(&module(), root)
}

/// A drive in a temporary folder, which another client, another process and a pulled-out disk can reach.
async fn storage() -> Result<Storage> {
    let failed = |e: std::io::Error| Error::new(ErrorKind::Unavailable, "test", e.to_string());
    let home = tempfile::tempdir().map_err(failed)?;
    let root = home.path().join("drive");
    let (again, gone) = (root.to_string_lossy().into_owned(), root.clone());
    let storage = Storage::new(open(&again)?)
        .at(again.clone())
        .shared_by(move || open(&again))
        .unmounted_by(move || fs::rename(&gone, gone.with_extension("away")));
    Ok(storage.keeping(home))
}

//! Every drive of this repository, through every clause. Another one is another line.

mod noticing;

use kitestring::{MemoryDrive, Result, drive::Capabilities};
use kitestring_adapters::{FsDrive, NativeRuntime, layers::SlowDrive};
use kitestring_conformance::{Storage, conformance};
use std::{fs, sync::Arc, time::Duration};

conformance! {
    memory_full => || async { Ok(Storage::new(MemoryDrive::new())) };
    memory_create_only => || async { Ok(Storage::new(MemoryDrive::with(Capabilities { create: true, ..Capabilities::NONE }))) };
    memory_none => || async { Ok(Storage::new(MemoryDrive::with(Capabilities::NONE))) };
    memory_with_notices => || async { Ok(Storage::new(noticing::Noticing::default())) };
    fs => || async { folder() }, |root: &str| FsDrive::open(root);
    fs_behind_slow => || async { slow_folder() };
}

/// A drive in a temporary folder, which another client, another process and a pulled-out disk can reach.
fn folder() -> Result<Storage> {
    let home = Arc::new(tempfile::tempdir().map_err(failed)?);
    let root = home.path().join("drive");
    let (again, gone) = (root.clone(), root.clone());
    let storage = Storage::new(FsDrive::create(&root)?)
        .shared_by(move || FsDrive::open(&again))
        .at(root.to_string_lossy())
        .unmounted_by(move || fs::rename(&gone, gone.with_extension("away")));
    Ok(storage.keeping(home))
}

fn slow_folder() -> Result<Storage> {
    let home = tempfile::tempdir().map_err(failed)?;
    let root = home.path().to_owned();
    let slow = |drive| SlowDrive::new(Arc::new(drive), Arc::new(NativeRuntime::new()), Duration::from_micros(500));
    Ok(Storage::new(slow(FsDrive::open(&root)?)).shared_by(move || Ok(slow(FsDrive::open(&root)?))).keeping(home))
}

fn failed(error: std::io::Error) -> kitestring::Error {
    kitestring::Error::new(kitestring::ErrorKind::Unavailable, "test", error.to_string())
}

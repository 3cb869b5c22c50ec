//! Every drive of this repository, through every clause. Another one is another line.

mod noticing;

use kitestring::{Drive, DrivePath, Error, ErrorKind, MemoryDrive, Result, drive::Capabilities};
use kitestring_adapters::{
    FsDrive, NativeRuntime,
    layers::{SlowDrive, Within},
};
use kitestring_conformance::{Storage, conformance};
use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

conformance! {
    memory_full => || async { Ok(Storage::new(MemoryDrive::new())) };
    memory_create_only => || async { Ok(Storage::new(MemoryDrive::with(Capabilities { create: true, ..Capabilities::NONE }))) };
    memory_none => || async { Ok(Storage::new(MemoryDrive::with(Capabilities::NONE))) };
    memory_with_notices => || async { Ok(Storage::new(noticing::Noticing::default())) };
    fs => || async { folder(&env::temp_dir(), Ok) }, |root: &str| FsDrive::open(root);
    memory_within => || async { Ok(Storage::new(within(MemoryDrive::new())?)) };
    fs_within => || async { folder(&memory_folder(), within) }, |root: &str| within(FsDrive::open(root)?);
    fs_behind_slow => || async { folder(&memory_folder(), slow) }, |root: &str| slow(FsDrive::open(root)?);
}

/// A drive in a temporary folder, which another client, another process and a pulled-out disk can reach.
fn folder<D: Drive + 'static>(above: &Path, behind: fn(FsDrive) -> Result<D>) -> Result<Storage> {
    let failed = |e: std::io::Error| Error::new(ErrorKind::Unavailable, "test", e.to_string());
    let home = tempfile::tempdir_in(above).map_err(failed)?;
    let root = home.path().join("drive");
    let (again, gone) = (root.clone(), root.clone());
    let storage = Storage::new(behind(FsDrive::create(&root)?)?)
        .shared_by(move || behind(FsDrive::open(&again)?))
        .at(root.to_string_lossy())
        .unmounted_by(move || fs::rename(&gone, gone.with_extension("away")));
    Ok(storage.keeping(home))
}

/// Returns a folder in memory if there is one: a layer is tried there, not the disk.
fn memory_folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { env::temp_dir() }
}

/// A folder of the drive, as a drive.
fn within(drive: impl Drive + 'static) -> Result<Within> {
    Ok(Within::new(Arc::new(drive), DrivePath::new("a/collection")?))
}

fn slow(drive: FsDrive) -> Result<SlowDrive> {
    Ok(SlowDrive::new(Arc::new(drive), Arc::new(NativeRuntime::new()), Duration::from_micros(500)))
}

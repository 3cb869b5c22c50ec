//! The drive in Google Drive through every clause of the specification, on the emulator: in the folder of the app, in a folder
//! that people see, and where searches lag behind and tags move by themselves. For the classic layout in a folder of the drive,
//! since `meta.json` is at its root from the beginning; what becomes of the lock is in `gdrive_lock.rs`.

use kitestring::{DrivePath, Result};
use kitestring_adapters::{
    GDrive, NativeRuntime,
    http::{FixedToken, NativeHttp, Secret},
    layers::Within,
};
use kitestring_conformance::{Storage, conformance};
use kitestring_emulators::GDriveEmulator;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

conformance! {
    at_once 8;
    gdrive_app_data => || storage(calm(), None), |address: &str| open(address);
    gdrive_folder => || storage(calm(), Some("notes of Ann's")), |address: &str| open(address);
    gdrive_unpleasant => || storage(unpleasant(), None), |address: &str| open(address);
    gdrive_classic => || classic(calm()), |address: &str| open_classic(address);
    gdrive_classic_unpleasant => || classic(unpleasant()), |address: &str| open_classic(address);
}

const LAG: Duration = Duration::from_millis(60);

fn calm() -> &'static GDriveEmulator {
    static EMULATOR: OnceLock<GDriveEmulator> = OnceLock::new();
    EMULATOR.get_or_init(GDriveEmulator::start)
}

/// Searches do not know what happened a moment ago, and each tag moves twice after an upload.
fn unpleasant() -> &'static GDriveEmulator {
    static EMULATOR: OnceLock<GDriveEmulator> = OnceLock::new();
    EMULATOR.get_or_init(|| {
        let emulator = GDriveEmulator::start();
        emulator.move_tags(2);
        emulator.lag(LAG);
        emulator
    })
}

/// An account of its own, which other clients and processes can reach.
async fn storage(emulator: &'static GDriveEmulator, folder: Option<&'static str>) -> Result<Storage> {
    let token = token();
    let address = format!("{} {token} {}", emulator.address(), folder.unwrap_or_default());
    let (drive, again) = (open(&address)?, address.clone());
    drive.make_root().await?;
    let unmount = move || {
        match folder {
            Some(folder) => emulator.remove(&token, folder),
            None => emulator.clear(&token),
        }
        Ok(())
    };
    Ok(Storage::new(drive).shared_by(move || open(&again)).at(address).unmounted_by(unmount))
}

fn token() -> String {
    static ACCOUNTS: AtomicU32 = AtomicU32::new(0);
    format!("account-{}", ACCOUNTS.fetch_add(1, Relaxed))
}

/// The same for the classic layout.
async fn classic(emulator: &'static GDriveEmulator) -> Result<Storage> {
    let token = token();
    let address = format!("{} {token} ", emulator.address());
    let again = address.clone();
    open(&address)?.with_classic_layout_in(&DrivePath::root())?.make_root().await?;
    let unmount = move || {
        emulator.clear(&token);
        Ok(())
    };
    Ok(Storage::new(open_classic(&address)?).shared_by(move || open_classic(&again)).at(address).unmounted_by(unmount))
}

fn open_classic(address: &str) -> Result<Within> {
    let drive = open(address)?.with_classic_layout_in(&DrivePath::root())?;
    Ok(Within::new(Arc::new(drive), DrivePath::new("tested")?))
}

/// Opens a drive by the address of the emulator, the token and the folder.
fn open(address: &str) -> Result<GDrive> {
    let mut parts = address.splitn(3, ' ');
    let (service, token) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let folder = parts.next().filter(|folder| !folder.is_empty());
    let tokens = Arc::new(FixedToken::new(Secret::new(token)));
    GDrive::emulated(service, Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()), folder, tokens)
        .map(|drive| drive.settling_for(LAG * 2))
}

//! The drive in Google Drive through every clause of the specification, on the emulator: in the folder of the app, in a folder
//! that people see, and where searches lag behind and tags move by themselves.

use kitestring::Result;
use kitestring_adapters::{
    GDrive, NativeRuntime,
    http::{FixedToken, NativeHttp, Secret},
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
    gdrive_app_data => || storage(calm(), None), |address: &str| open(address);
    gdrive_folder => || storage(calm(), Some("notes of Ann's")), |address: &str| open(address);
    gdrive_unpleasant => || storage(unpleasant(), None), |address: &str| open(address);
}

const LAG: Duration = Duration::from_millis(300);

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
    static ACCOUNTS: AtomicU32 = AtomicU32::new(0);
    let token = format!("account-{}", ACCOUNTS.fetch_add(1, Relaxed));
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

/// Opens a drive by the address of the emulator, the token and the folder.
fn open(address: &str) -> Result<GDrive> {
    let mut parts = address.splitn(3, ' ');
    let (service, token) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let folder = parts.next().filter(|folder| !folder.is_empty());
    let tokens = Arc::new(FixedToken::new(Secret::new(token)));
    GDrive::emulated(service, Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()), folder, tokens)
        .map(|drive| drive.settling_for(LAG * 2))
}

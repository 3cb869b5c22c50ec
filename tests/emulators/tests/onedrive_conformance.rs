//! The drive in OneDrive through every clause of the specification, on the emulator: in the folder of the app, in a folder that
//! people see, where tags move by themselves, and where files have no hash. What is made of new files that are not found at once
//! is in `onedrive_calls.rs` and `onedrive_faults.rs`.

use kitestring::Result;
use kitestring_adapters::{
    NativeRuntime, OneDrive,
    http::{FixedToken, NativeHttp, Secret},
};
use kitestring_conformance::{Storage, conformance};
use kitestring_emulators::OneDriveEmulator;
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU32, Ordering::Relaxed},
};

conformance! {
    at_once 8;
    onedrive_app_folder => || storage(calm(), "app", None), |address: &str| open(address), ALWAYS_THERE;
    onedrive_folder => || storage(calm(), "person", Some("/deep/notes of Ann's")), |address: &str| open(address), MADE_ANEW;
    onedrive_unpleasant => || storage(unpleasant(), "app", None), |address: &str| open(address), ALWAYS_THERE;
    onedrive_unhashed => || storage(calm(), "unhashed", Some("/notes")), |address: &str| open(address), UNHASHED;
}

const ALWAYS_THERE: &[(&str, &str)] =
    &[("d16_without_its_root_every_call_is_unavailable", "OneDrive makes the folder of an app whenever it is asked for")];
const NEVER_READ: &str = "without a hash a file that others write all the time is `unavailable`, and never another one";
const UNHASHED: &[(&str, &str)] = &[
    ("d10_the_version_belongs_to_the_bytes", NEVER_READ),
    ("d14_a_reader_sees_the_old_or_the_new", NEVER_READ),
    ("d41_five_clients_count_to_fifty", NEVER_READ),
    ("d16_without_its_root_every_call_is_unavailable", IS_MADE_ANEW),
];
const MADE_ANEW: &[(&str, &str)] = &[("d16_without_its_root_every_call_is_unavailable", IS_MADE_ANEW)];
const IS_MADE_ANEW: &str =
    "OneDrive makes the folders of a file that is written, whatever is gone; reads and listings are tried in `onedrive_calls.rs`";

fn calm() -> &'static OneDriveEmulator {
    static EMULATOR: OnceLock<OneDriveEmulator> = OnceLock::new();
    EMULATOR.get_or_init(OneDriveEmulator::start)
}

/// Each tag moves twice after an upload.
fn unpleasant() -> &'static OneDriveEmulator {
    static EMULATOR: OnceLock<OneDriveEmulator> = OnceLock::new();
    EMULATOR.get_or_init(|| {
        let emulator = OneDriveEmulator::start();
        emulator.move_tags(2);
        emulator
    })
}

/// An account of its own, which other clients and processes can reach.
async fn storage(emulator: &'static OneDriveEmulator, kind: &str, folder: Option<&'static str>) -> Result<Storage> {
    static ACCOUNTS: AtomicU32 = AtomicU32::new(0);
    let token = format!("{kind}-{}", ACCOUNTS.fetch_add(1, Relaxed));
    let address = format!("{} {token} {}", emulator.address(), folder.unwrap_or_default());
    let (drive, again) = (open(&address)?, address.clone());
    drive.make_root().await?;
    Ok(Storage::new(drive).shared_by(move || open(&again)).at(address))
}

/// Opens a drive by the address of the emulator, the token and the folder.
fn open(address: &str) -> Result<OneDrive> {
    let mut parts = address.splitn(3, ' ');
    let (service, token) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let folder = parts.next().filter(|folder| !folder.is_empty());
    let tokens = Arc::new(FixedToken::new(Secret::new(token)));
    OneDrive::emulated(service, Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()), folder, tokens)
}

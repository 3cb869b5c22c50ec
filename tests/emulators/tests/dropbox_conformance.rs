//! The Dropbox drive through every clause of the specification, on the emulator.

use kitestring::Result;
use kitestring_adapters::{
    Dropbox, NativeRuntime,
    http::{FixedToken, NativeHttp, Secret},
};
use kitestring_conformance::{Storage, conformance};
use kitestring_emulators::DropboxEmulator;
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU32, Ordering::Relaxed},
};

conformance! {
    dropbox => storage, |address: &str| open(address), MADE_ANEW;
}

const MADE_ANEW: &[(&str, &str)] = &[(
    "d16_without_its_root_every_call_is_unavailable",
    "Dropbox makes the folders of a file that is written, whatever is gone; reads and listings are tried in `dropbox_calls.rs`",
)];

/// An account of its own, which other clients and processes can reach.
async fn storage() -> Result<Storage> {
    static EMULATOR: OnceLock<DropboxEmulator> = OnceLock::new();
    static ACCOUNTS: AtomicU32 = AtomicU32::new(0);
    let emulator = EMULATOR.get_or_init(DropboxEmulator::start);
    let address = format!("{} account-{}", emulator.address(), ACCOUNTS.fetch_add(1, Relaxed));
    let (drive, again) = (open(&address)?, address.clone());
    drive.make_root().await?;
    Ok(Storage::new(drive).shared_by(move || open(&again)).at(address))
}

/// Opens a drive by the address of the emulator and the token.
fn open(address: &str) -> Result<Dropbox> {
    let (service, token) = address.split_once(' ').unwrap_or((address, ""));
    let tokens = Arc::new(FixedToken::new(Secret::new(token)));
    Dropbox::emulated(service, Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()), "/a/drive", tokens)
}

//! Three devices in OneDrive, behind a network that goes wrong. All sync at the same moment, in both layouts; tags move by
//! themselves, and new files are not found by their paths for a moment.

use kitestring::{Drive, Result};
use kitestring_adapters::{
    OneDrive,
    http::{FixedToken, Secret},
};
use kitestring_emulators::OneDriveEmulator;
use kitestring_servers::{
    Faults,
    play::{Open, classic, journal, play},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

/// Makes empty accounts of one emulator.
fn accounts() -> impl Fn() -> Result<Box<Open>> {
    let (emulator, made) = (OneDriveEmulator::start(), AtomicU32::new(0));
    emulator.move_tags(1);
    emulator.lag(Duration::from_millis(20));
    move || {
        let (address, token) = (emulator.address().to_owned(), format!("account-{}", made.fetch_add(1, Relaxed)));
        Ok(Box::new(move |http, runtime, _: &_| {
            let tokens = Arc::new(FixedToken::new(Secret::new(token.clone())));
            Ok(Arc::new(OneDrive::emulated(&address, http, runtime, None, tokens)?) as Arc<dyn Drive>)
        }))
    }
}

#[test]
fn the_journal_loses_nothing() {
    play(accounts(), journal, Faults::All, 1..7);
}

#[test]
fn the_classic_layout_loses_nothing() {
    play(accounts(), classic, Faults::All, 1..7);
}

//! Three devices in one folder of Dropbox, behind a network that goes wrong. All sync at the same moment, in both layouts.

use kitestring::{Drive, Result};
use kitestring_adapters::{
    Dropbox,
    http::{FixedToken, Secret},
};
use kitestring_emulators::DropboxEmulator;
use kitestring_servers::{
    Faults,
    play::{Open, classic, journal, play},
};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

/// Makes empty accounts of one emulator.
fn accounts() -> impl Fn() -> Result<Box<Open>> {
    let (emulator, made) = (DropboxEmulator::start(), AtomicU32::new(0));
    move || {
        let (address, token) = (emulator.address().to_owned(), format!("account-{}", made.fetch_add(1, Relaxed)));
        Ok(Box::new(move |http, runtime, _: &_| {
            let tokens = Arc::new(FixedToken::new(Secret::new(token.clone())));
            Ok(Arc::new(Dropbox::emulated(&address, http, runtime, "/", tokens)?) as Arc<dyn Drive>)
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

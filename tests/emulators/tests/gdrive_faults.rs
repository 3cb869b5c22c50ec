//! Three devices in Google Drive, behind a network that goes wrong. All sync at the same moment, in both layouts; searches lag
//! behind, and tags move by themselves.

use kitestring::{Drive, DrivePath, Layout, Result};
use kitestring_adapters::{
    GDrive, NativeRuntime,
    http::{FixedToken, NativeHttp, Secret},
};
use kitestring_emulators::GDriveEmulator;
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

const LAG: Duration = Duration::from_millis(20);

/// Makes empty accounts of one emulator.
fn accounts() -> impl Fn() -> Result<Box<Open>> {
    let (emulator, made) = (GDriveEmulator::start(), AtomicU32::new(0));
    emulator.lag(LAG);
    emulator.move_tags(1);
    move || {
        let (address, token) = (emulator.address().to_owned(), format!("account-{}", made.fetch_add(1, Relaxed)));
        let tokens = Arc::new(FixedToken::new(Secret::new(token)));
        let (http, runtime) = (Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()));
        let new = GDrive::emulated(&address, http, runtime, None, tokens.clone())?.settling_for(LAG * 2);
        async_io::block_on(new.make_root())?;
        Ok(Box::new(move |http, runtime, layout: &Layout| {
            let drive = GDrive::emulated(&address, http, runtime, None, tokens.clone())?;
            let is_journal = matches!(layout, Layout::Journal(_));
            let drive = if is_journal {
                drive.with_one_writer_in(&["j", "p", "c", "k", "v"])
            } else {
                drive.with_classic_layout_in(&DrivePath::root())?.settling_for(LAG * 2)
            };
            Ok(Arc::new(drive) as Arc<dyn Drive>)
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

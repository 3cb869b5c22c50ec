//! Any bytes in the client's own state: a typed error, and no panic.

use crate::{
    check::{Settings, is_about_the_drive},
    container::parts,
    runtime::VirtualRuntime,
    seat::Seat,
    vault::{IDS, golden},
};
use kitestring::{Allow, DocId, Error, ErrorKind, State as _, StateRecord, SyncOptions};
use std::sync::Arc;

pub(crate) fn run(input: &[u8]) {
    let mut settings = Settings::default();
    let records: Vec<_> = parts(input).into_iter().filter(|(name, _)| !settings.take(name)).collect();
    let settings = Settings { file_format: false, ..settings };
    let (drive, runtime) = (settings.drive(), Arc::new(VirtualRuntime::default()));
    drive.restore(golden());
    let mut seat = Seat::new(&drive, settings.layout(), &runtime);
    if settings.joined {
        assert!(seat.sync().is_ok(), "the golden vault cannot be read");
    }
    seat.edit();
    // A key is ASCII without spaces (`State`): another one was never written by the client.
    let written = |key: &str| key.bytes().all(|byte| byte.is_ascii_graphic());
    let batch = records.into_iter().filter(|(key, _)| written(key)).map(|(key, value)| StateRecord::set(key, value)).collect();
    seat.wait(seat.state.write(batch)).unwrap_or_default();
    if let Err(e) = seat.reopen() {
        return typed("opening", &e);
    }
    let _ = seat.wait(seat.client.status()).map_err(|e| typed("status", &e));
    let _ = seat.wait(seat.client.conflicts()).map_err(|e| typed("conflicts", &e));
    for id in IDS.into_iter().filter_map(|id| DocId::new(id).ok()) {
        let _ = seat.wait(seat.client.versions(id)).map_err(|e| {
            if e.kind != ErrorKind::NotFound {
                typed("versions", &e)
            }
        });
    }
    let _ = seat.sync().map_err(|e| typed("a sync", &e));
    let allow = Allow { mass_delete: true, vault_changed: true, rollback: true, host_older: true };
    let _ = seat.wait(seat.client.sync(SyncOptions { allow, reconcile: true, ..SyncOptions::default() })).map_err(|e| typed("a sync", &e));
    if let Err(e) = seat.reopen() {
        typed("opening again", &e);
    }
}

fn typed(call: &str, error: &Error) {
    assert!(error.kind == ErrorKind::State || is_about_the_drive(error), "with a damaged state, {call} ends with {error:?}");
}

//! What must hold of a sync, whatever is on the drive.

use crate::{
    classic_file::FileFormat,
    runtime::VirtualRuntime,
    seat::{EDIT, MINE, Seat},
    vault::golden,
};
use kitestring::{Error, ErrorKind, MemoryDrive, Report, Result, drive::Capabilities, server::classic::ClassicOptions};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// How the drive and the client are, before the files come.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Settings {
    /// Full, create only or nothing.
    pub(crate) tier: u8,
    /// Whether the client was in step with the golden vault before.
    pub(crate) joined: bool,
    /// Whether documents are those of `kite`.
    pub(crate) file_format: bool,
}

impl Settings {
    /// Takes settings out of the names of a container's parts; false for a part that is none.
    pub(crate) fn take(&mut self, name: &str) -> bool {
        match name {
            "!create" => self.tier = 1,
            "!none" => self.tier = 2,
            "!joined" => self.joined = true,
            "!files" => self.file_format = true,
            _ => return name.starts_with('!'),
        }
        true
    }

    pub(crate) fn drive(self) -> Arc<MemoryDrive> {
        let claims = match self.tier % 3 {
            0 => Capabilities::FULL,
            1 => Capabilities { create: true, ..Capabilities::NONE },
            _ => Capabilities::NONE,
        };
        Arc::new(MemoryDrive::with(claims))
    }

    pub(crate) fn layout(self) -> ClassicOptions {
        if self.file_format {
            ClassicOptions { format: Arc::new(FileFormat), ..ClassicOptions::default() }
        } else {
            ClassicOptions::default()
        }
    }
}

/// Whether a sync may end so because of what is on the drive. The others would be faults of the library or the host.
pub(crate) fn is_about_the_drive(error: &Error) -> bool {
    matches!(
        error.kind,
        ErrorKind::Corrupt
            | ErrorKind::Locked { .. }
            | ErrorKind::VaultChanged
            | ErrorKind::Rollback { .. }
            | ErrorKind::MassDelete { .. }
            | ErrorKind::NeedsNewerVersion
    )
}

fn sync(seat: &Seat) -> Result<Report> {
    let synced = seat.sync();
    if let Err(e) = &synced {
        assert!(is_about_the_drive(e), "a sync ends with {e:?}");
        assert!(!e.detail().is_empty(), "an error without a sentence");
    }
    assert_eq!(seat.host.body(MINE).as_deref(), Some(EDIT), "an edit that was not pushed is lost");
    synced
}

fn skipped(report: &Report) -> BTreeSet<&str> {
    report.skipped.iter().map(|s| s.id.as_str()).collect()
}

/// Puts files onto a drive and syncs a client that has an edit to push.
pub(crate) fn syncs(files: BTreeMap<String, Vec<u8>>, settings: Settings) {
    let (drive, runtime) = (settings.drive(), Arc::new(VirtualRuntime::default()));
    let seat = Seat::new(&drive, settings.layout(), &runtime);
    if settings.joined && !settings.file_format {
        drive.restore(golden());
        assert!(seat.sync().is_ok(), "the golden vault cannot be read");
    }
    seat.edit();
    drive.restore(files);
    let before = drive.contents();
    let first = sync(&seat);
    if let Err(e) = &first
        && !matches!(e.kind, ErrorKind::Locked { .. })
    {
        let now = drive.contents();
        let lost: Vec<_> = before.keys().filter(|path| !now.contains_key(*path) && *path != "lock.json").collect();
        assert!(lost.is_empty(), "a sync that fails ({e}) has deleted {lost:?}");
    }
    for (id, body) in seat.documents() {
        let json = settings.file_format || serde_json::from_slice::<&serde_json::value::RawValue>(&body).is_ok();
        assert!(json, "the host was given a document that is no JSON: {id}");
    }
    again(&seat, &first);
    if first.is_ok() {
        joins(&seat, &drive, settings, &runtime);
    }
}

/// A second sync behaves like the first.
fn again(seat: &Seat, first: &Result<Report>) {
    let second = sync(seat);
    match (first, &second) {
        (Ok(first), Ok(second)) => {
            assert_eq!(skipped(first), skipped(second), "the second sync skips others");
            assert_eq!((second.pulled, second.deleted, second.pushed), (0, 0, 0), "the second sync still finds something to do");
        }
        (Err(first), Err(second)) => {
            assert_eq!(first.kind.code(), second.kind.code(), "the second sync fails otherwise: {first} / {second}")
        }
        (Ok(_), Err(e)) => panic!("the first sync is done and the second fails: {e:?}"),
        (Err(first), Ok(_)) => panic!("the first sync fails and the second does not: {first:?}"),
    }
}

/// A device that comes new reads what this one reads.
fn joins(seat: &Seat, drive: &Arc<MemoryDrive>, settings: Settings, runtime: &Arc<VirtualRuntime>) {
    runtime.pass(Duration::from_secs(600));
    let fresh = Seat::new(drive, settings.layout(), runtime);
    let joined = match fresh.sync() {
        Ok(report) => report,
        // Only who joins reads the marker.
        Err(e) if settings.joined && e.subject() == Some("kitestring.json") => return,
        Err(e) => panic!("a drive that one device is in step with stops another: {e:?}"),
    };
    // What changes without the log saying so is not seen by who has read the log.
    if settings.joined {
        return;
    }
    let Ok(report) = sync(seat) else { return };
    let undecided: BTreeSet<_> =
        report.conflicts.iter().map(|c| c.id.as_str()).chain(skipped(&report)).chain(skipped(&joined)).map(str::to_owned).collect();
    let decided = |seat: &Seat| -> BTreeMap<String, Vec<u8>> {
        let documents = seat.documents().into_iter().map(|(id, body)| (id.as_str().to_owned(), body));
        documents.filter(|(id, _)| !undecided.contains(id)).collect()
    };
    let (ours, theirs) = (decided(seat), decided(&fresh));
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "two devices in step have other documents");
    assert!(ours == theirs, "two devices in step have other contents");
}

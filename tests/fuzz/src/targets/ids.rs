//! Any ids: each has a name of its own on the drive, and comes back as it was.

use crate::{check::Settings, runtime::VirtualRuntime, seat::Seat};
use kitestring::{Allow, DocId, DrivePath, SyncOptions};
use std::{collections::BTreeSet, sync::Arc};

/// The first byte chooses the drive, the second which ids are deleted; the ids follow, apart by a byte that no text has.
pub(crate) fn run(input: &[u8]) {
    let [tier, deleted, texts @ ..] = input else { return };
    let settings = Settings { tier: *tier, ..Settings::default() };
    let (drive, runtime) = (settings.drive(), Arc::new(VirtualRuntime::default()));
    let (ours, theirs) = (Seat::new(&drive, settings.layout(), &runtime), Seat::new(&drive, settings.layout(), &runtime));
    let texts = texts.split(|byte| *byte == 0xff).map(|text| String::from_utf8_lossy(text).into_owned());
    let ids: BTreeSet<String> = texts.filter(|id| DocId::new(id.as_str()).is_ok()).take(40).collect();
    for (n, id) in ids.iter().enumerate() {
        assert!(ours.put(id, format!("{n}").as_bytes()).is_ok(), "{id:?} cannot be queued");
    }
    in_step(&ours, &theirs);
    let stems: BTreeSet<String> = drive.contents().into_keys().filter(|path| path.starts_with("docs/")).collect();
    assert_eq!(stems.len(), ids.len(), "{} ids have {} files: {stems:?}", ids.len(), stems.len());
    for stem in &stems {
        let one = DrivePath::new(stem.as_str()).is_ok_and(|path| path.segments().count() == 2);
        assert!(one, "a document is at {stem:?}, which is not directly inside docs");
    }
    let folded: BTreeSet<String> = stems.iter().map(|stem| stem.to_lowercase()).collect();
    assert_eq!(folded.len(), stems.len(), "names differ only in case: {stems:?}");
    for (n, id) in ids.iter().enumerate() {
        if deleted >> (n % 8) & 1 == 1 {
            assert!(theirs.delete(id).is_ok(), "the deletion of {id:?} cannot be queued");
        }
    }
    in_step(&theirs, &ours);
}

/// Syncs both, one after the other: they have the same documents then.
fn in_step(first: &Seat, second: &Seat) {
    for seat in [first, second] {
        // Most of the documents may go at once here, and the user agrees.
        let allow = Allow { mass_delete: true, ..Allow::default() };
        match seat.wait(seat.client.sync(SyncOptions { allow, ..SyncOptions::default() })) {
            Ok(report) => assert!(report.skipped.is_empty() && report.conflicts.is_empty(), "left out: {report:?}"),
            Err(e) => panic!("a sync of ordinary documents ends with {e:?}"),
        }
    }
    assert_eq!(first.documents(), second.documents(), "two devices in step have other documents");
}

//! A healthy vault among whose documents something is wrong: all the others arrive all the same.

use crate::{
    check::Settings,
    container::parts,
    runtime::VirtualRuntime,
    seat::{EDIT, MINE, Seat},
    vault::{IDS, golden},
};
use std::{collections::BTreeSet, sync::Arc};

pub(crate) fn run(input: &[u8]) {
    let mut settings = Settings::default();
    let poison: Vec<_> = parts(input).into_iter().filter(|(name, _)| !settings.take(name)).collect();
    let settings = Settings { file_format: false, ..settings };
    let (drive, runtime) = (settings.drive(), Arc::new(VirtualRuntime::default()));
    let healthy = Seat::new(&drive, settings.layout(), &runtime);
    drive.restore(golden());
    assert!(healthy.sync().is_ok(), "the golden vault cannot be read");
    let expected = healthy.documents();

    let mut files = golden();
    let mut touched = BTreeSet::new();
    for (name, bytes) in poison {
        let path = format!("docs/{name}.json");
        // A name of the same document in another spelling, or one that differs only in case, is another matter.
        touched.insert(plain(&name));
        files.insert(path, bytes);
    }
    drive.restore(files);
    let seats = [Seat::new(&drive, settings.layout(), &runtime), healthy];
    for (n, seat) in seats.iter().enumerate() {
        if n == 0 {
            seat.edit();
        }
        let report = match seat.sync() {
            Ok(report) => report,
            Err(e) => panic!("a document that makes no sense stops the sync: {e:?}"),
        };
        for id in IDS {
            if touched.contains(&plain(id)) {
                continue;
            }
            let body = expected.iter().find(|(known, _)| known.as_str() == id).map(|(_, body)| body.clone());
            assert_eq!(seat.host.body(id), body, "a healthy document ({id}) did not arrive");
            assert!(report.skipped.iter().all(|s| s.id.as_str() != id), "a healthy document ({id}) was skipped");
        }
    }
    let decides = touched.contains(MINE);
    assert_eq!(seats.first().and_then(|s| s.host.body(MINE)).as_deref(), Some(EDIT), "an edit that was not pushed is lost");
    let arrived = seats.last().and_then(|s| s.host.body(MINE));
    assert!(decides || arrived.as_deref() == Some(EDIT), "an edit beside a poisoned document was not pushed");
}

/// What all spellings of a name share.
fn plain(name: &str) -> String {
    percent_encoding::percent_decode_str(name).decode_utf8_lossy().to_lowercase()
}

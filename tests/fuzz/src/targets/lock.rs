//! Any bytes as `lock.json`: a pull goes on, and a lock that makes no sense ends.

use crate::{
    check::Settings,
    runtime::VirtualRuntime,
    seat::Seat,
    vault::{IDS, golden},
};
use kitestring::ErrorKind;
use std::{sync::Arc, time::Duration};

/// The least that makes sense.
#[derive(serde::Deserialize)]
struct Lock {
    #[serde(rename = "expire")]
    _expire: f64,
}

pub(crate) fn run(input: &[u8]) {
    let Some((tier, lock)) = input.split_first() else { return };
    let settings = Settings { tier: *tier, ..Settings::default() };
    let (drive, runtime) = (settings.drive(), Arc::new(VirtualRuntime::default()));
    let mut files = golden();
    files.insert("lock.json".to_owned(), lock.to_vec());
    drive.restore(files);
    let seat = Seat::new(&drive, settings.layout(), &runtime);
    seat.edit();
    let synced = |seat: &Seat| match seat.sync() {
        Ok(_) => true,
        Err(e) if matches!(e.kind, ErrorKind::Locked { .. }) => false,
        Err(e) => panic!("a lock ends a sync with {e:?}"),
    };
    let first = synced(&seat);
    assert!(IDS.iter().all(|id| seat.host.body(id).is_some()), "a lock stopped a pull");
    runtime.pass(Duration::from_secs(140));
    let second = synced(&seat);
    let senseless = serde_json::from_slice::<Lock>(lock).is_err();
    assert!(second || !senseless, "a lock that makes no sense has stood still for 140 seconds and still holds");
    assert!(second || !first, "after a sync that released the lock it is held");
}

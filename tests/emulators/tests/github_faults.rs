//! Three devices in one branch of a repository, behind a network that goes wrong. All sync at the same moment, in both layouts.

use kitestring::{Drive, Layout, Result};
use kitestring_adapters::{
    GitHub,
    drives::github::Place,
    http::{FixedToken, Secret},
};
use kitestring_emulators::GitHubEmulator;
use kitestring_servers::{
    Faults,
    play::{Open, classic, journal, play},
};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

/// Makes empty branches of repositories of one emulator.
fn branches() -> impl Fn() -> Result<Box<Open>> {
    let (emulator, made) = (GitHubEmulator::start(), AtomicU32::new(0));
    move || {
        let (address, name) = (emulator.address().to_owned(), format!("notes-{}", made.fetch_add(1, Relaxed)));
        emulator.create(&format!("someone/{name}"));
        emulator.write(&format!("someone/{name}"), "main", "README.md", Some(b"notes"), "100644");
        Ok(Box::new(move |http, runtime, layout: &Layout| {
            let place = Place { owner: "someone".into(), repository: name.clone(), branch: Some("main".into()), folder: None };
            let drive = GitHub::emulated(&address, http, runtime, &place, Arc::new(FixedToken::new(Secret::new("token"))))?;
            let drive = match layout {
                Layout::Classic(_) => drive,
                _ => drive.with_one_writer_in(&["j", "p", "c", "k", "v"]),
            };
            Ok(Arc::new(drive) as Arc<dyn Drive>)
        }))
    }
}

#[test]
fn the_journal_loses_nothing() {
    play(branches(), journal, Faults::All, 1..7);
}

#[test]
fn the_classic_layout_loses_nothing() {
    play(branches(), classic, Faults::All, 1..7);
}

//! Three devices on one WebDAV server, behind a network that goes wrong.

use kitestring::{Drive, Layout, Result};
use kitestring_adapters::{WebDav, http::Credentials};
use kitestring_servers::{
    Faults, Kind,
    play::{Open, classic, journal, play},
};
use std::sync::Arc;

/// Makes an empty folder on a server.
fn place(kind: Kind) -> Result<Box<Open>> {
    let folder = kind.empty_folder()?;
    Ok(Box::new(move |http, runtime, layout| {
        let drive = WebDav::new(http, runtime, &folder, Credentials::None)?;
        let drive = if matches!(layout, Layout::Classic(_)) { drive.claiming_create() } else { drive };
        Ok(Arc::new(drive) as Arc<dyn Drive>)
    }))
}

#[test]
fn the_journal_loses_nothing_on_apache() {
    play(|| place(Kind::Apache), journal, Faults::All, 1..7);
}

#[test]
fn the_journal_loses_nothing_on_a_server_that_writes_in_place() {
    play(|| place(Kind::Rclone), journal, Faults::All, 1..7);
}

/// The limits of this layout on such servers are told in spec/adapters.md: nothing refuses a write that comes after a later
/// one, and two may take the lock in the same milliseconds.
#[test]
fn the_classic_layout_loses_nothing_on_apache_while_requests_keep_their_order_and_devices_take_turns() {
    play(|| place(Kind::Apache), classic, Faults::InOrder, 1..7);
}

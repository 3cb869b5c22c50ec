//! Three folders push at once through one server, and some of them die.

use crate::crowd::{Place, play};
use kitestring_servers::Kind;
use std::time::Duration;

const ENOUGH: Duration = Duration::from_secs(15);

fn place<'a>(name: &'a str, drive: &'a str, may_fail: bool) -> Place<'a> {
    Place { name, drive, options: &[], lowered: None, variables: &[], sync: &[], may_fail, apart: Duration::ZERO, enough: ENOUGH }
}

/// On servers that write into a file while others read it, a sync may meet half a file: it says so, and the next goes on.
fn journal(kind: Kind, may_fail: bool) {
    let drive = format!("webdav+{}", kind.empty_folder().unwrap());
    play(&place(&format!("journal on {kind:?}"), &drive, may_fail));
}

/// Who dies with the lock leaves it, and nobody waits for it here. No two take it in the same milliseconds: that no server
/// refuses for sure.
fn classic(kind: Kind) {
    let drive = format!("webdav+{}", kind.empty_folder().unwrap());
    let name = format!("classic on {kind:?}");
    let (options, sync, apart) = (&["--layout", "classic"], &["--wait", "1"], Duration::from_millis(40));
    play(&Place { options, sync, apart, ..place(&name, &drive, true) });
}

#[test]
fn the_journal_on_apache_loses_nothing() {
    journal(Kind::Apache, false);
}

#[test]
fn the_journal_on_nginx_loses_nothing() {
    journal(Kind::Nginx, false);
}

#[test]
fn the_journal_on_wsgidav_loses_nothing() {
    journal(Kind::WsgiDav, true);
}

#[test]
fn the_journal_on_rclone_loses_nothing() {
    journal(Kind::Rclone, true);
}

#[test]
fn the_classic_layout_on_apache_loses_nothing() {
    classic(Kind::Apache);
}

#[test]
fn the_classic_layout_on_wsgidav_loses_nothing() {
    classic(Kind::WsgiDav);
}

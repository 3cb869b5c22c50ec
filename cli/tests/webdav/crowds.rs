//! Three folders push at once through one server, and some of them die.

use crate::crowd::{Place, play};
use kitestring_servers::Kind;
use std::time::Duration;

const ENOUGH: Duration = Duration::from_secs(15);

/// On servers that write into a file while others read it, a sync may meet half a file: it says so, and the next goes on.
fn journal(kind: Kind, may_fail: bool) {
    let drive = format!("webdav+{}", kind.empty_folder().unwrap());
    let name = format!("journal on {kind:?}");
    play(&Place { name: &name, drive: &drive, options: &[], lowered: None, sync: &[], may_fail, enough: ENOUGH });
}

/// Who dies with the lock leaves it; nobody waits for it here.
fn classic(kind: Kind) {
    let drive = format!("webdav+{}", kind.empty_folder().unwrap());
    let (name, options) = (format!("classic on {kind:?}"), &["--layout", "classic"]);
    play(&Place { name: &name, drive: &drive, options, lowered: None, sync: &["--wait", "1"], may_fail: true, enough: ENOUGH });
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

//! Three folders push at once through one store, and some of them die.

use crate::{
    crowd::{Place, play},
    typed,
};
use kitestring_servers::s3::{KEY, Store, secret};
use std::time::Duration;

fn loses_nothing(store: Store, options: &[&str], sync: &[&str], may_fail: bool) {
    let (drive, secret) = (typed(&store.empty_folder()), secret());
    let variables = [("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", secret.as_str())];
    let (name, enough) = (format!("{options:?} on {store:?}"), Duration::from_secs(15));
    play(&Place {
        name: &name,
        drive: &drive,
        options,
        lowered: None,
        variables: &variables,
        sync,
        may_fail,
        apart: Duration::ZERO,
        enough,
    });
}

#[test]
fn the_journal_on_seaweedfs_loses_nothing() {
    loses_nothing(Store::SeaweedFs, &[], &[], false);
}

/// It ignores conditions, writes into a file while others read it, and answers 500 to some of many writes at once.
#[test]
fn the_journal_on_rclone_loses_nothing() {
    loses_nothing(Store::Rclone, &[], &[], true);
}

#[test]
fn the_classic_layout_on_seaweedfs_loses_nothing() {
    loses_nothing(Store::SeaweedFs, &["--layout", "classic"], &["--wait", "1"], true);
}

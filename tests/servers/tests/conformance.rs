//! The WebDAV drive through every clause of the specification, on every server.

use kitestring::Result;
use kitestring_adapters::{WebDav, http::Credentials};
use kitestring_conformance::{Storage, conformance};
use kitestring_servers::{FastRuntime, Faults, FaultyHttp, Kind, delete_folder, drive};
use std::sync::Arc;

conformance! {
    webdav_on_wsgidav => || async { storage(Kind::WsgiDav) }, |folder: &str| drive(folder), IN_PLACE;
    webdav_on_apache => || async { storage(Kind::Apache) }, |folder: &str| drive(folder), APACHE;
    webdav_on_nginx => || async { storage(Kind::Nginx) }, |folder: &str| drive(folder), NGINX;
    webdav_on_rclone => || async { storage(Kind::Rclone) }, |folder: &str| drive(folder), IN_PLACE;
    webdav_on_apache_with_faults => || async { with_faults(Kind::Apache) }, |folder: &str| faulty(folder), APACHE;
}

const WRITES_IN_PLACE: &str = "the server writes into the file while others read it; see spec/adapters.md";
const IN_PLACE: &[(&str, &str)] = &[
    ("d14_a_reader_sees_the_old_or_the_new", WRITES_IN_PLACE),
    ("d72_a_dropped_put_leaves_the_old_or_the_new", WRITES_IN_PLACE),
    ("d72_a_dropped_batch_leaves_each_file_whole", WRITES_IN_PLACE),
];

const SIZE_FIRST: &str =
    "Apache asks for a file's size before it opens it: the new content may come cut to the old size; see spec/adapters.md";
const APACHE: &[(&str, &str)] = &[
    ("d14_a_reader_sees_the_old_or_the_new", SIZE_FIRST),
    ("d72_a_dropped_put_leaves_the_old_or_the_new", SIZE_FIRST),
    ("d72_a_dropped_batch_leaves_each_file_whole", SIZE_FIRST),
];

const NO_EMPTY_FILE: &str = "nginx answers the writing of an empty file by 500; no file of a vault is empty";
const NO_TWO_DOTS: &str = "nginx lists no name that begins with two dots; no file of a vault does";
const NGINX: &[(&str, &str)] = &[
    ("d2_special_names_stay_inside", NO_TWO_DOTS),
    ("d13_a_range_gives_its_bytes_and_no_others", NO_EMPTY_FILE),
    ("d30_any_bytes_come_back", NO_EMPTY_FILE),
    ("d30_a_put_replaces_the_whole_file", NO_EMPTY_FILE),
    ("d50_a_size_is_the_size", NO_EMPTY_FILE),
];

/// A folder of its own on the shared server, which other clients and processes can reach, and which can be deleted.
fn storage(kind: Kind) -> Result<Storage> {
    let folder = kind.empty_folder()?;
    let (again, gone) = (folder.clone(), folder.clone());
    let storage = Storage::new(drive(&folder)?).shared_by(move || drive(&again)).at(folder);
    Ok(storage.unmounted_by(move || delete_folder(&gone)))
}

/// The same behind a network with faults that the drive makes good.
fn with_faults(kind: Kind) -> Result<Storage> {
    let folder = kind.empty_folder()?;
    let (again, gone) = (folder.clone(), folder.clone());
    let storage = Storage::new(faulty(&folder)?).shared_by(move || faulty(&again)).at(folder);
    Ok(storage.unmounted_by(move || delete_folder(&gone)))
}

/// Another seed finds other things, and one that changes by itself finds nothing twice.
const SEED: u64 = 1;

fn faulty(folder: &str) -> Result<WebDav> {
    let http = FaultyHttp::new(Faults::Passing, SEED)?;
    http.turn(true);
    WebDav::new(Arc::new(http), Arc::new(FastRuntime::default()), folder, Credentials::None)
}

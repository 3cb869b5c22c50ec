//! The S3 drive through every clause of the specification, on every store.

use kitestring::Result;
use kitestring_adapters::S3;
use kitestring_conformance::{Storage, conformance};
use kitestring_servers::s3::{Store, delete_bucket, open, read, written};

conformance! {
    s3_on_seaweedfs => || async { storage(Store::SeaweedFs) }, opened;
    s3_on_moto => || async { bucket(Store::Moto) }, opened, MOTO;
    s3_on_rclone => || async { storage(Store::Rclone) }, |place: &str| Ok(opened(place)?.without_conditions()), RCLONE;
}

const NO_LOCKS: &str = "moto answers 500 to some of several requests that meet at one file";
const MOTO: &[(&str, &str)] = &[
    ("d10_the_version_belongs_to_the_bytes", NO_LOCKS),
    ("d14_a_reader_sees_the_old_or_the_new", NO_LOCKS),
    ("d34_a_large_batch_arrives", NO_LOCKS),
    ("d41_of_sixteen_one_creates", NO_LOCKS),
    ("d41_of_sixteen_batches_one_creates", NO_LOCKS),
    ("d41_of_sixteen_one_replaces", NO_LOCKS),
    ("d41_of_sixteen_one_deletes", NO_LOCKS),
    ("d41_five_clients_count_to_fifty", NO_LOCKS),
    ("d41_of_sixteen_processes_one_creates", NO_LOCKS),
    ("d41_five_processes_count_to_fifty", NO_LOCKS),
    ("d43_a_condition_holds_when_the_write_takes_place", NO_LOCKS),
    ("d52_what_stays_is_named_whatever_else_happens", NO_LOCKS),
    ("d53_nothing_is_named_that_never_was", NO_LOCKS),
    ("d70_many_calls_at_once", NO_LOCKS),
    ("d72_a_dropped_put_leaves_the_old_or_the_new", NO_LOCKS),
    ("d72_a_dropped_deletion_leaves_the_file_or_nothing", NO_LOCKS),
    ("d72_a_dropped_batch_leaves_each_file_whole", NO_LOCKS),
];

const WRITES_IN_PLACE: &str = "rclone writes into the file while others read it; see spec/adapters.md";
const NO_WORDS: &str = "rclone answers 500, whatever the disk does not take";
const MANY_AT_ONCE: &str = "rclone answers 500 to some of many writes that make one folder at once";
const RCLONE: &[(&str, &str)] = &[
    ("d5_a_name_that_cannot_be_stored_is_invalid_and_hurts_no_other", NO_WORDS),
    ("d5_a_file_and_a_folder_that_want_one_name", NO_WORDS),
    ("d100_stems_of_every_length_are_stored_or_refused", NO_WORDS),
    ("d10_the_version_belongs_to_the_bytes", WRITES_IN_PLACE),
    ("d14_a_reader_sees_the_old_or_the_new", WRITES_IN_PLACE),
    ("d72_a_dropped_put_leaves_the_old_or_the_new", WRITES_IN_PLACE),
    ("d72_a_dropped_batch_leaves_each_file_whole", WRITES_IN_PLACE),
    ("d52_what_stays_is_named_whatever_else_happens", MANY_AT_ONCE),
    ("d70_many_calls_at_once", MANY_AT_ONCE),
];

fn opened(place: &str) -> Result<S3> {
    open(&read(place)?)
}

/// A folder of its own on the shared store, which other clients and processes can reach.
fn storage(store: Store) -> Result<Storage> {
    let place = store.empty_folder();
    let again = place.clone();
    let drive = move || {
        let drive = open(&again)?;
        // What the probe of a client finds out.
        Ok(if store == Store::Rclone { drive.without_conditions() } else { drive })
    };
    Ok(Storage::new(drive()?).shared_by(drive).at(written(&place)))
}

/// A bucket of its own, which can be deleted.
fn bucket(store: Store) -> Result<Storage> {
    let place = store.empty_bucket();
    let (again, gone) = (place.clone(), place.clone());
    let storage = Storage::new(open(&place)?).shared_by(move || open(&again)).at(written(&place));
    Ok(storage.unmounted_by(move || delete_bucket(&gone)))
}

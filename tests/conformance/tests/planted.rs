//! The suite can fail: each planted fault is found by the tests named beside it, and each test finds one.

mod plants;

use kitestring::{MemoryDrive, drive::Capabilities};
use kitestring_adapters::FsDrive;
use kitestring_conformance::{Candidate, Plant, Storage, prove};
use plants::{
    Fault::{self, *},
    Planted,
};
use std::{process::ExitCode, sync::Arc};

fn main() -> ExitCode {
    let on_folder = FOLDER.iter().map(|(fault, found_by)| Plant::new(folder(*fault), found_by));
    let on_none = NONE.iter().map(|(fault, found_by)| Plant::new(memory(*fault, Capabilities::NONE), found_by));
    let on_full = FULL.iter().map(|(fault, found_by)| Plant::new(memory(*fault, Capabilities::FULL), found_by));
    prove(on_full.chain(on_none).chain(on_folder).collect())
}

type Table = &'static [(Fault, &'static [&'static str])];

/// Faults of a drive that claims everything.
const FULL: Table = &[
    (RootIsAFile, &["d1_the_empty_path_is_the_root"]),
    (TildeIsHome, &["d2_special_names_stay_inside"]),
    (ListsLowerCase, &["d4_names_come_back_exactly"]),
    (LongNamesAreUnavailable, &["d5_a_name_that_cannot_be_stored_is_invalid_and_hurts_no_other"]),
    (CutsNames, &["d100_stems_of_every_length_are_stored_or_refused"]),
    (FolderReplacesFile, &["d5_a_file_and_a_folder_that_want_one_name"]),
    (ListsNoFolders, &["d102_folders_inside_docs_are_listed_and_read", "d50_a_listing_names_what_is_directly_inside"]),
    (VersionReadAfterwards, &["d10_the_version_belongs_to_the_bytes"]),
    (MissingIsAnError, &["d11_what_is_missing_is_an_answer"]),
    (AlwaysUnchanged, &["d12_unless_never_hides_a_change"]),
    (IgnoresUnless, &["d12_unless_saves_the_bytes"]),
    (RangeOffByOne, &["d13_a_range_gives_its_bytes_and_no_others"]),
    (RangeHasItsOwnVersion, &["d13_a_range_carries_the_version_of_the_whole"]),
    (
        TornWrite,
        &[
            "d14_a_reader_sees_the_old_or_the_new",
            "d72_a_dropped_put_leaves_the_old_or_the_new",
            "d72_a_dropped_batch_leaves_each_file_whole",
        ],
    ),
    (ReadsStale, &["d15_what_was_written_is_read"]),
    (GoneIsMissing, &["d16_without_its_root_every_call_is_unavailable"]),
    (VersionIsSize, &["d21_every_other_content_has_another_version"]),
    (
        InventsVersions,
        &[
            "d22_a_version_stays_while_nobody_writes",
            "d23_a_drive_that_replaces_has_versions_that_last",
            "d30_the_version_answered_is_that_of_the_file",
        ],
    ),
    (TextOnly, &["d30_any_bytes_come_back"]),
    (WritesInPlace, &["d30_a_put_replaces_the_whole_file"]),
    (WritesAndRefuses, &["d32_a_refused_write_has_written_nothing", "d32_a_refused_replacement_has_written_nothing"]),
    (AnswersBackwards, &["d34_a_batch_answers_for_each_file_in_order"]),
    (BatchStops, &["d34_a_file_that_fails_does_not_stop_the_others"]),
    (BatchForgets, &["d34_a_large_batch_arrives"]),
    (DeletesOnce, &["d35_deleting_what_is_missing_succeeds"]),
    (
        DeletesAlways,
        &[
            "d35_deleting_a_version_of_what_is_missing_is_refused",
            "d36_a_deletion_under_absent_deletes_nothing",
            "d36_a_deletion_under_absent_says_whether_there_is_a_file",
            "d41_of_sixteen_one_deletes",
        ],
    ),
    (DeletedLingers, &["d37_a_deletion_is_seen"]),
    (KeepsFolders, &["d38_an_empty_folder_is_nothing"]),
    (IgnoresAbsent, &["d40_absent_writes_only_what_is_not_there", "d62_the_probe_finds_what_is_claimed"]),
    (IgnoresMatches, &["d40_matches_writes_only_over_its_version"]),
    (
        LooksFirst,
        &[
            "d41_of_sixteen_one_creates",
            "d41_of_sixteen_batches_one_creates",
            "d41_of_sixteen_one_replaces",
            "d41_five_clients_count_to_fifty",
            "d43_a_condition_holds_when_the_write_takes_place",
        ],
    ),
    (SameBytesPass, &["d44_the_same_bytes_are_refused_too"]),
    (ClaimsChange, &["d60_the_claims_never_change"]),
    (OneAtATime, &["d70_many_calls_at_once"]),
    (MissingFolderIsAnError, &["d50_a_missing_folder_is_empty"]),
    (SizesInBlocks, &["d50_a_size_is_the_size"]),
    (PagesForEver, &["d51_pages_end_and_name_everything"]),
    (OldCursorsEnd, &["d51_a_cursor_that_is_too_old_is_refused_or_goes_on"]),
    (ListsLess, &["d52_what_stays_is_named_whatever_else_happens", "d51_pages_end_and_name_everything"]),
    (ListsTheDeleted, &["d53_nothing_is_named_that_never_was"]),
    (ListsTemporaries, &["d54_the_drives_own_files_are_not_named"]),
    (DeletesInTwoSteps, &["d72_a_dropped_deletion_leaves_the_file_or_nothing"]),
    (OddKinds, &["d80_errors_are_of_the_kinds_that_are_listed"]),
    (ShowsContent, &["d81_no_error_shows_content"]),
    (SaysNothingChanged, &["d90_a_change_is_never_denied", "d90_who_waits_for_a_change_is_told"]),
];

/// Faults of a drive that claims nothing. One that claims `create` may fold case: the second name is then found to exist.
const NONE: Table = &[
    (FoldsCase, &["d3_names_that_are_nearly_the_same_share_nothing"]),
    (ImitatesConditions, &["d42_absent_is_ignored_where_it_is_not_claimed", "d42_matches_is_ignored_where_it_is_not_claimed"]),
];

/// Faults that several processes show.
const FOLDER: Table = &[
    (AnswersBeforeWriting, &["d31_what_a_killed_process_was_told_is_there"]),
    (LooksFirst, &["d41_of_sixteen_processes_one_creates", "d41_five_processes_count_to_fifty"]),
];

fn memory(fault: Fault, claims: Capabilities) -> Candidate {
    Candidate::new(format!("{fault:?}"), move || async move {
        let drive = Planted::new(Arc::new(MemoryDrive::with(claims)), fault);
        let gone = drive.clone();
        Ok(Storage::new(drive).unmounted_by(move || {
            gone.pull_out();
            Ok(())
        }))
    })
}

fn folder(fault: Fault) -> Candidate {
    let open = move |root: &str| Ok(Planted::new(Arc::new(FsDrive::open(root)?), fault));
    let make = move || async move {
        let failed = |e: std::io::Error| kitestring::Error::new(kitestring::ErrorKind::Unavailable, "test", e.to_string());
        let home = tempfile::tempdir().map_err(failed)?;
        let root = home.path().to_string_lossy().into_owned();
        Ok(Storage::new(open(&root)?).at(root).keeping(home))
    };
    Candidate::new(format!("{fault:?} in a folder"), make).opened_by(open)
}

//! How many requests the drive in Google Drive takes, counted at the emulator; and what is made of duplicates, of a search
//! that lags behind, and of refusals.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use async_io::block_on;
use futures::future::join_all;
use kitestring::{
    Client, Drive as _, DrivePath, JournalOptions, Layout, MemoryApplication, MemoryState, Options, Result, SyncOptions,
    drive::{Condition, GetOptions, Got},
    server::classic::ClassicOptions,
};
use kitestring_adapters::{
    GDrive, NativeRuntime,
    http::{FixedToken, NativeHttp, Secret},
};
use kitestring_emulators::{GDriveEmulator, GDriveFailure};
use std::{sync::Arc, time::Duration};

const RECORDS: &[&str] = &["j", "p", "c", "k", "v"];

fn open(emulator: &GDriveEmulator, token: &str) -> GDrive {
    let tokens = Arc::new(FixedToken::new(Secret::new(token)));
    let (http, runtime) = (Arc::new(NativeHttp::new().unwrap()), Arc::new(NativeRuntime::new()));
    GDrive::emulated(emulator.address(), http, runtime, None, tokens).unwrap().settling_for(Duration::from_millis(10))
}

fn is_condition(error: &kitestring::Error) -> bool {
    error.kind == kitestring::ErrorKind::Condition
}

fn path(text: &str) -> DrivePath {
    DrivePath::new(text).unwrap()
}

async fn read(drive: &GDrive, name: &str) -> Result<Option<Vec<u8>>> {
    Ok(match drive.get(path(name), GetOptions::default()).await? {
        Got::File { bytes, .. } => Some(bytes),
        Got::Missing => None,
        Got::Unchanged => panic!("nothing was known"),
    })
}

struct Device {
    application: Arc<MemoryApplication>,
    client: Client,
}

impl Device {
    async fn new(emulator: &GDriveEmulator) -> Self {
        Self::on(open(emulator, "somebody").with_one_writer_in(RECORDS), Layout::Journal(JournalOptions::default())).await
    }

    async fn classic(emulator: &GDriveEmulator) -> Self {
        let drive = open(emulator, "somebody").with_classic_layout_in(&DrivePath::root()).unwrap();
        Self::on(drive, Layout::Classic(ClassicOptions::default())).await
    }

    async fn on(drive: GDrive, layout: Layout) -> Self {
        drive.make_root().await.unwrap();
        let application = Arc::new(MemoryApplication::new());
        let options = Options { layout, ..Options::new(Arc::new(NativeRuntime::new())) };
        let client = Client::open(application.clone(), Arc::new(MemoryState::new()), Arc::new(drive), options).await.unwrap();
        Self { application, client }
    }

    async fn edit(&self, id: &str, body: &str) {
        self.client.queue_change(self.application.put(id, body).unwrap()).await.unwrap();
    }

    async fn sync(&self) -> usize {
        let report = self.client.sync(SyncOptions::default()).await.unwrap();
        usize::try_from(report.pushed + report.pulled).unwrap()
    }
}

#[test]
fn ten_thousand_documents_take_few_requests() {
    let emulator = GDriveEmulator::start();
    block_on(async {
        let (one, two) = (Device::new(&emulator).await, Device::new(&emulator).await);
        for n in 0..10_000 {
            one.edit(&format!("note {n}"), &format!("{{\"text\":\"This is note number {n}.\"}}")).await;
        }
        emulator.requests();
        assert_eq!(one.sync().await, 10_000);
        let push = emulator.requests();
        assert_eq!(two.sync().await, 10_000);
        let pull = emulator.requests();
        two.edit("note 7", "{\"text\":\"edited\"}").await;
        two.sync().await;
        let edit = emulator.requests();
        two.sync().await;
        let idle = emulator.requests();
        println!("push {}, pull {}, edit {}, idle {}", push.len(), pull.len(), edit.len(), idle.len());
        assert!(push.len() <= 20, "{push:#?}");
        assert!(pull.len() <= 20, "{pull:#?}");
        assert!(edit.len() <= 3, "{edit:#?}");
        assert_eq!(idle.len(), 1, "{idle:#?}");
        assert!(one.sync().await == 1 && one.application.body("note 7").is_some_and(|body| body == b"{\"text\":\"edited\"}"));
    });
}

#[test]
fn an_edit_in_the_classic_layout_takes_few_requests() {
    let emulator = GDriveEmulator::start();
    block_on(async {
        let (one, two) = (Device::classic(&emulator).await, Device::classic(&emulator).await);
        one.edit("note", "{\"text\":\"first\"}").await;
        one.sync().await;
        two.sync().await;
        let mut counts = Vec::new();
        for (n, name) in ["new", "note"].into_iter().enumerate() {
            one.edit(name, &format!("{{\"text\":\"{n}\"}}")).await;
            emulator.requests();
            one.sync().await;
            counts.push(emulator.requests());
            two.sync().await;
            counts.push(emulator.requests());
        }
        one.sync().await;
        counts.push(emulator.requests());
        println!("new, pull, edit, pull, idle: {:?}", counts.iter().map(Vec::len).collect::<Vec<_>>());
        assert!(counts.iter().zip([16, 8, 12, 8, 1]).all(|(made, most)| made.len() <= most), "{counts:#?}");
        assert_eq!(one.application.body("note"), two.application.body("note"));
    });
}

#[test]
fn of_many_who_create_one_file_at_once_one_succeeds_though_searches_lag_and_tags_move() {
    let emulator = GDriveEmulator::start();
    emulator.move_tags(2);
    block_on(async {
        open(&emulator, "somebody").make_root().await.unwrap();
        emulator.lag(Duration::from_secs(3600));
        for round in 0..8 {
            let name = format!("f{round}");
            let drives: Vec<GDrive> = (0..6).map(|_| open(&emulator, "somebody")).collect();
            let puts = drives.iter().enumerate().map(|(n, drive)| drive.put(path(&name), vec![n as u8], Condition::Absent));
            let answers = join_all(puts).await;
            let won: Vec<usize> = answers.iter().enumerate().filter(|(_, answer)| answer.is_ok()).map(|(n, _)| n).collect();
            assert!(answers.iter().flatten().count() == 1, "{answers:?}");
            assert!(answers.iter().filter_map(|answer| answer.as_ref().err()).all(is_condition), "{answers:?}");
            for drive in &drives {
                assert_eq!(read(drive, &name).await.unwrap(), Some(vec![won[0] as u8]));
                assert_eq!(drive.list_dir(DrivePath::root(), None).await.unwrap().entries.len(), round + 1);
            }
        }
    });
}

#[test]
fn a_tag_that_moves_by_itself_refuses_nothing_and_a_content_that_moved_does() {
    let emulator = GDriveEmulator::start();
    emulator.move_tags(2);
    block_on(async {
        let (one, two) = (open(&emulator, "somebody"), open(&emulator, "somebody"));
        one.make_root().await.unwrap();
        let first = one.put(path("head"), b"1".to_vec(), Condition::Absent).await.unwrap();
        let second = one.put(path("head"), b"2".to_vec(), Condition::Matches(first.clone())).await.unwrap();
        assert_eq!(read(&two, "head").await.unwrap(), Some(b"2".to_vec()));
        let unchanged = GetOptions { unless: Some(second.clone()), ..GetOptions::default() };
        assert_eq!(two.get(path("head"), unchanged).await.unwrap(), Got::Unchanged);
        assert!(is_condition(&two.put(path("head"), b"3".to_vec(), Condition::Matches(first)).await.unwrap_err()));
        two.put(path("head"), b"3".to_vec(), Condition::Matches(second.clone())).await.unwrap();
        assert!(is_condition(&one.delete(path("head"), Condition::Matches(second)).await.unwrap_err()));
        assert_eq!(read(&one, "head").await.unwrap(), Some(b"3".to_vec()));
    });
}

#[test]
fn two_devices_that_make_the_drive_at_once_have_one() {
    let emulator = GDriveEmulator::start();
    emulator.lag(Duration::from_millis(100));
    block_on(async {
        let drives: Vec<GDrive> = (0..3).map(|_| open(&emulator, "somebody").settling_for(Duration::from_millis(500))).collect();
        join_all(drives.iter().map(GDrive::make_root)).await.into_iter().collect::<Result<Vec<_>>>().unwrap();
        assert_eq!(emulator.count("somebody", "/kitestring names"), 1);
        drives[0].put(path("vault"), b"1".to_vec(), Condition::Absent).await.unwrap();
        for drive in &drives {
            assert_eq!(read(drive, "vault").await.unwrap(), Some(b"1".to_vec()));
        }
    });
}

#[test]
fn of_records_with_one_name_the_newest_counts() {
    let emulator = GDriveEmulator::start();
    block_on(async {
        let one = open(&emulator, "somebody").with_one_writer_in(RECORDS);
        one.make_root().await.unwrap();
        one.put(path("j/a"), b"old".to_vec(), Condition::Any).await.unwrap();
        std::thread::sleep(Duration::from_millis(5));
        emulator.duplicate("somebody", "j/a", b"new").unwrap();
        let two = open(&emulator, "somebody").with_one_writer_in(RECORDS);
        assert_eq!(read(&two, "j/a").await.unwrap(), Some(b"new".to_vec()));
        assert_eq!(two.list_dir(path("j"), None).await.unwrap().entries.len(), 1);
        two.delete(path("j/a"), Condition::Any).await.unwrap();
        two.delete(path("j/a"), Condition::Any).await.unwrap();
        assert_eq!(read(&two, "j/a").await.unwrap(), None);
    });
}

#[test]
fn a_record_that_no_search_knows_yet_is_missing_for_others_only() {
    let emulator = GDriveEmulator::start();
    block_on(async {
        let (one, two) = (open(&emulator, "a").with_one_writer_in(RECORDS), open(&emulator, "a").with_one_writer_in(RECORDS));
        one.make_root().await.unwrap();
        emulator.lag(Duration::from_millis(400));
        std::thread::sleep(Duration::from_millis(500));
        one.put(path("j/a"), b"1".to_vec(), Condition::Any).await.unwrap();
        assert_eq!((read(&one, "j/a").await.unwrap(), read(&two, "j/a").await.unwrap()), (Some(b"1".to_vec()), None));
        assert_eq!(one.list_dir(path("j"), None).await.unwrap().entries.len(), 1);
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(read(&two, "j/a").await.unwrap(), Some(b"1".to_vec()));
    });
}

#[test]
fn an_upload_that_is_cut_goes_on_where_it_was() {
    let emulator = GDriveEmulator::start();
    block_on(async {
        let drive = open(&emulator, "somebody");
        drive.make_root().await.unwrap();
        let content = |seed: u32| (0..20_000_000_u32).map(|n| (n.wrapping_mul(seed) >> 7).to_le_bytes()[0]).collect::<Vec<u8>>();
        let (one, two) = (content(2_654_435_761), content(2_246_822_519));
        for failures in [&[GDriveFailure::Cut][..], &[GDriveFailure::CarriedOut], &[GDriveFailure::Unavailable], &[GDriveFailure::Cut; 9]] {
            emulator.fail("PUT upload/drive/v3/files", failures);
            emulator.requests();
            let name = format!("large {failures:?}");
            drive.put(path(&name), one.clone(), Condition::Absent).await.unwrap();
            assert!(read(&drive, &name).await.unwrap().unwrap() == one && emulator.count("somebody", &name) == 1);
            emulator.fail("PUT upload/drive/v3/files/{id}", failures);
            drive.put(path(&name), two.clone(), Condition::Any).await.unwrap();
            assert!(read(&drive, &name).await.unwrap().unwrap() == two && emulator.count("somebody", &name) == 1);
        }
        emulator.fail("PUT upload/drive/v3/files", &[GDriveFailure::Unavailable; 99]);
        let refused = drive.put(path("never"), one.clone(), Condition::Absent).await.unwrap_err();
        assert_eq!(refused.kind.code(), "unavailable");
        assert_eq!(read(&drive, "never").await.unwrap(), None);
    });
}

#[test]
fn large_files_and_parts_come_back() {
    let emulator = GDriveEmulator::start();
    block_on(async {
        let drive = open(&emulator, "somebody");
        drive.make_root().await.unwrap();
        let large: Vec<u8> = (0..6_000_000_u32).map(|n| n.to_le_bytes()[usize::from(n % 3 == 0)]).collect();
        let version = drive.put(path("large"), large.clone(), Condition::Absent).await.unwrap();
        assert_eq!(read(&drive, "large").await.unwrap().unwrap(), large);
        let part = GetOptions { range: Some(5_999_990..7_000_000), ..GetOptions::default() };
        let Got::File { bytes, .. } = drive.get(path("large"), part).await.unwrap() else { panic!("it is there") };
        assert_eq!(bytes, &large[5_999_990..]);
        drive.put(path("large"), large.clone(), Condition::Any).await.unwrap();
        let refused = drive.put(path("large"), large, Condition::Matches(version)).await.unwrap_err();
        assert_eq!(refused.kind.code(), "invalid_input");
    });
}

#[test]
fn each_refusal_says_what_to_do() {
    let emulator = GDriveEmulator::start();
    let code = |error: kitestring::Error| error.kind.code();
    block_on(async {
        assert_eq!(code(read(&open(&emulator, "expired"), "a").await.unwrap_err()), "unauthorized");
        assert_eq!(code(open(&emulator, "readonly").make_root().await.unwrap_err()), "unauthorized");
        assert_eq!(code(read(&open(&emulator, "nobody"), "a").await.unwrap_err()), "unavailable", "there is no drive");
        let full = open(&emulator, "full");
        full.make_root().await.unwrap();
        assert_eq!(code(full.put(path("a"), vec![0; 20_000], Condition::Any).await.unwrap_err()), "quota_exceeded");

        let drive = open(&emulator, "somebody");
        drive.make_root().await.unwrap();
        drive.put(path("a"), b"1".to_vec(), Condition::Any).await.unwrap();
        let media = "GET drive/v3/files/{id}?alt=media";
        for failure in [GDriveFailure::Rate, GDriveFailure::UserRate, GDriveFailure::TooManyRequests, GDriveFailure::Unavailable] {
            emulator.fail(media, &[failure]);
            assert_eq!(read(&drive, "a").await.unwrap(), Some(b"1".to_vec()), "{failure:?}");
        }
        emulator.fail(media, &[GDriveFailure::Daily]);
        assert_eq!(code(read(&drive, "a").await.unwrap_err()), "rate_limited");
        emulator.fail(media, &[GDriveFailure::WebPage]);
        assert_eq!(code(read(&drive, "a").await.unwrap_err()), "unavailable");
    });
}

#[test]
fn a_create_whose_answer_is_lost_is_made_once_where_several_write() {
    let emulator = GDriveEmulator::start();
    block_on(async {
        let drive = open(&emulator, "somebody").with_one_writer_in(RECORDS);
        drive.make_root().await.unwrap();
        for (name, made) in [("a", 1), ("j/a", 2)] {
            emulator.fail("POST upload/drive/v3/files", &[GDriveFailure::CarriedOut]);
            let version = drive.put(path(name), b"1".to_vec(), Condition::Any).await.unwrap();
            assert_eq!(emulator.count("somebody", name), made);
            let unchanged = GetOptions { unless: Some(version), ..GetOptions::default() };
            assert_eq!(drive.get(path(name), unchanged).await.unwrap(), Got::Unchanged);
        }
        assert_eq!(drive.list_dir(path("j"), None).await.unwrap().entries.len(), 1);
    });
}

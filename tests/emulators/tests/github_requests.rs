//! How many requests a client sends that stays open, and how many of them count for the limit of the hour.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use async_io::block_on;
use kitestring::{Client, JournalOptions, Layout, MemoryApplication, MemoryState, Options, SyncOptions, server::classic::ClassicOptions};
use kitestring_adapters::{
    GitHub, NativeRuntime,
    drives::github::Place,
    http::{FixedToken, NativeHttp, Secret},
};
use kitestring_emulators::GitHubEmulator;
use std::sync::Arc;

const NAME: &str = "someone/notes";
const BRANCH: &str = "kitestring";

fn emulator() -> GitHubEmulator {
    let emulator = GitHubEmulator::start();
    emulator.create(NAME);
    emulator
}

fn open(emulator: &GitHubEmulator) -> GitHub {
    let place = Place { owner: "someone".into(), repository: "notes".into(), ..Place::default() };
    let (http, runtime, tokens) = (Arc::new(NativeHttp::new().unwrap()), Arc::new(NativeRuntime::new()), FixedToken::new(Secret::new("t")));
    GitHub::emulated(emulator.address(), http, runtime, &place, Arc::new(tokens)).unwrap()
}

struct Device {
    application: Arc<MemoryApplication>,
    client: Client,
}

impl Device {
    async fn new(emulator: &GitHubEmulator) -> Self {
        let drive = open(emulator).with_one_writer_in(&["j", "p", "c", "k", "v"]);
        Self::on(drive, Layout::Journal(JournalOptions::default())).await
    }

    async fn classic(emulator: &GitHubEmulator) -> Self {
        Self::on(open(emulator), Layout::Classic(ClassicOptions::default())).await
    }

    async fn on(drive: GitHub, layout: Layout) -> Self {
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
    let emulator = emulator();
    block_on(async {
        let (one, two) = (Device::new(&emulator).await, Device::new(&emulator).await);
        for n in 0..10_000 {
            one.edit(&format!("note {n}"), &format!("{{\"text\":\"This is note number {n}.\"}}")).await;
        }
        emulator.requests();
        let before = emulator.commits(NAME, BRANCH);
        assert_eq!(one.sync().await, 10_000);
        let (push, commits) = (emulator.requests(), emulator.commits(NAME, BRANCH) - before);
        assert_eq!(two.sync().await, 10_000);
        let pull = emulator.requests();
        two.edit("note 7", "{\"text\":\"edited\"}").await;
        two.sync().await;
        let edit = emulator.requests();
        two.sync().await;
        emulator.requests();
        emulator.used();
        two.sync().await;
        let (idle, used) = (emulator.requests(), emulator.used());
        println!("push {} ({commits} commits), pull {}, edit {}, idle {}", push.len(), pull.len(), edit.len(), idle.len());
        assert!(push.len() <= 14, "{push:#?}");
        assert!(pull.len() <= 13, "{pull:#?}");
        assert!(edit.len() <= 3, "{edit:#?}");
        assert_eq!(idle, ["GET git/ref"]);
        assert_eq!(used, 0, "to ask for what has not changed is free");
        assert!(one.sync().await == 1 && one.application.body("note 7").is_some_and(|body| body == b"{\"text\":\"edited\"}"));
        println!("pull of one edit {:?}", emulator.requests());
    });
}

#[test]
fn documents_of_the_classic_layout_go_together() {
    let emulator = emulator();
    block_on(async {
        let (one, two) = (Device::classic(&emulator).await, Device::classic(&emulator).await);
        for n in 0..300 {
            one.edit(&format!("note {n}"), "{\"text\":\"first\"}").await;
        }
        emulator.requests();
        let before = emulator.commits(NAME, BRANCH);
        assert_eq!(one.sync().await, 300);
        let (push, commits) = (emulator.requests(), emulator.commits(NAME, BRANCH) - before);
        assert_eq!(two.sync().await, 300);
        emulator.requests();
        one.edit("note 7", "{\"text\":\"edited\"}").await;
        one.sync().await;
        let edit = emulator.requests();
        one.sync().await;
        emulator.requests();
        one.sync().await;
        let idle = emulator.requests();
        println!("push of 300 {} ({commits} commits), edit {}, idle {}", push.len(), edit.len(), idle.len());
        assert!(push.len() <= 40, "{push:#?}");
        assert!(edit.len() <= 12, "{edit:#?}");
        assert_eq!(idle.len(), 1, "{idle:#?}");
    });
}

//! How many requests the drive in OneDrive takes, counted at the emulator.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use async_io::block_on;
use kitestring::{Client, JournalOptions, Layout, MemoryApplication, MemoryState, Options, SyncOptions, server::classic::ClassicOptions};
use kitestring_adapters::{
    NativeRuntime, OneDrive,
    http::{FixedToken, NativeHttp, Secret},
};
use kitestring_emulators::OneDriveEmulator;
use std::sync::Arc;

struct Device {
    application: Arc<MemoryApplication>,
    client: Client,
}

impl Device {
    async fn new(emulator: &OneDriveEmulator, layout: Layout) -> Self {
        let tokens = Arc::new(FixedToken::new(Secret::new("app-somebody")));
        let (http, runtime) = (Arc::new(NativeHttp::new().unwrap()), Arc::new(NativeRuntime::new()));
        let drive = OneDrive::emulated(emulator.address(), http, runtime.clone(), None, tokens).unwrap();
        drive.make_root().await.unwrap();
        let application = Arc::new(MemoryApplication::new());
        let options = Options { layout, ..Options::new(runtime) };
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

fn journal() -> Layout {
    Layout::Journal(JournalOptions::default())
}

#[test]
fn ten_thousand_documents_take_few_requests() {
    let emulator = OneDriveEmulator::start();
    block_on(async {
        let (one, two) = (Device::new(&emulator, journal()).await, Device::new(&emulator, journal()).await);
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
        assert!(push.len() <= 24, "{push:#?}");
        assert!(pull.len() <= 32, "{pull:#?}");
        assert!(edit.len() <= 3, "{edit:#?}");
        assert_eq!(idle, ["GET item"]);
        assert!(one.sync().await == 1 && one.application.body("note 7").is_some_and(|body| body == b"{\"text\":\"edited\"}"));
    });
}

#[test]
fn an_edit_in_the_classic_layout_takes_few_requests() {
    let emulator = OneDriveEmulator::start();
    block_on(async {
        let classic = || Layout::Classic(ClassicOptions::default());
        let (one, two) = (Device::new(&emulator, classic()).await, Device::new(&emulator, classic()).await);
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
        assert!(counts.iter().zip([12, 10, 12, 10, 1]).all(|(made, most)| made.len() <= most), "{counts:#?}");
        assert_eq!(one.application.body("note"), two.application.body("note"));
    });
}

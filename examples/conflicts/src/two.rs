//! Two devices that edit the same note before they meet.

use kitestring::{Body, Change, Client, MemoryApplication, MemoryDrive, MemoryState, Options, Result, SyncOptions};
use kitestring_adapters::NativeRuntime;
use std::sync::Arc;

/// One device: its documents, and its client.
pub(crate) struct Device {
    pub(crate) notes: Arc<MemoryApplication>,
    pub(crate) client: Client,
}

impl Device {
    pub(crate) async fn new(drive: &Arc<MemoryDrive>) -> Result<Self> {
        let notes = Arc::new(MemoryApplication::new());
        let options = Options::new(Arc::new(NativeRuntime::new()));
        let client = Client::open(notes.clone(), Arc::new(MemoryState::new()), drive.clone(), options).await?;
        Ok(Self { notes, client })
    }

    pub(crate) async fn edit(&self, change: Change) -> Result<()> {
        self.client.queue_change(change).await
    }

    pub(crate) async fn sync(&self) -> Result<()> {
        self.client.sync(SyncOptions::default()).await.map(drop)
    }

    pub(crate) fn text(&self, id: &str) -> String {
        String::from_utf8_lossy(&self.notes.body(id).unwrap_or_default()).into_owned()
    }
}

/// A body that came whole, as all do unless the host asks for parts.
pub(crate) fn bytes(body: Body) -> Vec<u8> {
    match body {
        Body::Whole(bytes) => bytes,
        Body::Parts { .. } => Vec::new(),
    }
}

/// Two devices that have agreed on a note, and then have each edited it. The second one has the conflict.
pub(crate) async fn in_conflict(agreed: &str, ours: &str, theirs: &str) -> Result<(Device, Device)> {
    let drive = Arc::new(MemoryDrive::new());
    let (laptop, phone) = (Device::new(&drive).await?, Device::new(&drive).await?);
    laptop.edit(laptop.notes.put("list", agreed)?).await?;
    laptop.sync().await?;
    phone.sync().await?;
    laptop.edit(laptop.notes.put("list", theirs)?).await?;
    laptop.sync().await?;
    phone.edit(phone.notes.put("list", ours)?).await?;
    phone.sync().await?;
    Ok((laptop, phone))
}

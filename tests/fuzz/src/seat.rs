//! One device: a host, a state and a client, on a memory drive.

use crate::{executor::block_on, runtime::VirtualRuntime};
use kitestring::{
    Application as _, Body, Client, DocId, Drive, Error, Layout, MemoryApplication, MemoryDrive, MemoryState, Options, Report, Result,
    SyncOptions, server::classic::ClassicOptions,
};
use std::{collections::BTreeMap, sync::Arc};

/// The id of the document that the device has edited and not pushed.
pub(crate) const MINE: &str = "mine";
/// Its content.
pub(crate) const EDIT: &[u8] = br#"{"text":"not pushed yet"}"#;

pub(crate) struct Seat {
    pub(crate) runtime: Arc<VirtualRuntime>,
    pub(crate) host: Arc<MemoryApplication>,
    pub(crate) state: Arc<MemoryState>,
    drive: Arc<MemoryDrive>,
    layout: Layout,
    pub(crate) client: Client,
}

impl Seat {
    /// Makes a device with an empty host.
    pub(crate) fn new(drive: &Arc<MemoryDrive>, layout: ClassicOptions, runtime: &Arc<VirtualRuntime>) -> Self {
        Self::with(drive, Layout::Classic(layout), runtime)
    }

    /// Makes a device with an empty host, of any layout.
    pub(crate) fn with(drive: &Arc<MemoryDrive>, layout: Layout, runtime: &Arc<VirtualRuntime>) -> Self {
        let (host, state): (Arc<MemoryApplication>, Arc<MemoryState>) = Default::default();
        match open(drive, &host, &state, runtime, &layout) {
            Ok(client) => Self { runtime: runtime.clone(), host, state, drive: drive.clone(), layout, client },
            Err(e) => panic!("an empty state cannot be opened: {e:?}"),
        }
    }

    /// Opens the client anew, as after a restart.
    pub(crate) fn reopen(&mut self) -> Result<()> {
        self.client = open(&self.drive, &self.host, &self.state, &self.runtime, &self.layout)?;
        Ok(())
    }

    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        block_on(&self.runtime, work)
    }

    pub(crate) fn sync(&self) -> Result<Report> {
        self.wait(self.client.sync(SyncOptions::default()))
    }

    /// Writes a document as a user would.
    pub(crate) fn put(&self, id: &str, body: &[u8]) -> Result<()> {
        let change = self.host.put(id, body)?;
        self.wait(self.client.queue_change(change))
    }

    /// Deletes a document as a user would.
    pub(crate) fn delete(&self, id: &str) -> Result<()> {
        let change = self.host.delete(id)?;
        self.wait(self.client.queue_change(change))
    }

    /// Edits [`MINE`].
    pub(crate) fn edit(&self) {
        if let Err(e) = self.put(MINE, EDIT) {
            panic!("an edit cannot be queued: {e:?}");
        }
    }

    /// Returns the host's documents.
    pub(crate) fn documents(&self) -> BTreeMap<DocId, Vec<u8>> {
        self.wait(async {
            let ids = self.host.entries(None, u32::MAX).await?.into_iter().map(|entry| entry.id).collect();
            let whole = |body| if let Body::Whole(bytes) = body { bytes } else { Vec::new() };
            Ok::<_, Error>(self.host.get(ids).await?.into_iter().map(|d| (d.id, whole(d.body))).collect())
        })
        .unwrap_or_default()
    }
}

fn open(
    drive: &Arc<MemoryDrive>,
    host: &Arc<MemoryApplication>,
    state: &Arc<MemoryState>,
    runtime: &Arc<VirtualRuntime>,
    layout: &Layout,
) -> Result<Client> {
    let drive: Arc<dyn Drive> = drive.clone();
    let options = Options { layout: layout.clone(), ..Options::new(runtime.clone()) };
    block_on(runtime, Client::open(host.clone(), state.clone(), drive, options))
}

//! The calls that a driver makes on the clients of a world.

use crate::{
    gate::Port,
    ports::{GatedApplication, GatedDrive, GatedState},
    run::{Kind, Run, Started},
    world::World,
};
use kitestring::{Action, Change, Client, Conflict, DocId, Options, Report, Resolution, Result, SyncOptions};
use std::{
    future::Future,
    sync::{Arc, atomic::AtomicBool},
};

impl World {
    /// Begins to open the seat's client from its durable state; [`World::adopt`] keeps the result.
    pub fn start_open(&mut self, seat: usize) -> Started<Client> {
        let (control, layout, log) = (Arc::clone(&self.control), self.config.layout_of(seat), self.config.log.clone());
        let (files, ghost, watch, lenient) =
            (Arc::clone(&self.drive), Arc::clone(&self.ghost), self.watch.clone(), self.config.lenient && !self.config.is_journal());
        let this = self.seat(seat);
        this.alive = Arc::new(AtomicBool::new(true));
        let port = |name| Port::new(Arc::clone(&control), Arc::clone(&this.alive), seat, name);
        let application = GatedApplication { inner: Arc::clone(&this.application), port: port("app") };
        let state = GatedState { inner: Arc::clone(&this.state), port: port("state"), seat, watch: watch.clone() };
        let drive = GatedDrive { inner: Arc::clone(&this.drive), port: port("drive"), seat, drive: files, ghost, watch, lenient };
        let mut options = Options::new(Arc::clone(&this.runtime) as _);
        options.layout = layout;
        options.log = log;
        options.encryption.clone_from(&this.encryption);
        options.device = Some(format!("c{}", seat + 1));
        self.start(seat, async move { Client::open(Arc::new(application), Arc::new(state), Arc::new(drive), options).await })
    }

    /// Keeps a client that was opened.
    pub fn adopt(&mut self, seat: usize, client: Client) {
        let this = self.seat(seat);
        this.host.connect(Some(client.clone()));
        this.client = Some(client);
        this.host.run_ended(true);
    }

    /// Opens the seat's client from its durable state.
    pub fn open(&mut self, seat: usize) -> Run<()> {
        let started = self.start_open(seat);
        match self.go_on(&started) {
            Run::Done(Ok(client)) => {
                self.adopt(seat, client);
                Run::Done(Ok(()))
            }
            Run::Done(Err(error)) => Run::Done(Err(error)),
            Run::Killed(who) => Run::Killed(who),
            Run::Cancelled => Run::Cancelled,
            Run::Paused => Run::Paused,
            Run::Deadlock => Run::Deadlock,
            Run::Livelock => Run::Livelock,
        }
    }

    /// Syncs.
    pub fn sync(&mut self, seat: usize, options: SyncOptions) -> Run<Report> {
        let started = self.start_sync(seat, options);
        self.go_on(&started)
    }

    /// Begins to sync.
    pub fn start_sync(&mut self, seat: usize, options: SyncOptions) -> Started<Report> {
        self.drive.begin(seat);
        // A dry run remembers nothing, and one that is over at once may not have come to it.
        let kind = if options.dry_run || options.deadline.is_some() { Kind::Light } else { Kind::Other };
        self.with_client(seat, kind, |client| async move { Box::pin(client.sync(options)).await })
    }

    /// Begins to compact.
    pub fn start_compact(&mut self, seat: usize, options: SyncOptions) -> Started<bool> {
        self.drive.begin(seat);
        self.with_client(seat, Kind::Other, |client| async move { Box::pin(client.compact(options)).await })
    }

    /// Lets the user change a document and queues the change; the change stays owed until that returns well.
    pub fn change(&mut self, seat: usize, id: &DocId, action: Action) -> Run<()> {
        let change = self.host(seat).change(id, action);
        self.queue(seat, change)
    }

    /// Queues a change.
    pub fn queue(&mut self, seat: usize, change: Change) -> Run<()> {
        let started = self.start_queue(seat, change.clone());
        let run = self.go_on(&started);
        if !run.is_well() && self.is_open(seat) {
            self.seat(seat).owed.push(change);
        }
        run
    }

    /// Begins to queue a change.
    pub fn start_queue(&mut self, seat: usize, change: Change) -> Started<()> {
        self.with_client(seat, Kind::Light, |client| async move { client.queue_change(change).await })
    }

    /// Says that `queue_change` did not return well for this change: the host will call it again.
    pub fn owe(&mut self, seat: usize, change: Change) {
        self.seat(seat).owed.push(change);
    }

    /// Queues again what is owed and still current. A kill clears what is owed: a new process knows only its
    /// `changeCommitted` flags.
    pub fn pay(&mut self, seat: usize) -> Run<()> {
        for change in std::mem::take(&mut self.seat(seat).owed) {
            let current = self.host(seat).revision(&change.id);
            if !self.host(seat).is_latest(&change) {
                continue;
            }
            if change.action == Action::Put && current.as_ref() != Some(&change.revision) {
                continue;
            }
            if change.action == Action::Delete && current.is_some() {
                continue;
            }
            let run = self.queue(seat, change);
            if !run.is_well() {
                return run;
            }
        }
        Run::Done(Ok(()))
    }

    /// Lists the conflicts that wait.
    pub fn conflicts(&mut self, seat: usize) -> Run<Vec<Conflict>> {
        let started = self.with_client(seat, Kind::Light, |client| async move { client.conflicts().await });
        self.go_on(&started)
    }

    /// Gives the contents of a conflict.
    pub fn versions(&mut self, seat: usize, id: DocId) -> Run<kitestring::Versions> {
        let started = self.with_client(seat, Kind::Light, |client| async move { client.versions(id).await });
        self.go_on(&started)
    }

    /// Begins to settle a conflict.
    pub fn start_resolve(&mut self, seat: usize, seen: Conflict, resolution: Resolution) -> Started<()> {
        self.with_client(seat, Kind::Other, |client| async move { client.resolve(seen, resolution).await })
    }

    /// Begins any call of the seat's client.
    ///
    /// # Errors
    /// The call fails with `cancelled` if the client is not open.
    pub fn start_call<T, F>(&mut self, seat: usize, call: impl FnOnce(Client) -> F) -> Started<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        self.with_client(seat, Kind::Light, call)
    }
}

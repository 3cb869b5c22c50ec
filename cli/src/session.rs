//! Putting a client together: the folder as its application, an SQLite file as its state, the drive of the
//! configuration. A host of its own would do the same with its own database.

use crate::{
    args::Sync,
    config::Config,
    copied,
    folder::{Folder, OWN, Tree, Usage},
    layout::Layout,
    lock::FolderLock,
    output,
    sealed::Opening,
    setup::{self, STATE},
    sharing,
    unreachable::Unreachable,
};
use kitestring::{Client, Conflict, Drive, Encryption, Error, ErrorKind, Log, MemoryState, Options, Result, State, Status, SyncOptions};
use kitestring_adapters::{runtime::NativeRuntime, state::sqlite::SqliteState};
use std::{fs, io, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;

/// Reading a large folder takes as long as its disk needs.
const CALLBACK_TIMEOUT: Duration = Duration::from_secs(6 * 3600);

/// A client of a folder, with what belongs to it.
pub(crate) struct Session {
    /// What the folder syncs with.
    pub config: Config,
    /// The folder.
    pub tree: Arc<Tree>,
    /// The client.
    pub client: Client,
    /// The folder that this one was a copy of until now.
    pub copied_from: Option<String>,
    /// The copy of the state that a dry run works on.
    _copy: Option<TempDir>,
}

/// What a client is made of.
struct Parts {
    config: Config,
    tree: Tree,
    state: Arc<dyn State>,
    drive: Arc<dyn Drive>,
    encryption: Option<Encryption>,
    checksum: bool,
    copy: Option<TempDir>,
}

impl Session {
    /// Opens a folder for a sync, setting it up if need be.
    ///
    /// # Errors
    /// As [`setup::choose`]; `locked` if another kite is at work; `unavailable` if the drive's folder is missing.
    pub(crate) async fn for_sync(args: &Sync, opening: &Opening) -> Result<Self> {
        let folder = &args.folder.folder;
        let chosen = setup::choose(args)?;
        // Nobody else waits for the folder while somebody types.
        opening.for_sync(&chosen.config)?;
        setup::make_own(folder)?;
        let lock = FolderLock::take(folder)?;
        // Only now nobody else sets the folder up.
        let chosen = setup::choose(args)?;
        let mut afresh = false;
        if let Some(from) = chosen.copied_from.as_ref().filter(|_| !chosen.is_new) {
            afresh = !copied::is_exact(folder, &chosen.config, open_state(folder, &chosen.config).ok()).await?;
            copied::tell(from, afresh);
        }
        let config = setup::write(folder, &chosen, afresh)?;
        tell_choice(&config, chosen.is_new);
        let state = open_state(folder, &config)?;
        let (config, drive) = connect(folder, config)?;
        let tree = open_tree(folder, &config, Usage::Work(lock))?;
        let encryption = opening.for_sync(&config)?;
        let parts = Parts { config, tree, state, drive, encryption, checksum: args.checksum, copy: None };
        let session = Self::open(parts, opening).await?;
        Ok(Self { copied_from: chosen.copied_from, ..session })
    }

    /// Opens a folder for a dry run: neither the folder nor the drive is written to, and the state is a copy.
    ///
    /// # Errors
    /// As [`Session::for_sync`].
    pub(crate) async fn for_dry_run(args: &Sync, opening: &Opening) -> Result<Self> {
        let folder = &args.folder.folder;
        let chosen = setup::choose(args)?;
        let drive = chosen.config.drive.open_to_look(&chosen.config).map_err(|e| missing(e, folder, &chosen.config))?;
        tell_choice(&chosen.config, chosen.is_new);
        let (mut state, mut copy, mut usage): (Arc<dyn State>, _, _) = (Arc::new(MemoryState::new()), None, Usage::Guest);
        if !chosen.is_new {
            let lock = FolderLock::take_quietly(folder)?;
            let kept = copy_state(folder).map_err(|e| Error::new(ErrorKind::State, "open", format!("the state cannot be copied: {e}")))?;
            let known: Arc<dyn State> = Arc::new(SqliteState::open(kept.path().join(STATE))?);
            // What was copied with the folder is of use only if the sync would go on from it.
            if chosen.copied_from.is_none() || copied::is_exact(folder, &chosen.config, Some(known.clone())).await? {
                state = known;
            }
            (copy, usage) = (Some(kept), Usage::Look(lock));
        }
        let tree = open_tree(folder, &chosen.config, usage)?;
        let encryption = opening.for_sync(&chosen.config)?;
        let parts = Parts { config: chosen.config, tree, state, drive, encryption, checksum: args.checksum, copy };
        let session = Self::open(parts, opening).await?;
        Ok(Self { copied_from: chosen.copied_from, ..session })
    }

    /// Opens a folder that is set up, for what needs no drive. Should the drive be out of reach, only what asks it
    /// fails.
    ///
    /// # Errors
    /// `invalid_input` if the folder is not set up; `locked` if another kite is at work.
    pub(crate) async fn for_local_work(folder: &Path, opening: &Opening) -> Result<Self> {
        setup::existing(folder)?;
        let lock = FolderLock::take(folder)?;
        let config = setup::existing(folder)?;
        if let Some(from) = setup::copied_from(folder, &config)? {
            return Err(copied::refused(folder, &from));
        }
        let state = open_state(folder, &config)?;
        let drive: Arc<dyn Drive> = match config.drive.open(false, config.layout, Some(&folder.join(OWN))) {
            Ok(drive) => drive,
            Err(e) => Arc::new(Unreachable::because(&missing(e, folder, &config))),
        };
        let tree = open_tree(folder, &config, Usage::Work(lock))?;
        let encryption = opening.for_local_work(&config)?;
        Self::open(Parts { config, tree, state, drive, encryption, checksum: false, copy: None }, opening).await
    }

    /// Compares the folder with what was last synced, and returns the conflicts as they are now.
    ///
    /// # Errors
    /// As [`Client::reconcile`], except that a guard does not stop it: nothing is deleted here.
    pub(crate) async fn conflicts(&self) -> Result<Vec<Conflict>> {
        self.look().await?;
        self.client.conflicts().await
    }

    /// Compares the folder with what was last synced. Returns the warning that a sync would stop at, if there is one.
    ///
    /// # Errors
    /// As [`Client::reconcile`], except that a guard does not stop it.
    pub(crate) async fn look(&self) -> Result<Option<Error>> {
        match self.client.reconcile(SyncOptions::default()).await {
            Err(e) if matches!(e.kind, ErrorKind::MassDelete { .. } | ErrorKind::HostOlder { .. }) => Ok(Some(e)),
            other => other.map(|_| None),
        }
    }

    /// Returns what the client knows without asking the drive.
    ///
    /// # Errors
    /// As [`Client::status`].
    pub(crate) async fn status(&self) -> Result<Status> {
        self.client.status().await
    }

    /// Returns what is dangerous about the place where the drive is, if anything.
    ///
    /// # Errors
    /// As [`Client::status`].
    pub(crate) async fn danger(&self) -> Result<Option<String>> {
        let Some(copier) = self.config.copier() else { return Ok(None) };
        let folder = output::quote::shell(&self.tree.path().to_string_lossy());
        Ok(sharing::danger(copier, self.config.layout, self.status().await?.strategy, &folder))
    }

    async fn open(parts: Parts, opening: &Opening) -> Result<Self> {
        let tree = Arc::new(parts.tree);
        let application = Arc::new(Folder::new(tree.clone(), parts.state.clone(), parts.checksum));
        let mut options = options(&parts.config);
        options.encryption = parts.encryption;
        if opening.verbose {
            options.log = Log::new(|level, line| output::note(output::styled(output::FAINT, format_args!("{level:?}: {line}"))));
        }
        let client = Client::open(application, parts.state, parts.drive, options).await?;
        Ok(Self { config: parts.config, tree, client, copied_from: None, _copy: parts.copy })
    }
}

/// Says how a folder's client works.
pub(crate) fn options(config: &Config) -> Options {
    let mut options = Options::new(Arc::new(NativeRuntime::new()));
    options.device = Some(config.device.clone());
    options.layout = config.layout.for_client(config.strategy());
    options.callback_timeout = CALLBACK_TIMEOUT;
    options
}

/// Opens the client's state.
///
/// # Errors
/// `state` if it has vanished from a folder that has synced before: without it every deletion since would be
/// undone.
fn open_state(folder: &Path, config: &Config) -> Result<Arc<dyn State>> {
    let path = folder.join(OWN).join(STATE);
    if !config.drive_is_new && !path.exists() {
        let again = output::quote::shell(&folder.to_string_lossy());
        let detail =
            format!("the folder's state is missing; `kite unlink {again} --yes --force` and a new set-up compare everything afresh");
        return Err(Error::new(ErrorKind::State, "open", detail).about(path.display().to_string()));
    }
    Ok(Arc::new(SqliteState::open(path)?))
}

/// Opens the drive. Its folder is made only if it was never reached before, and that is over once it was.
fn connect(folder: &Path, config: Config) -> Result<(Config, Arc<dyn Drive>)> {
    let drive = config.drive.open(config.drive_is_new, config.layout, Some(&folder.join(OWN))).map_err(|e| missing(e, folder, &config))?;
    let config = if config.drive_is_new {
        let known = Config { drive_is_new: false, ..config };
        known.write(folder)?;
        known
    } else {
        config
    };
    Ok((config, drive))
}

/// Says how a vault that is about to be made will find its records, where that was noticed and not asked for.
fn tell_choice(config: &Config, is_new: bool) {
    let has_vault = || config.drive.dataset().is_some_and(|dataset| Layout::found_in(&dataset).is_some());
    let makes_vault = is_new && config.layout == Layout::Journal && !has_vault();
    if let Some(copier) = config.copier().filter(|_| makes_vault && !config.shared_folder) {
        let what = format!("the drive's folder is copied between machines by {copier}: the vault finds its records by listing");
        output::note(format_args!("{} {what}", output::styled(output::NOTICE, "kite:")));
    }
}

fn missing(error: Error, folder: &Path, config: &Config) -> Error {
    let Some(path) = config.drive.folder().filter(|_| error.kind == ErrorKind::NotFound) else { return error };
    let path = path.display().to_string();
    let again = output::quote::shell(&folder.to_string_lossy());
    let detail =
        format!("the drive's folder {path} is missing: is its disk mounted? To use another drive, run `kite unlink {again}` first");
    Error::new(ErrorKind::Unavailable, "open", detail).about(path)
}

pub(crate) fn open_tree(folder: &Path, config: &Config, usage: Usage) -> Result<Tree> {
    let names = config.home.as_ref().map(|home| home.names).unwrap_or_default();
    Tree::open(folder, usage, names).map_err(|e| {
        Error::new(ErrorKind::Application, "open", format!("the folder cannot be opened: {e}")).about(folder.display().to_string())
    })
}

/// Copies the state out of the folder: even opening it where it is would leave traces.
fn copy_state(folder: &Path) -> io::Result<TempDir> {
    let copy = tempfile::tempdir()?;
    for name in [STATE, "state.db-wal"] {
        match fs::copy(folder.join(OWN).join(name), copy.path().join(name)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    Ok(copy)
}

//! Setting a folder up, in an order that survives being killed at any step: the configuration is whole or not
//! there, it is there before the first sync, and it says whether the drive may still be made.

use crate::{
    args::Sync,
    config::{self, Config},
    drive_url::{DriveUrl, canonical},
    folder::{Names, OWN, TMP, TRASH},
    home::Home,
    layout::Layout,
    lock,
    output::quote::shell,
    sealed::Sealed,
};
use kitestring::{Error, ErrorKind, Result};
use kitestring_adapters::state::sqlite::SqliteState;
use std::{fs, io, path::Path};

/// What a drive notes inside kite's own folder.
const NOTES: [&str; 2] = ["gdrive.json", "github.json"];
/// The client's state inside kite's own folder.
pub(crate) const STATE: &str = "state.db";

/// The configuration that a sync is to use.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// The configuration.
    pub config: Config,
    /// Whether the state is to begin anew: the folder has no configuration yet, or one of a drive that was never
    /// reached.
    pub is_new: bool,
    /// The folder that this one is a copy of, with `.kite` and all.
    pub copied_from: Option<String>,
    found: Option<Config>,
}

/// Says which configuration a sync is to use.
///
/// # Errors
/// `invalid_input` if the folder does not exist or does not go with the drive, or if another drive or layout is
/// asked for than the folder's; `unsupported` for what this version cannot do.
pub(crate) fn choose(args: &Sync) -> Result<Chosen> {
    let folder = &args.folder.folder;
    check_folder(folder)?;
    let layout = args.set_up.layout;
    let found = Config::read(folder)?;
    let drive = asked_for(args, found.as_ref())?;
    let mut has_looked = false;
    let (config, is_new) = match (found.clone(), drive) {
        // Nothing was ever synced with a drive that was never reached: the wrong one is simply replaced.
        (Some(config), drive) if config.drive_is_new && is_other(&config, drive.as_ref(), layout) => {
            let (drive, layout) = (drive.unwrap_or(config.drive), layout.unwrap_or(config.layout));
            let new = Config::new(drive, layout, config.device);
            (Config { shared_folder: config.shared_folder, sealed: config.sealed, ..new }, true)
        }
        (Some(config), drive) => (agree(config, drive.as_ref(), layout, folder)?, false),
        (None, Some(drive)) => {
            has_looked = layout.is_none();
            let layout = layout.map_or_else(|| Layout::for_new_folder(&drive), Ok)?;
            (Config::new(drive, layout, host_name()), true)
        }
        (None, None) => return Err(not_set_up(folder)),
    };
    check_apart(folder, &config.drive)?;
    if !has_looked {
        config.layout.check(&config.drive, is_new, folder)?;
    }
    let sealed = sealed(args, &config)?;
    let copied_from = found.as_ref().map(|config| copied_from(folder, config)).transpose()?.flatten();
    if let Some(drive) = config.drive.folder().filter(|_| is_new) {
        check_makeable(drive)?;
    }
    let device = args.set_up.device.clone().unwrap_or_else(|| config.device.clone());
    let shared_folder = args.set_up.shared_folder || config.shared_folder;
    let config = Config { device, shared_folder, sealed, ..config };
    Ok(Chosen { config, is_new, copied_from, found })
}

/// Says whether the vault is sealed. That it is to be is known before it is made: whatever happens then, it is never made
/// without. Of a vault that is there, it is known once it was opened.
fn sealed(args: &Sync, config: &Config) -> Result<Option<Sealed>> {
    if !args.unlock.seals() {
        return Ok(config.sealed.clone());
    }
    if config.layout == Layout::Classic {
        let detail = "the classic layout cannot be sealed: use the journal layout, in an empty drive folder";
        return Err(invalid(detail, config.drive.shown()));
    }
    match &config.sealed {
        Some(sealed) => Ok(Some(sealed.clone())),
        None => config.drive.layout()?.is_none().then(Sealed::new).transpose(),
    }
}

/// Says which folder this one is a copy of, if its `.kite` was copied with it, or brought back from a backup.
///
/// # Errors
/// `state` if `.kite` cannot be looked at.
pub(crate) fn copied_from(folder: &Path, config: &Config) -> Result<Option<String>> {
    let Some(home) = &config.home else { return Ok(None) };
    Ok((!Home::here(folder)?.is_still(home)).then(|| home.path.clone()))
}

/// Returns the drive and the collection that were typed, if any; a collection alone is one of the folder's own drive.
fn asked_for(args: &Sync, found: Option<&Config>) -> Result<Option<DriveUrl>> {
    let typed = args.set_up.drive.as_deref().map(DriveUrl::parse).transpose()?;
    let collection = args.set_up.collection.as_deref();
    let drive = typed.or_else(|| found.filter(|_| collection.is_some()).map(|config| config.drive.without_collection()));
    drive.map(|drive| drive.with_collection(collection)).transpose()
}

/// Writes the configuration of a folder whose lock is held, and returns it. What an earlier drive left is removed
/// first, so that it is never taken for this one's. With `afresh`, so is the state that was copied with the folder.
///
/// # Errors
/// `state` if that fails.
pub(crate) fn write(folder: &Path, chosen: &Chosen, afresh: bool) -> Result<Config> {
    if chosen.is_new || afresh {
        remove_state(folder)?;
    }
    if afresh && !chosen.is_new {
        // A state that is missing is an error as soon as the configuration is this folder's own.
        SqliteState::open(folder.join(OWN).join(STATE))?;
    }
    let home = Home::settle(folder, chosen.config.home.as_ref())?;
    let mut config = Config { home: Some(home), ..chosen.config.clone() };
    if chosen.copied_from.is_some() {
        // The original may forget its key when it likes.
        config.sealed = config.sealed.as_ref().map(Sealed::copied).transpose()?;
    }
    if chosen.found.as_ref() != Some(&config) {
        config.write(folder)?;
    }
    Ok(config)
}

/// Reads the configuration of a folder that must be set up.
///
/// # Errors
/// `invalid_input` if it is not.
pub(crate) fn existing(folder: &Path) -> Result<Config> {
    check_folder(folder)?;
    Config::read(folder)?.ok_or_else(|| not_set_up(folder))
}

/// Makes kite's own folder.
///
/// # Errors
/// `state` if that fails.
pub(crate) fn make_own(folder: &Path) -> Result<()> {
    let own = folder.join(OWN);
    let make = || {
        match fs::create_dir(&own) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
            _ => {}
        }
        let ignore = own.join(".gitignore");
        if ignore.exists() { Ok(()) } else { fs::write(ignore, "*\n") }
    };
    make().map_err(|e| cannot_write(folder, &e))
}

/// Forgets everything but the trash. The state goes first: a configuration without it is noticed.
///
/// # Errors
/// `state` if that fails.
pub(crate) fn unlink(folder: &Path) -> Result<()> {
    remove_state(folder)?;
    let own = folder.join(OWN);
    let remove = || {
        remove_file(&own.join(config::FILE))?;
        match fs::remove_dir_all(own.join(TMP)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let has_trash = fs::read_dir(own.join(TRASH)).is_ok_and(|mut entries| entries.next().is_some());
        if !has_trash {
            remove_file(&own.join(lock::FILE))?;
            fs::remove_dir_all(&own)?;
        }
        Ok(())
    };
    remove().map_err(|e| cannot_write(folder, &e))
}

/// Forgets what a drive has noted in kite's own folder.
///
/// # Errors
/// `state` if that fails.
pub(crate) fn forget_notes(own: &Path) -> Result<()> {
    NOTES.iter().try_for_each(|name| remove_file(&own.join(name))).map_err(|e| cannot_write(own, &e))
}

fn remove_state(folder: &Path) -> Result<()> {
    let own = folder.join(OWN);
    let mut names = [STATE, "state.db-wal", "state.db-shm", "state.db-journal"].iter().chain(&NOTES);
    names.try_for_each(|name| remove_file(&own.join(name))).map_err(|e| cannot_write(folder, &e))
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Checks that a folder has something of kite's.
///
/// # Errors
/// `invalid_input` if it has not.
pub(crate) fn has_own(folder: &Path) -> Result<()> {
    check_folder(folder)?;
    if folder.join(OWN).is_dir() { Ok(()) } else { Err(not_set_up(folder)) }
}

/// Returns how the disk of a folder treats names, as far as the configuration says.
pub(crate) fn names(folder: &Path) -> Names {
    Config::read(folder).ok().flatten().and_then(|config| config.home).map(|home| home.names).unwrap_or_default()
}

fn check_folder(folder: &Path) -> Result<()> {
    let own = fs::symlink_metadata(folder.join(OWN));
    let detail = match fs::metadata(folder) {
        Ok(found) if found.is_dir() && own.as_ref().is_ok_and(|own| !own.is_dir()) => {
            format!("{OWN} in it is no folder: kite keeps its own things in a real one, never behind a link")
        }
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => "this is a file; kite syncs folders".to_owned(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => "there is no such folder: make it first, or check the path".to_owned(),
        Err(e) => format!("the folder cannot be opened: {e}"),
    };
    Err(invalid(detail, folder.display().to_string()))
}

/// Whether another drive or layout is asked for than the folder's.
fn is_other(config: &Config, drive: Option<&DriveUrl>, layout: Option<Layout>) -> bool {
    drive.is_some_and(|drive| !drive.is_same(&config.drive)) || layout.is_some_and(|layout| layout != config.layout)
}

/// Takes the folder's configuration if nothing else was asked for.
fn agree(config: Config, drive: Option<&DriveUrl>, layout: Option<Layout>, folder: &Path) -> Result<Config> {
    if !is_other(&config, drive, layout) {
        return Ok(config);
    }
    let (own, again) = (&config.drive, shell(&folder.to_string_lossy()));
    let detail = match drive.filter(|drive| !drive.is_same(own)) {
        Some(drive) => format!("this folder syncs with {own}, not with {drive}; to change that, run `kite unlink {again}` first"),
        None => format!(
            "this folder syncs with a vault of the {} layout: leave --layout out, or run `kite unlink {again}` and set it up with an \
             empty drive folder",
            config.layout
        ),
    };
    Err(invalid(detail, folder.display().to_string()))
}

/// A drive in the folder would be synced into itself, and a folder in the drive would be taken for its files.
///
/// # Errors
/// `invalid_input` if it is so.
pub(crate) fn check_apart(folder: &Path, drive: &DriveUrl) -> Result<()> {
    let Some(path) = drive.folder() else { return Ok(()) };
    let real = |path: &Path| canonical(path).map_err(|e| invalid(format!("the path cannot be resolved: {e}"), path.display().to_string()));
    let (inside, outside) = (real(folder)?, canonical(path));
    let Ok(outside) = outside else { return Ok(()) };
    let detail = match (outside == inside, outside.starts_with(&inside), inside.starts_with(&outside)) {
        (true, _, _) => "the folder and the drive are the same folder",
        (_, true, _) => "the drive is inside the folder",
        (_, _, true) => "the folder is inside the drive",
        _ => return Ok(()),
    };
    Err(invalid(format!("{detail}: choose a drive folder elsewhere"), drive.shown()))
}

/// A mistyped path is better found before the folder is set up.
fn check_makeable(drive: &Path) -> Result<()> {
    let detail = match (fs::metadata(drive), drive.parent()) {
        (Ok(found), _) if !found.is_dir() => "the drive is a file; it must be a folder",
        (Err(e), Some(parent)) if e.kind() == io::ErrorKind::NotFound && !parent.is_dir() => {
            "neither the drive's folder nor the one above it exists: is its disk mounted?"
        }
        _ => return Ok(()),
    };
    Err(invalid(detail, drive.display().to_string()))
}

fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn not_set_up(folder: &Path) -> Error {
    let again = shell(&folder.to_string_lossy());
    invalid(format!("this folder is not set up; `kite sync {again} --drive URL` does that"), folder.display().to_string())
}

fn cannot_write(folder: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::State, "open", format!("{OWN} cannot be written: {error}")).about(folder.display().to_string())
}

fn invalid(detail: impl Into<String>, subject: String) -> Error {
    Error::new(ErrorKind::InvalidInput, "open", detail).about(subject)
}

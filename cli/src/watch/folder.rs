//! Noticing changes in the folder.

use super::bell::Bell;
use crate::{config, folder::OWN};
use kitestring::{Error, ErrorKind, Result};
use notify::{
    Config, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode, CreateKind, ModifyKind},
};
use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

/// How often a walk over all folders is begun anew because one of them vanished under it.
const MAX_WALKS: u32 = 10;

/// Notices changes in a folder, as long as the system can.
pub(crate) struct FolderWatch {
    root: PathBuf,
    identity: (u64, u64),
    bell: Arc<Bell>,
    /// None if the system cannot.
    watcher: Option<RecommendedWatcher>,
}

impl FolderWatch {
    /// Begins to watch a folder.
    ///
    /// # Errors
    /// `not_found` if there is no such folder.
    pub(crate) fn begin(folder: &Path) -> Result<Self> {
        let root = folder.canonicalize().map_err(|_| gone(folder))?;
        let identity = identity(&root).ok_or_else(|| gone(folder))?;
        let bell = Arc::new(Bell::default());
        let (theirs, inside) = (bell.clone(), root.clone());
        let hear = move |event: notify::Result<notify::Event>| hear(&theirs, &inside, event);
        // Nothing behind a symbolic link is ever synced.
        let config = Config::default().with_follow_symlinks(false);
        let mut watch = Self { root, identity, bell, watcher: RecommendedWatcher::new(hear, config).ok() };
        watch.walk();
        Ok(watch)
    }

    /// Whether the system notices changes. It does not once it refuses to watch more folders.
    pub(crate) fn can_hear(&self) -> bool {
        self.watcher.is_some()
    }

    /// Waits until something has changed in the folder and it is quiet again, or 5 seconds of changes have passed.
    pub(crate) async fn changed(&self) {
        self.bell.quiet().await;
    }

    /// Takes what was noticed as about to be looked at. Folders that are new are watched from here on, so that whatever
    /// the look does not see any more is noticed.
    pub(crate) fn take(&mut self) {
        let noted = self.bell.take();
        if noted.refused {
            self.watcher = None;
        } else if noted.unwatched {
            self.walk();
        }
    }

    /// Makes sure that the folder is the one that the watch began with.
    ///
    /// # Errors
    /// `not_found` if it is gone, or if another stands in its place, as below an unmounted disk.
    pub(crate) fn check_present(&self) -> Result<()> {
        if identity(&self.root) == Some(self.identity) { Ok(()) } else { Err(gone(&self.root)) }
    }

    /// Watches every folder that is there.
    fn walk(&mut self) {
        for _ in 0..MAX_WALKS {
            let Some(watcher) = &mut self.watcher else { return };
            match watcher.watch(&self.root, RecursiveMode::Recursive) {
                Ok(()) => return,
                // It went while the walk was on its way, and ended that.
                Err(e) if is_vanished(&e) => {}
                Err(_) => self.watcher = None,
            }
        }
        // Something keeps making and removing folders: it rings anyway.
        self.bell.changed(true);
    }
}

fn is_vanished(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(e) => e.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

/// Passes on what may concern a file.
fn hear(bell: &Bell, root: &Path, event: notify::Result<notify::Event>) {
    let event = match event {
        Err(e) if matches!(e.kind, notify::ErrorKind::MaxFilesWatch) => return bell.refused(),
        Err(_) => return bell.changed(true),
        Ok(event) => event,
    };
    if event.need_rescan() {
        return bell.changed(true);
    }
    // Kite's own files are no documents, but the configuration is touched where a sync has something new to do.
    let is_own = |path: &PathBuf| path.strip_prefix(root).is_ok_and(|inside| inside.starts_with(OWN) && !inside.ends_with(config::FILE));
    if !event.paths.is_empty() && event.paths.iter().all(is_own) {
        return;
    }
    match event.kind {
        // Reading is no change; but what was written through memory is noticed only here.
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => bell.changed(false),
        EventKind::Access(_) => {}
        EventKind::Create(CreateKind::File) => bell.changed(false),
        EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(_)) => bell.changed(true),
        _ => bell.changed(false),
    }
}

fn identity(folder: &Path) -> Option<(u64, u64)> {
    fs::metadata(folder).ok().filter(fs::Metadata::is_dir).map(|found| (found.dev(), found.ino()))
}

fn gone(folder: &Path) -> Error {
    let detail = "the folder is gone, or another stands in its place: is its disk mounted? Nothing was deleted on the drive; \
                  start the watch again when the folder is back";
    Error::new(ErrorKind::NotFound, "watch", detail).about(folder.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::{
        Event,
        event::{DataChange, Flag, MetadataKind, RemoveKind, RenameMode},
    };

    fn noted(kind: EventKind, path: &str) -> Option<bool> {
        let bell = Bell::default();
        hear(&bell, Path::new("/f"), Ok(Event::new(kind).add_path(path.into())));
        let noted = bell.take();
        (noted != Default::default()).then_some(noted.unwatched)
    }

    #[test]
    fn changes_ring_and_reading_does_not() {
        let data = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        for (kind, rings) in [
            (data, Some(false)),
            (EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)), Some(false)),
            (EventKind::Modify(ModifyKind::Name(RenameMode::To)), Some(true)),
            (EventKind::Create(CreateKind::File), Some(false)),
            (EventKind::Create(CreateKind::Folder), Some(true)),
            (EventKind::Remove(RemoveKind::File), Some(false)),
            (EventKind::Access(AccessKind::Close(AccessMode::Write)), Some(false)),
            (EventKind::Access(AccessKind::Open(AccessMode::Any)), None),
            (EventKind::Access(AccessKind::Close(AccessMode::Read)), None),
        ] {
            assert_eq!(noted(kind, "/f/a"), rings, "{kind:?}");
            assert_eq!(noted(kind, "/f/.kite/state.db"), None, "{kind:?} of kite's own");
        }
        assert_eq!(noted(data, "/f/.kites"), Some(false));
        assert_eq!(noted(data, "/f/.kite/config.json"), Some(false));
        assert_eq!(noted(EventKind::Remove(RemoveKind::Folder), "/f"), Some(false));
    }

    #[test]
    fn lost_notices_and_refusals_are_noted() {
        let bell = Bell::default();
        hear(&bell, Path::new("/f"), Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)));
        assert!(bell.take().unwatched);
        hear(&bell, Path::new("/f"), Err(notify::Error::new(notify::ErrorKind::MaxFilesWatch)));
        assert!(bell.take().refused);
    }

    #[test]
    fn another_folder_in_its_place_is_not_the_folder() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::create_dir(at("f")).unwrap();
        let watch = FolderWatch::begin(&at("f")).unwrap();
        watch.check_present().unwrap();
        fs::rename(at("f"), at("away")).unwrap();
        assert_eq!(watch.check_present().unwrap_err().kind, ErrorKind::NotFound);
        fs::create_dir(at("f")).unwrap();
        assert_eq!(watch.check_present().unwrap_err().kind, ErrorKind::NotFound);
    }
}

//! Whether another program copies the drive's folder between machines. It carries neither the drive's lock nor the order
//! of writes, so only a vault that finds its records by listing is safe there.
//!
//! To take a folder for a copied one costs a few requests; not to notice one can cost edits. So a name is enough where a
//! program leaves no marks.

use crate::{drive_url::canonical, layout::Layout};
use kitestring::Strategy;
use std::{
    env, fs,
    path::{Component, Path},
};

/// Who copies a folder of which only the user has said so.
pub(crate) const SOMEBODY: &str = "another program";

/// Files and folders that a program keeps in the root of what it copies.
const MARKS: [(&str, &str); 9] = [
    (".stfolder", "Syncthing"),
    (".dropbox.cache", "Dropbox"),
    (".tmp.driveupload", "Google Drive"),
    (".tmp.drivedownload", "Google Drive"),
    (".849C9593-D756-4E56-8D6E-42412F2A707B", "OneDrive"),
    (".nextcloudsync.log", "Nextcloud"),
    (".owncloudsync.log", "Nextcloud or ownCloud"),
    (".csync_journal.db", "ownCloud"),
    (".sync/ID", "Resilio Sync"),
];

/// The databases that the clients of Nextcloud and ownCloud name after the account: what they begin and end with.
const DATABASES: [(&str, &str); 2] = [(".sync_", ".db"), ("._sync_", ".db")];

/// How the folders of macOS's own file providers begin, below `Library/CloudStorage`.
const PROVIDERS: [(&str, &str); 5] =
    [("OneDrive", "OneDrive"), ("GoogleDrive", "Google Drive"), ("Dropbox", "Dropbox"), ("pCloud", "pCloud"), ("Box", "Box")];

/// Names of folders that programs use without leaving a mark in them: exactly these, or followed by an account.
const NAMES: [(&str, &str); 4] =
    [("OneDrive", "OneDrive"), ("Google Drive", "Google Drive"), ("pCloudDrive", "pCloud"), ("pCloud Drive", "pCloud")];

/// Returns the program that copies this folder between machines, by what it has left in the folder or in one above it,
/// up to the home folder or the root.
pub(crate) fn copier(folder: &Path) -> Option<&'static str> {
    let folder = canonical(folder).ok()?;
    let home = env::var_os("HOME").and_then(|home| fs::canonicalize(home).ok());
    by_path(&folder).or_else(|| up_to(&folder, home.as_deref()).find_map(by_mark))
}

/// Says what is wrong if a vault of this layout and strategy lies in a folder that `copier` copies.
pub(crate) fn danger(copier: &str, layout: Layout, strategy: Option<Strategy>, folder: &str) -> Option<String> {
    let copied = format!("the drive's folder is copied between machines by {copier}");
    match (layout, strategy) {
        (Layout::Classic, _) => Some(format!("{copied}, where the classic layout is not safe: edits can be lost; the journal layout is")),
        (Layout::Journal, None | Some(Strategy::Listing)) => None,
        (Layout::Journal, Some(strategy)) => {
            Some(format!("{copied}, but its vault relies on {strategy}, which does not hold there: run `kite lower {folder} listing`"))
        }
    }
}

fn up_to<'a>(folder: &'a Path, home: Option<&'a Path>) -> impl Iterator<Item = &'a Path> {
    let mut below = true;
    folder.ancestors().take_while(move |path| std::mem::replace(&mut below, Some(*path) != home))
}

fn by_mark(folder: &Path) -> Option<&'static str> {
    let marked = MARKS.iter().find(|(mark, _)| folder.join(mark).exists()).map(|(_, who)| *who);
    // In a home folder, `.dropbox` is the folder of the program itself.
    let dropbox = || folder.join(".dropbox").is_file().then_some("Dropbox");
    marked.or_else(dropbox).or_else(|| has_database(folder).then_some("Nextcloud or ownCloud"))
}

fn has_database(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    let is_one = |name: &str| DATABASES.iter().any(|(head, tail)| name.starts_with(head) && name.ends_with(tail));
    entries.flatten().any(|entry| entry.file_name().to_str().is_some_and(is_one))
}

fn by_path(folder: &Path) -> Option<&'static str> {
    let names: Vec<&str> = folder.components().filter_map(name).collect();
    let below = |above: &str| {
        let at = names.windows(2).position(|pair| pair == ["Library", above])?;
        names.get(at + 2).copied()
    };
    if below("Mobile Documents").is_some() {
        return Some("iCloud");
    }
    if let Some(provider) = below("CloudStorage") {
        return Some(PROVIDERS.iter().find(|(head, _)| provider.starts_with(head)).map_or(SOMEBODY, |(_, who)| who));
    }
    let is = |name: &str, known: &str| name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with(" - "));
    NAMES.iter().find(|(known, _)| names.iter().any(|name| is(name, known))).map(|(_, who)| *who)
}

fn name(component: Component<'_>) -> Option<&str> {
    match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(mark: &str, drive: &str) -> Option<&'static str> {
        let root = tempfile::tempdir().unwrap();
        let mark = root.path().join(mark);
        fs::create_dir_all(mark.parent().unwrap()).unwrap();
        fs::write(mark, "").unwrap();
        copier(&root.path().join(drive))
    }

    #[test]
    fn a_mark_in_the_folder_or_above_it_names_the_program() {
        for (mark, who) in MARKS {
            assert_eq!(found(&format!("s/{mark}"), "s"), Some(who), "{mark}");
            assert_eq!(found(&format!("s/{mark}"), "s/a/not yet made"), Some(who), "{mark}");
            assert_eq!(found(&format!("s/a/{mark}"), "s/b"), None, "{mark}");
        }
        for (mark, who) in [
            (".dropbox", Some("Dropbox")),
            (".dropbox/info.json", None),
            (".sync_0a1b.db", Some("Nextcloud or ownCloud")),
            ("._sync_0a1b.db", Some("Nextcloud or ownCloud")),
            (".sync_0a1b.db-wal", None),
            (".sync/x", None),
            ("notes.md", None),
        ] {
            assert_eq!(found(mark, "a"), who, "{mark}");
        }
    }

    #[test]
    fn places_that_only_such_programs_use_are_known_by_name() {
        for (path, who) in [
            ("Library/Mobile Documents/com~apple~CloudDocs/x", Some("iCloud")),
            ("Library/CloudStorage/OneDrive-Personal/x", Some("OneDrive")),
            ("Library/CloudStorage/GoogleDrive-a@b.c/My Drive", Some("Google Drive")),
            ("Library/CloudStorage/New-One", Some(SOMEBODY)),
            ("OneDrive/x", Some("OneDrive")),
            ("OneDrive - Firm/x", Some("OneDrive")),
            ("pCloudDrive", Some("pCloud")),
            ("OneDriver", None),
            ("Library/x", None),
            ("Library/CloudStorage", None),
            ("Nextcloud", None),
        ] {
            assert_eq!(by_path(&Path::new("/home/ann").join(path)), who, "{path}");
        }
    }

    #[test]
    fn the_way_up_ends_at_the_home_folder() {
        let up = |folder: &str, home: &str| up_to(Path::new(folder), Some(Path::new(home))).map(Path::to_owned).collect::<Vec<_>>();
        assert_eq!(up("/home/ann/a/b", "/home/ann").len(), 3);
        assert_eq!(up("/media/stick", "/home/ann").len(), 3);
        assert_eq!(up("/home/ann", "/home/ann").len(), 1);
    }

    #[test]
    fn only_listing_is_safe_in_a_copied_folder() {
        let said = |layout, strategy| danger("Syncthing", layout, strategy, "notes");
        assert!(said(Layout::Classic, None).unwrap().contains("the classic layout is not safe"));
        for strategy in [Strategy::CompareAndSwap, Strategy::Slots] {
            assert!(said(Layout::Journal, Some(strategy)).unwrap().contains("`kite lower notes listing`"));
        }
        assert_eq!(said(Layout::Journal, Some(Strategy::Listing)), None);
        assert_eq!(said(Layout::Journal, None), None);
    }
}

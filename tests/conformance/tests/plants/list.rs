//! Faults of listing.

use super::{Fault::*, Planted, failed};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{DirEntry, Listing},
};
use std::sync::atomic::Ordering::SeqCst;

pub(super) async fn page(planted: &Planted, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
    if planted.0.gone.load(SeqCst) {
        return Ok(Listing::default());
    }
    let asked = planted.0.calls.fetch_add(1, SeqCst);
    if planted.is(OldCursorsEnd) && cursor.is_some() && asked > 10 {
        return Ok(Listing::default());
    }
    let cursor = cursor.filter(|_| !planted.is(PagesForEver));
    let mut listing = planted.0.drive.list_dir(dir.clone(), cursor).await?;
    let entries = &mut listing.entries;
    match planted.0.fault {
        ListsLowerCase => entries.iter_mut().for_each(|e| e.name = e.name.to_lowercase()),
        ListsNoFolders => entries.retain(|e| !e.is_dir),
        ListsLess => entries.retain(|e| e.name != "f777"),
        SizesInBlocks => entries.iter_mut().for_each(|e| e.size = e.size.map(|size| size.div_ceil(512) * 512)),
        MissingFolderIsAnError if entries.is_empty() => return Err(failed(ErrorKind::NotFound)),
        ListsTheDeleted => {
            let deleted = planted.deleted();
            let inside = deleted.iter().filter_map(|path| path.rsplit_once('/').filter(|(above, _)| *above == dir.as_str()));
            entries.extend(inside.map(|(_, name)| DirEntry { name: name.to_owned(), is_dir: false, size: None }));
        }
        PagesForEver => listing.next = Some("more".to_owned()),
        _ => {}
    }
    Ok(listing)
}

//! What is there: a file, a folder or nothing; and whether the root still is.

use super::{
    WebDav,
    address::segments,
    call,
    multistatus::{Item, QUESTION, parse},
    quirks::THROUGH_A_FILE,
};
use crate::http::{Call, Method, Repeat, Request, Response};
use kitestring::{
    DrivePath, Error, ErrorKind, Result,
    drive::{DirEntry, Listing},
};
use url::Url;

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum There {
    File,
    Folder,
    Nothing,
}

impl WebDav {
    /// Says what has this name.
    ///
    /// # Errors
    /// `unavailable` if the root is gone.
    pub(super) async fn look(&self, operation: &'static str, path: &DrivePath) -> Result<There> {
        if path.as_str().is_empty() {
            return self.check_root(operation).await.map(|()| There::Folder);
        }
        let (call, url) = (call(operation, path.as_str(), Repeat::Freely), self.root.file(path)?);
        let response = self.ask(&call, &url, "0").await?;
        match response.status {
            207 => {
                let items = self.items(&call, &url, &response)?;
                let Some(item) = items.first() else { return Err(self.senseless(&call, &url, "it names nothing")) };
                Ok(if item.is_dir { There::Folder } else { There::File })
            }
            404 | 410 => self.check_root(operation).await.map(|()| There::Nothing),
            status if THROUGH_A_FILE.contains(&status) && self.is_below_a_file(operation, path).await? => Ok(There::Nothing),
            _ => Err(self.refused(&call, &url, &response)),
        }
    }

    /// Whether one of the folders above is none.
    pub(super) async fn is_below_a_file(&self, operation: &'static str, path: &DrivePath) -> Result<bool> {
        let Some(above) = above(path)? else { return Ok(false) };
        Ok(Box::pin(self.look(operation, &above)).await? != There::Folder)
    }

    /// Makes sure that a missing name is one in a root that is there: a folder that was moved away or not mounted must not
    /// look like a vault that was deleted.
    pub(super) async fn check_root(&self, operation: &'static str) -> Result<()> {
        if self.is_root_there(operation).await? {
            return Ok(());
        }
        let url = self.root.url();
        let what = format!("has no folder {} (any longer): was it moved, or is the address wrong?", url.path());
        Err(self.web.error(&call(operation, "", Repeat::Freely), url, ErrorKind::Unavailable, &what))
    }

    pub(super) async fn is_root_there(&self, operation: &'static str) -> Result<bool> {
        let (call, url) = (call(operation, "", Repeat::Freely), self.root.url());
        let response = self.ask(&call, url, "0").await?;
        match response.status {
            207 if self.items(&call, url, &response)?.first().is_some_and(|item| item.is_dir) => Ok(true),
            207 => Err(self.web.error(&call, url, ErrorKind::Unavailable, "has a file in the place of the drive's folder")),
            404 | 409 | 410 => Ok(false),
            _ => Err(self.refused(&call, url, &response)),
        }
    }

    /// Lists a folder, which is always one page.
    pub(super) async fn list(&self, dir: &DrivePath, cursor: Option<String>) -> Result<Listing> {
        let (call, url) = (call("list", dir.as_str(), Repeat::Freely), self.root.folder(dir)?);
        if cursor.is_some() {
            return Err(self.web.error(&call, &url, ErrorKind::Condition, "has given no such cursor"));
        }
        let response = self.ask(&call, &url, "1").await?;
        if response.status != 207 {
            return match self.look("list", dir).await? {
                There::File | There::Nothing => Ok(Listing::default()),
                There::Folder => Err(self.refused(&call, &url, &response)),
            };
        }
        let items = self.items(&call, &url, &response)?;
        let entries = children(&items, &url).map_err(|why| self.senseless(&call, &url, why))?;
        if dir.as_str().is_empty() {
            self.folders.note_root(&entries).await;
        }
        Ok(Listing { entries, next: None })
    }

    async fn ask(&self, call: &Call, url: &Url, depth: &str) -> Result<Response> {
        let request = Request::new(Method::Propfind, url.clone());
        self.send(call, request.with("Depth", depth).with("Content-Type", "application/xml; charset=utf-8").containing(QUESTION)).await
    }

    fn items(&self, call: &Call, url: &Url, response: &Response) -> Result<Vec<Item>> {
        parse(&response.body).map_err(|why| self.senseless(call, url, &why))
    }

    fn senseless(&self, call: &Call, url: &Url, why: &str) -> Error {
        self.web.error(call, url, ErrorKind::Unavailable, &format!("gave a listing that makes no sense: {why}"))
    }
}

/// Returns the folder that a path is in; none for the root.
pub(super) fn above(path: &DrivePath) -> Result<Option<DrivePath>> {
    match path.as_str().rsplit_once('/') {
        Some((above, _)) => DrivePath::new(above).map(Some),
        None => Ok(None),
    }
}

/// Returns what is directly inside of the folder that was asked for.
fn children(items: &[Item], url: &Url) -> Result<Vec<DirEntry>, &'static str> {
    let asked = segments(url.path()).unwrap_or_default();
    let places: Vec<(Vec<String>, &Item)> = items.iter().filter_map(|item| Some((segments(&item.href)?, item))).collect();
    // A proxy may have moved the whole tree: then only the folder's own name is as it was asked for.
    let is_same = |place: &&(Vec<String>, &Item)| place.0 == asked;
    let is_moved =
        |place: &&(Vec<String>, &Item)| place.0.last() == asked.last() && places.iter().all(|(other, _)| place.0.len() <= other.len());
    let Some((own, folder)) = places.iter().find(is_same).or_else(|| places.iter().find(is_moved)) else {
        return Err("it does not name the folder that was asked for");
    };
    if !folder.is_dir {
        return Ok(Vec::new());
    }
    let inside = places.iter().filter(|(place, _)| place.len() == own.len() + 1 && place.starts_with(own));
    inside.filter_map(|(place, item)| entry(place.last()?, item).transpose()).collect()
}

/// Names an item, unless it has vanished meanwhile.
fn entry(name: &str, item: &Item) -> Result<Option<DirEntry>, &'static str> {
    match item.status {
        None | Some(200..=299) => {
            Ok(Some(DirEntry { name: name.to_owned(), is_dir: item.is_dir, size: item.size.filter(|_| !item.is_dir) }))
        }
        Some(404 | 410) => Ok(None),
        Some(_) => Err("the server could not look at all that is there"),
    }
}

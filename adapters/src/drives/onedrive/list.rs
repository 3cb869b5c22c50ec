//! Listing a folder, page by page.

use super::{OneDrive, call, item::There};
use crate::http::{Call, Method, Repeat, Request};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{DirEntry, Listing},
};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// So many names are asked for at once.
const PAGE: &str = "1000";

#[derive(Deserialize)]
struct Page {
    value: Vec<Item>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    name: String,
    size: Option<u64>,
    file: Option<Value>,
    folder: Option<Value>,
}

impl OneDrive {
    pub(super) async fn list(&self, dir: &DrivePath, cursor: Option<String>) -> Result<Listing> {
        let call = call("list", dir, Repeat::Freely);
        if let Some(cursor) = cursor {
            let dead = || self.error(&call, ErrorKind::Condition, "cannot go on with this listing; it begins again");
            let url = self.next_page(&cursor).ok_or_else(dead)?;
            return match self.ask(&call, Request::new(Method::Get, url)).await? {
                Ok(value) => self.page(&call, value),
                Err(refusal) if refusal.is_too_old() => Err(dead()),
                Err(refusal) => Err(self.refused(&call, &refusal)),
            };
        }
        let mut url = self.address(dir, "children")?;
        url.query_pairs_mut().append_pair("$top", PAGE).append_pair("$select", "name,size,file,folder");
        match self.ask(&call, Request::new(Method::Get, url)).await? {
            Ok(value) => self.page(&call, value),
            Err(refusal) if refusal.is_missing() => self.check_root("list").await.map(|()| Listing::default()),
            Err(refusal) => match self.look("list", dir).await? {
                There::File(_) | There::Nothing => Ok(Listing::default()),
                There::Folder => Err(self.refused(&call, &refusal)),
            },
        }
    }

    fn page(&self, call: &Call, value: Value) -> Result<Listing> {
        let page: Page = serde_json::from_value(value).map_err(|_| self.senseless(call))?;
        let is_known = |item: &Item| item.file.is_some() || item.folder.is_some();
        let entry = |item: Item| DirEntry { is_dir: item.file.is_none(), size: item.size.filter(|_| item.file.is_some()), name: item.name };
        let entries = page.value.into_iter().filter(is_known).map(entry).collect();
        if page.next.as_deref().is_some_and(|next| self.next_page(next).is_none()) {
            return Err(self.error(call, ErrorKind::Unavailable, "leads elsewhere with a listing, and is not followed"));
        }
        Ok(Listing { entries, next: page.next })
    }

    /// Takes the address of a page, if it is one of this drive: the token goes there.
    fn next_page(&self, address: &str) -> Option<Url> {
        let url = Url::parse(address).ok()?;
        let is_ours = url.origin() == self.service.origin() && url.path().starts_with("/v1.0/") && url.username().is_empty();
        is_ours.then_some(url)
    }
}

//! Writing a file under its condition, making a folder, and deleting.

use super::{
    account::Account,
    answer::{answered, done, refined, refused},
    names::is_allowed,
    routes::Place,
};
use crate::server::{Asked, Reply};
use serde_json::{Value, json};

/// One request takes no more.
const MAX_BYTES: usize = 250 << 20;
pub(super) const CONFLICT: &str = "@microsoft.graph.conflictBehavior";

/// Where a file is to be written, and when.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) place: Place,
    pub(super) behavior: String,
    pub(super) if_match: Option<String>,
}

impl Target {
    pub(super) fn of(place: Place, behavior: Option<&str>, asked: &Asked) -> Self {
        Self { place, behavior: behavior.unwrap_or("replace").to_owned(), if_match: asked.header("if-match").map(str::to_owned) }
    }
}

/// Writes a file if its condition holds, and returns its id and whether it is new.
pub(super) fn commit(account: &mut Account, target: &Target, bytes: Vec<u8>) -> Result<(String, bool), Reply> {
    if !matches!(target.behavior.as_str(), "fail" | "replace") {
        return Err(refused(400, "invalidRequest"));
    }
    if bytes.len() > MAX_BYTES {
        return Err(refused(413, "maxFileSizeExceeded"));
    }
    let Target { place, behavior, if_match } = target;
    let full = || refused(507, "quotaLimitReached");
    if let Some(id) = account.at(&place.folder, &place.names) {
        let item = account.items.get_mut(&id).ok_or_else(|| refused(404, "itemNotFound"))?;
        if item.file.is_none() {
            return Err(refused(409, "nameAlreadyExists"));
        }
        if !item.matches(if_match.as_deref()) {
            return Err(refined(412, "resourceModified", "entityTagDoesNotMatch"));
        }
        // By its id a file is named that is there.
        if behavior == "fail" && !place.names.is_empty() {
            return Err(refused(409, "nameAlreadyExists"));
        }
        return if account.replace(&id, bytes) { Ok((id, false)) } else { Err(full()) };
    }
    // A condition on a file that is not there has no effect.
    let Some((name, folders)) = place.names.split_last() else { return Err(refused(404, "itemNotFound")) };
    check_names(&place.names)?;
    let in_the_way = || refused(400, "invalidRequest");
    let folder = account.make_folders(&place.folder, folders).ok_or_else(in_the_way)?;
    let file = account.content(bytes, None).ok_or_else(full)?;
    Ok((account.add(&folder, name, Some(file)), true))
}

pub(super) fn check_names(names: &[String]) -> Result<(), Reply> {
    if names.iter().all(|name| is_allowed(name)) { Ok(()) } else { Err(refined(400, "invalidRequest", "invalidPath")) }
}

/// Makes a folder in one.
pub(super) fn make_folder(account: &mut Account, folder: &str, about: &Value) -> Result<String, Reply> {
    let name = about["name"].as_str().filter(|_| about["folder"].is_object()).ok_or_else(|| refused(400, "invalidRequest"))?;
    check_names(&[name.to_owned()])?;
    match account.at(folder, &[name.to_owned()]) {
        Some(_) if about[CONFLICT] != "replace" => Err(refused(409, "nameAlreadyExists")),
        Some(id) => Ok(id),
        None => Ok(account.add(folder, name, None)),
    }
}

pub(super) fn delete(account: &mut Account, id: &str, if_match: Option<&str>) -> Result<Reply, Reply> {
    let item = account.items.get_mut(id).ok_or_else(|| refused(404, "itemNotFound"))?;
    if item.parent.is_none() {
        return Err(refused(400, "invalidRequest"));
    }
    if !item.matches(if_match) {
        return Err(refined(412, "resourceModified", "entityTagDoesNotMatch"));
    }
    account.remove(id);
    Ok(done())
}

pub(super) fn told(status: u16, item: Value) -> Reply {
    let mut item = item;
    item["@odata.context"] = json!("https://graph.microsoft.com/v1.0/$metadata#item");
    answered(status, &item)
}

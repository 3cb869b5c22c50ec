//! Merges texts by lines, as version control does: what both sides had before is compared with each.
//!
//! What both had is `versions.base`. A vault keeps it for as long as it keeps history (30 days unless the application says
//! otherwise); the classic layout keeps none. Without it, or where both changed the same lines, the user is asked: a merge
//! that guesses is how edits get lost.

use crate::two::{Device, bytes, in_conflict};
use kitestring::{Conflict, Document, Resolution, Result, Revision};

/// Settles a conflict if the two sides changed different lines. Returns whether it did.
async fn merge(device: &Device, seen: Conflict) -> Result<bool> {
    let versions = device.client.versions(seen.id.clone()).await?;
    let texts = [versions.base, versions.local, versions.remote].map(|side| side.and_then(text));
    let [Some(base), Some(ours), Some(theirs)] = texts else { return Ok(false) };
    let Ok(merged) = diffy::merge(&base, &ours, &theirs) else { return Ok(false) };
    let resolution = Resolution::Merged { revision: Revision::of(merged.as_bytes()), body: merged.into_bytes().into() };
    device.client.resolve(seen, resolution).await?;
    Ok(true)
}

fn text(document: Document) -> Option<String> {
    String::from_utf8(bytes(document.body)).ok()
}

/// Shows it.
pub(crate) async fn show() -> Result<String> {
    let agreed = "milk\nflour\nsalt\n";
    let (laptop, phone) = in_conflict(agreed, "bread\nmilk\nflour\nsalt\n", "milk\nflour\nsalt\neggs\n").await?;
    for seen in phone.client.conflicts().await? {
        merge(&phone, seen).await?;
    }
    phone.sync().await?;
    laptop.sync().await?;
    Ok(laptop.text("list").trim_end().replace('\n', ", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;

    #[test]
    fn different_lines_are_merged() {
        assert_eq!(block_on(show()).unwrap(), "bread, milk, flour, salt, eggs");
    }

    #[test]
    fn the_same_line_is_asked_about() {
        block_on(async {
            let (_, phone) = in_conflict("milk\n", "two milk\n", "three milk\n").await.unwrap();
            let seen = phone.client.conflicts().await.unwrap().remove(0);
            assert!(!merge(&phone, seen).await.unwrap());
            assert_eq!((phone.text("list").as_str(), phone.client.conflicts().await.unwrap().len()), ("two milk\n", 1));
        });
    }
}

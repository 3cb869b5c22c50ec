//! `kite lower`.

use super::DONE;
use crate::{
    args::{Lower, Lowered},
    config,
    layout::Layout,
    output::{GOOD, json, line, styled},
    sealed::Opening,
    session::Session,
};
use kitestring::{Error, ErrorKind, Result, Strategy};
use serde_json::json;

/// Lowers the vault of a folder to a strategy that asks less of its drive.
pub(super) async fn run(args: &Lower, opening: &Opening) -> Result<u8> {
    let folder = &args.folder.folder;
    let session = Session::for_local_work(folder, opening).await?;
    if session.config.layout == Layout::Classic {
        let detail = "the vault of this folder has the classic layout, which has one way only to find changes";
        return Err(Error::new(ErrorKind::InvalidInput, "lower", detail).about(folder.display().to_string()));
    }
    let before = session.status().await?.strategy;
    let after = match args.strategy {
        Lowered::Slots => Strategy::Slots,
        Lowered::Listing => Strategy::Listing,
    };
    session.client.lower(after).await?;
    config::touch(folder);
    if args.folder.json {
        json::print(&json!({ "before": before.map(Strategy::code), "strategy": after.code() }));
    } else {
        let from = before.map_or_else(String::new, |before| format!(" from {before}"));
        line(format_args!("{} the vault{from} to {after}, for every device", styled(GOOD, "Lowered")));
    }
    Ok(DONE)
}

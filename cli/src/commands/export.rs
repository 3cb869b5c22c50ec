//! `kite export`.

use super::DONE;
use crate::{
    archive::Writer,
    args::Export,
    output::{GOOD, json, line, progress::Bar, quote::shown, styled, summary},
    sealed::Opening,
    signals::Watch,
    visit::Visit,
};
use kitestring::{
    Result,
    transfer::{ExportOptions, Transferred},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Copies a whole vault into one file.
pub(super) async fn run(args: &Export, opening: &Opening, watch: &Watch) -> Result<u8> {
    let visit = Visit::of(&args.place, opening).await?;
    let writer = Arc::new(Writer::begin(&args.file)?);
    let bar = Bar::new(opening.verbose);
    let options = ExportOptions { cancel: Some(watch.cancel_token()), progress: bar.sink() };
    let exported = visit.client.export(writer.clone(), options).await;
    drop(bar);
    let exported = exported?;
    if let Some(writer) = Arc::into_inner(writer) {
        writer.finish()?;
    }
    if args.place.json {
        json::print(&described("exported", &args.file.to_string_lossy(), &exported));
    } else {
        let Transferred { files, bytes, .. } = exported;
        let (from, to) = (shown(&visit.shown), shown(&args.file.to_string_lossy()));
        line(format_args!("{} {from} to {to}: {files} files, {}", styled(GOOD, "Exported"), summary::size(bytes)));
    }
    Ok(DONE)
}

/// Describes what was exported or imported, for programs.
pub(super) fn described(what: &str, place: &str, done: &Transferred) -> Value {
    let mut value = json!({ "vault": done.vault, "files": done.files, "bytes": done.bytes });
    json::add(&mut value, what, place.into());
    value
}

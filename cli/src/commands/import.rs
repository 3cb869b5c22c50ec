//! `kite import`.

use super::{DONE, export};
use crate::{
    archive::Reader,
    args::Import,
    drive_url::DriveUrl,
    layout::Layout,
    output::{GOOD, json, line, progress::Bar, quote::shown, styled, summary},
    sealed::Opening,
    signals::Watch,
};
use kitestring::{
    Result,
    transfer::{ImportOptions, Transferred, import},
};
use kitestring_adapters::NativeRuntime;
use std::sync::Arc;

/// Copies a vault out of one file into an empty place.
pub(super) async fn run(args: &Import, opening: &Opening, watch: &Watch) -> Result<u8> {
    let archive = Reader::open(&args.file)?;
    let layout = if archive.told("layout").as_deref() == Some(Layout::Classic.name()) { Layout::Classic } else { Layout::Journal };
    let url = DriveUrl::parse(args.drive.as_os_str())?.with_collection(args.collection.as_deref())?;
    let drive = url.open(true, layout, None)?;
    let bar = Bar::new(opening.verbose);
    let mut options = ImportOptions::new(Arc::new(NativeRuntime::new()));
    (options.cancel, options.progress) = (Some(watch.cancel_token()), bar.sink());
    let imported = import(drive, Arc::new(archive), options).await;
    drop(bar);
    let imported = imported?;
    if args.json {
        let mut value = export::described("imported", &url.shown_dataset(), &imported);
        json::add(&mut value, "resumed", imported.resumed.into());
        json::print(&value);
    } else {
        let Transferred { files, bytes, .. } = imported;
        let (from, to) = (shown(&args.file.to_string_lossy()), shown(&url.shown_dataset()));
        line(format_args!("{} {from} into {to}: {files} files, {}", styled(GOOD, "Imported"), summary::size(bytes)));
    }
    Ok(DONE)
}

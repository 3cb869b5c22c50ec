//! `kite key revoke`.

use super::{New, describe, devices, into, open, warn_of};
use crate::{
    args::KeyRevoke,
    commands::DONE,
    config,
    output::{
        FAINT, GOOD, NOTICE, json, line, note,
        progress::Bar,
        quote::{shell, shown},
        styled,
    },
    sealed::{KeyFile, Opening},
    signals::Watch,
};
use kitestring::{Encryption, Result, Revocation, SyncOptions};
use serde_json::json;

/// Syncs, revokes a device, and keeps what opens the vault from now on.
pub(super) async fn run(args: &KeyRevoke, opening: &Opening, watch: &Watch) -> Result<u8> {
    let folder = &args.folder.folder;
    let session = open(folder, opening).await?;
    let list = format!("`kite key list {}`", shell(&folder.to_string_lossy()));
    let known = session.client.devices().await?;
    let device = args.device.as_deref().map(|typed| devices::wanted(&known, typed, &list)).transpose()?;
    let keep = args.keep.iter().map(|path| Ok(Encryption::key(*KeyFile::at(path).read_existing()?))).collect::<Result<_>>()?;
    let New { file, encryption, label } = New::asked(args.new_key_file.as_deref(), args.label.as_deref(), &session)?;
    let revocation = Revocation { device: device.as_ref().map(|device| device.id.clone()), label, encryption, keep };
    let bar = Bar::new(opening.verbose);
    let options = SyncOptions { cancel: Some(watch.cancel_token()), progress: bar.sink(), reconcile: true, ..SyncOptions::default() };
    let revoked = session.client.revoke(revocation, options).await;
    drop(bar);
    if let (Err(_), Some(file)) = (&revoked, &file) {
        let path = shown(&file.path().to_string_lossy());
        note(format_args!("{} the new key in {path} may open the vault by now: keep it until {list} has worked", styled(NOTICE, "kite:")));
    }
    let slot = revoked?;
    opening.keep(&session)?;
    config::touch(folder);
    if args.folder.json {
        let mut value = json!({ "revoked": device.as_ref().map(devices::describe), "key": describe(&slot) });
        json::add(&mut value, "key_file", json!(file.as_ref().map(|file| file.path().to_string_lossy())));
        json::print(&value);
        return Ok(DONE);
    }
    let whom = device.as_ref().map_or_else(|| "every device that is not given the new one".to_owned(), devices::name);
    line(format_args!("{} {whom}: only {} opens the vault now{}", styled(GOOD, "Revoked"), slot.label, into(file.as_ref())));
    warn_of(file.as_ref());
    line(styled(FAINT, "  every other device asks for it by its next sync; what the lost one has read, it keeps"));
    Ok(DONE)
}

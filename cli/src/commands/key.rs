//! `kite key`.

mod devices;
mod revoke;

use super::DONE;
use crate::{
    args::{Folder, Key, KeyAdd, KeyList, KeyRemove, KeyRotate},
    drive_url::canonical,
    output::{
        FAINT, GOOD, NOTICE, json, line,
        quote::{shell, shown},
        styled,
    },
    sealed::{KeyFile, Opening, Passphrase, is_somebody_here},
    session::Session,
    signals::Watch,
};
use kitestring::{Encryption, Error, ErrorKind, KeySlot, Result, Runtime as _};
use kitestring_adapters::runtime::NativeRuntime;
use serde_json::{Value, json};
use std::path::Path;
use zeroize::Zeroizing;

/// Lists or changes what opens a sealed vault.
pub(super) async fn run(key: &Key, opening: &Opening, watch: &Watch) -> Result<u8> {
    match key {
        Key::List(args) => list(args, opening).await,
        Key::Add(args) => add(args, opening).await,
        Key::Remove(args) => remove(args, opening).await,
        Key::Rotate(args) => rotate(args, opening).await,
        Key::Revoke(args) => revoke::run(args, opening, watch).await,
        Key::Code(args) => code(args, opening).await,
    }
}

/// Opens the vault of a folder with its newest keyring.
async fn open(folder: &Path, opening: &Opening) -> Result<Session> {
    let session = Session::for_local_work(folder, opening).await?;
    session.client.look_for_keys().await?;
    Ok(session)
}

async fn list(args: &KeyList, opening: &Opening) -> Result<u8> {
    let session = open(&args.folder.folder, opening).await?;
    let (keys, devices) = (session.client.keys()?, session.client.devices().await?);
    if args.folder.json {
        json::print(&json!({ "keys": described(&keys), "devices": devices.iter().map(devices::describe).collect::<Value>() }));
        return Ok(DONE);
    }
    for key in &keys {
        let ours = if key.is_ours { styled(NOTICE, "  in use here") } else { String::new() };
        line(format_args!("{}  {:<10}  {}{ours}", key.id, kind(key), shown(&key.label)));
    }
    devices.iter().for_each(devices::tell);
    Ok(DONE)
}

async fn add(args: &KeyAdd, opening: &Opening) -> Result<u8> {
    let session = open(&args.folder.folder, opening).await?;
    let New { file, encryption, label } = New::asked(args.new_key_file.as_deref(), args.label.as_deref(), &session)?;
    let added = match session.client.add_key(&label, encryption).await {
        Ok(added) => added,
        // What opens nothing is of no use.
        Err(e) => {
            let _ = file.as_ref().map(KeyFile::remove);
            return Err(e);
        }
    };
    if args.folder.json {
        let mut value = describe(&added);
        json::add(&mut value, "key_file", json!(file.as_ref().map(|file| file.path().to_string_lossy())));
        json::print(&value);
        return Ok(DONE);
    }
    line(format_args!("{} {}  {}{}", styled(GOOD, "Added"), added.id, shown(&added.label), into(file.as_ref())));
    warn_of(file.as_ref());
    Ok(DONE)
}

async fn remove(args: &KeyRemove, opening: &Opening) -> Result<u8> {
    let folder = &args.folder.folder;
    let mut session = open(folder, opening).await?;
    let mut key = wanted(folder, &session.client.keys()?, &args.id)?;
    if key.is_ours {
        drop(session);
        opening.with_another()?;
        session = open(folder, opening).await?;
        key = wanted(folder, &session.client.keys()?, &args.id)?;
    }
    session.client.remove_key(&key.id).await?;
    // What was kept may be what was just removed.
    opening.keep(&session)?;
    if args.folder.json {
        json::print(&json!({ "removed": key.id }));
    } else {
        line(format_args!("{} {}  {}", styled(GOOD, "Removed"), key.id, shown(&key.label)));
        let again = shell(&folder.to_string_lossy());
        line(styled(
            FAINT,
            format_args!("  whoever had it can go on reading: `kite key rotate {again}` seals what comes with another key"),
        ));
    }
    Ok(DONE)
}

async fn rotate(args: &KeyRotate, opening: &Opening) -> Result<u8> {
    let session = open(&args.folder.folder, opening).await?;
    let key_file = |path| Ok(Encryption::key(*KeyFile::at(path).read_existing()?));
    let mut keep: Vec<Encryption> = args.key_file.iter().map(key_file).collect::<Result<_>>()?;
    for key in session.client.keys()?.iter().filter(|key| key.is_passphrase && !key.is_ours && is_somebody_here()) {
        keep.push(Passphrase::ask(&format!("The passphrase that is called {}", shown(&key.label)))?.encryption()?);
    }
    session.client.rotate_key(keep).await?;
    let keys = session.client.keys()?;
    if args.folder.json {
        json::print(&json!({ "rotated": true, "keys": described(&keys) }));
    } else {
        let n = keys.len();
        let what = if n == 1 { "1 passphrase or key opens it".to_owned() } else { format!("{n} passphrases and keys open it") };
        line(format_args!("{} the vault's key: {what}, as before", styled(GOOD, "Rotated")));
    }
    Ok(DONE)
}

/// Shows a pairing code.
async fn code(args: &Folder, opening: &Opening) -> Result<u8> {
    let session = Session::for_local_work(&args.folder, opening).await?;
    let code = session.client.pairing_code().await?.to_string();
    if args.json {
        json::print(&json!({ "code": code }));
    } else {
        line(code);
    }
    Ok(DONE)
}

/// Picks the one whose id begins as it was typed.
fn wanted(folder: &Path, keys: &[KeySlot], typed: &str) -> Result<KeySlot> {
    let found: Vec<&KeySlot> = keys.iter().filter(|key| !typed.is_empty() && key.id.starts_with(typed)).collect();
    if let [key] = found.as_slice() {
        return Ok((*key).clone());
    }
    let list = format!("`kite key list {}`", shell(&folder.to_string_lossy()));
    let (kind, detail) = if found.is_empty() {
        (ErrorKind::NotFound, format!("no key of the vault has this id; {list} lists them"))
    } else {
        (ErrorKind::InvalidInput, format!("{} keys of the vault have ids that begin so: type more of it; {list} lists them", found.len()))
    };
    Err(Error::new(kind, "key", detail).about(typed))
}

/// What is to open a vault from now on.
struct New {
    /// The file that was made for it, if it is a key.
    file: Option<KeyFile>,
    encryption: Encryption,
    label: String,
}

impl New {
    /// Makes a key in a new file, or asks for a passphrase.
    fn asked(key_file: Option<&Path>, label: Option<&str>, session: &Session) -> Result<Self> {
        let file = key_file.map(KeyFile::at);
        let encryption = match &file {
            Some(file) => {
                check_apart(file.path(), session)?;
                new_key(file)?
            }
            None => new_passphrase()?,
        };
        let label = label.unwrap_or(if file.is_some() { "key" } else { "passphrase" }).to_owned();
        Ok(Self { file, encryption, label })
    }
}

fn into(file: Option<&KeyFile>) -> String {
    file.map(|file| format!(", in {}", shown(&file.path().to_string_lossy()))).unwrap_or_default()
}

fn warn_of(file: Option<&KeyFile>) {
    if file.is_some() {
        line(styled(FAINT, "  whoever has this file reads everything: keep it where the drive is not"));
    }
}

fn new_passphrase() -> Result<Encryption> {
    if let Some(passphrase) = Passphrase::given_anew()? {
        return passphrase.encryption();
    }
    if !is_somebody_here() {
        let detail = "nobody is here to ask for the new passphrase: set KITE_NEW_PASSPHRASE, or add --new-key-file PATH";
        return Err(Error::new(ErrorKind::InvalidInput, "key", detail));
    }
    Passphrase::ask_twice("Another passphrase for the vault")?.encryption()
}

fn new_key(file: &KeyFile) -> Result<Encryption> {
    let mut key = Zeroizing::new([0; 32]);
    NativeRuntime::new().random(&mut *key)?;
    file.make(&key)?;
    Ok(Encryption::key(*key))
}

/// In the folder a key would be synced, and on the drive it would lie beside what it opens.
fn check_apart(file: &Path, session: &Session) -> Result<()> {
    let real = |path: &Path| canonical(path).ok();
    let inside = |above: &Path| real(file).zip(real(above)).is_some_and(|(file, above)| file.starts_with(above));
    let detail = match (inside(session.tree.path()), session.config.drive.folder().is_some_and(inside)) {
        (true, _) => "a key file in the folder would be synced: choose a place elsewhere",
        (_, true) => "a key file on the drive opens the vault to whoever sees the drive: choose a place elsewhere",
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::InvalidInput, "key", detail).about(file.display().to_string()))
}

fn kind(key: &KeySlot) -> &'static str {
    if key.is_passphrase { "passphrase" } else { "key" }
}

fn describe(key: &KeySlot) -> Value {
    json!({ "id": key.id, "label": key.label, "kind": kind(key), "in_use": key.is_ours })
}

fn described(keys: &[KeySlot]) -> Value {
    keys.iter().map(describe).collect()
}

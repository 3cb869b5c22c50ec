//! Writing a file under its mode, and deleting one.

use super::{
    account::Tree,
    names::{Form, above, folded, form},
    replies::{bad, refused},
};
use crate::server::Reply;
use serde::Deserialize;
use serde_json::{Value, json};

/// Where a file is to be written, and when.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommitInfo {
    path: String,
    mode: Option<Value>,
    #[serde(default)]
    autorename: bool,
    #[serde(default)]
    strict_conflict: bool,
    #[serde(default)]
    #[allow(dead_code, reason = "it is accepted, and changes nothing here")]
    mute: bool,
    #[allow(dead_code, reason = "the same")]
    client_modified: Option<String>,
    #[allow(dead_code, reason = "the same")]
    content_hash: Option<String>,
}

/// What a mode asks of the file that is there.
enum Mode {
    Add,
    Overwrite,
    Update(String),
}

impl CommitInfo {
    fn mode(&self, route: &str) -> Result<Mode, Reply> {
        let no_mode = || bad(route, "mode: not a WriteMode");
        let tag = match &self.mode {
            None => "add",
            Some(Value::String(tag)) => tag,
            Some(mode) => mode.get(".tag").and_then(Value::as_str).ok_or_else(no_mode)?,
        };
        match tag {
            "add" => Ok(Mode::Add),
            "overwrite" => Ok(Mode::Overwrite),
            "update" => {
                let rev = self.mode.as_ref().and_then(|mode| mode.get("update")).and_then(Value::as_str).ok_or_else(no_mode)?;
                if is_rev(rev) {
                    Ok(Mode::Update(rev.to_owned()))
                } else {
                    Err(bad(route, "mode: update: did not match the pattern of a rev"))
                }
            }
            _ => Err(no_mode()),
        }
    }
}

pub(super) fn is_rev(text: &str) -> bool {
    text.len() >= 9 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Why a file was not written.
pub(super) enum Refusal {
    /// The request is no call.
    Bad(Reply),
    /// A `WriteError`.
    Write(Value),
}

fn write_error(tag: &str) -> Refusal {
    Refusal::Write(json!({".tag": tag}))
}

pub(super) fn conflict(with: &str) -> Value {
    json!({".tag": "conflict", "conflict": {".tag": with}})
}

/// Writes a file if its mode allows it, and returns its metadata.
pub(super) fn commit(tree: &mut Tree, route: &str, info: &CommitInfo, bytes: Vec<u8>) -> Result<Value, Refusal> {
    let mode = info.mode(route).map_err(Refusal::Bad)?;
    check_name(route, &info.path)?;
    if tree.is_folder(&info.path) {
        return Err(Refusal::Write(conflict("folder")));
    }
    if tree.is_through_a_file(&info.path) {
        return Err(Refusal::Write(conflict("file_ancestor")));
    }
    let there = tree.at(&info.path).and_then(|entry| Some((entry.metadata(), entry.file.clone()?)));
    let same = there.as_ref().filter(|(_, file)| *file.bytes == bytes).map(|(metadata, _)| metadata.clone());
    let clashes = match (&mode, &there) {
        (Mode::Overwrite, _) | (Mode::Add, None) => false,
        (Mode::Add, Some(_)) => true,
        // Without `strict_conflict` an update of a deleted file writes it.
        (Mode::Update(_), None) => info.strict_conflict,
        (Mode::Update(rev), Some((_, file))) => file.rev != *rev,
    };
    match same {
        // The rule of identical bytes: what is there already is no conflict, unless that was asked for.
        Some(metadata) if matches!(mode, Mode::Overwrite) || (clashes && !info.strict_conflict) => return Ok(metadata),
        _ => {}
    }
    if tree.room.is_some_and(|room| tree.used() + bytes.len() > room) {
        return Err(write_error("insufficient_space"));
    }
    match (clashes, info.autorename) {
        (true, false) => Err(Refusal::Write(conflict("file"))),
        (true, true) => {
            let free = (1..).map(|n| renamed(&info.path, n)).find(|path| tree.at(path).is_none()).unwrap_or_default();
            Ok(tree.write(&free, bytes))
        }
        (false, _) => Ok(tree.write(&info.path, bytes)),
    }
}

fn check_name(route: &str, path: &str) -> Result<(), Refusal> {
    match form(path) {
        Form::Good if !path.is_empty() => Ok(()),
        Form::Good | Form::NoPath => Err(Refusal::Bad(bad(route, "path: did not match the pattern"))),
        Form::Malformed => Err(write_error("malformed_path")),
        Form::Disallowed => Err(write_error("disallowed_name")),
    }
}

/// `a/b.txt` becomes `a/b (1).txt`.
fn renamed(path: &str, n: u32) -> String {
    match path.rsplit_once('.').filter(|(_, end)| !end.contains('/')) {
        Some((stem, end)) => format!("{stem} ({n}).{end}"),
        None => format!("{path} ({n})"),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeleteArg {
    path: String,
    parent_rev: Option<String>,
}

/// Deletes a file or a folder, and returns what it was.
pub(super) fn delete(tree: &mut Tree, route: &str, arg: &DeleteArg) -> Result<Value, Reply> {
    if arg.parent_rev.as_ref().is_some_and(|rev| !is_rev(rev)) {
        return Err(bad(route, "parent_rev: did not match the pattern of a rev"));
    }
    let lookup = |tag: &str| refused(&json!({".tag": "path_lookup", "path_lookup": {".tag": tag}}));
    match form(&arg.path) {
        Form::NoPath => return Err(bad(route, "path: did not match the pattern")),
        Form::Malformed => return Err(lookup("malformed_path")),
        _ if arg.path.is_empty() => return Err(bad(route, "path: the root folder cannot be deleted")),
        _ => {}
    }
    let Some(entry) = tree.at(&arg.path) else { return Err(lookup("not_found")) };
    let clash = |with: &str| refused(&json!({".tag": "path_write", "path_write": conflict(with)}));
    match (&arg.parent_rev, &entry.file) {
        (Some(_), None) => return Err(clash("folder")),
        (Some(rev), Some(file)) if *rev != file.rev => return Err(clash("file")),
        _ => {}
    }
    let metadata = entry.metadata();
    tree.remove(&arg.path);
    Ok(json!({"metadata": metadata}))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateFolderArg {
    path: String,
    #[serde(default)]
    #[allow(dead_code, reason = "no test asks for it")]
    autorename: bool,
}

/// Makes a folder, with those above it.
pub(super) fn create_folder(tree: &mut Tree, route: &str, arg: &CreateFolderArg) -> Result<Value, Reply> {
    let clash = |error: Value| refused(&json!({".tag": "path", "path": error}));
    match check_name(route, &arg.path) {
        Err(Refusal::Bad(reply)) => return Err(reply),
        Err(Refusal::Write(error)) => return Err(clash(error)),
        Ok(()) => {}
    }
    if let Some(entry) = tree.at(&arg.path) {
        return Err(clash(conflict(if entry.file.is_some() { "file" } else { "folder" })));
    }
    if above(&arg.path).is_some_and(|above| tree.is_through_a_file(&format!("{above}/x"))) {
        return Err(clash(conflict("file_ancestor")));
    }
    tree.make_folder(&arg.path);
    let metadata = tree.entries.get(&folded(&arg.path)).map(super::account::Entry::metadata).unwrap_or_default();
    Ok(json!({"metadata": metadata}))
}

//! `cargo xtask demo`: two devices, one drive, and this repository's `spec` folder as what they share.

mod session;

use crate::{
    Result,
    place::{root, target},
};
use session::{Session, copy_folder, text_files};
use std::fs;

/// The exit code of `kite` when conflicts wait.
const CONFLICTS: i32 = 2;

/// Runs the session in `target/demo`; the programs must have been built.
///
/// # Errors
/// If a step does not end as it should; the sentence names it.
pub(crate) fn run() -> Result<()> {
    let session = Session::new(target().join("demo"))?;
    let files = first_sync(&session)?;
    let [first, second, ..] = files.as_slice() else { return Err("the demo needs two text files in `spec`".to_owned()) };
    both_edit(&session, first, second)?;
    conflict(&session, first)?;
    session.say("Both folders are the same now, to the byte:");
    session.same("laptop", "phone")
}

fn first_sync(session: &Session) -> Result<Vec<String>> {
    session.say("A laptop has a folder of texts. It syncs with a drive; then an empty phone syncs with the same drive.");
    copy_folder(&root().join("spec"), &session.folder("laptop"))?;
    let files = text_files(&session.folder("laptop"))?;
    session.make("phone")?;
    session.kite(&["sync", "laptop", "--drive", "drive", "--device", "laptop"], 0)?;
    session.kite(&["sync", "phone", "--drive", "drive", "--device", "phone"], 0)?;
    session.same("laptop", "phone")?;
    Ok(files)
}

fn both_edit(session: &Session, first: &str, second: &str) -> Result<()> {
    session.say("Each device edits another file. Syncing brings both edits to both.");
    session.append("laptop", first, "Written on the laptop.")?;
    session.append("phone", second, "Written on the phone.")?;
    session.kite(&["sync", "laptop"], 0)?;
    session.kite(&["sync", "phone"], 0)?;
    session.kite(&["sync", "laptop"], 0)?;
    session.same("laptop", "phone")
}

fn conflict(session: &Session, file: &str) -> Result<()> {
    session.say("Both edit the same file. The drive's version is not overwritten, nor is the phone's: kite asks, with exit code 2.");
    session.append("laptop", file, "The laptop says one thing.")?;
    session.append("phone", file, "The phone says another.")?;
    session.kite(&["sync", "laptop"], 0)?;
    session.kite(&["sync", "phone"], CONFLICTS)?;
    session.kite(&["conflicts", "phone", "--diff", file], 0)?;
    let kept = fs::read_to_string(session.folder("phone").join(file)).map_err(|e| format!("{file}: {e}"))?;
    if !kept.ends_with("The phone says another.\n") {
        return Err(format!("the phone's {file} was changed by a conflict"));
    }
    session.say("The phone keeps its own version; the next syncs carry it to the laptop.");
    session.kite(&["resolve", "phone", file, "--keep", "local"], 0)?;
    session.kite(&["sync", "phone"], 0)?;
    session.kite(&["sync", "laptop"], 0)
}

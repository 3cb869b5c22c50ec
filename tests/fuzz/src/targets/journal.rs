//! Any files in a vault in the journal layout: the golden one, or none, with those of the input over it.
//!
//! A device that is up to date and a newcomer meet them; both have an edit. Settings: `!golden` begins with the golden
//! vault, `!compacted` takes one that was compacted for it, `!named` gives a record the name that its content asks for, so that damage gets past the hash, `!index` takes the
//! bytes of a record for its raw index, and `!gone` removes the files that are named by empty parts.

use crate::{
    check::{Settings, is_about_the_drive},
    container::parts,
    runtime::VirtualRuntime,
    seat::{EDIT, MINE, Seat},
};
use kitestring::{Digest, JournalOptions, Layout, Report, Result, Strategy, server::journal::inspect};
use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

macro_rules! golden {
    ($($path:literal),+ $(,)?) => {
        [$(($path, include_bytes!(concat!("../../../../spec/vectors/journal/", $path)).as_slice())),+]
    };
}

fn golden() -> BTreeMap<String, Vec<u8>> {
    let files = golden![
        "vault",
        "head",
        "j/0000000001-a1a1a1a1a1a1a1a1a1a1a1a1a1a1-000001-999e74a8ade8ac0b",
        "j/0000000002-a1a1a1a1a1a1a1a1a1a1a1a1a1a1-000002-1f725d28b9a34d54",
        "j/0000000003-b00b0b0b0b0b0b0b000000000001-000001-e168f2501d638db5",
        "j/0000000004-a1a1a1a1a1a1a1a1a1a1a1a1a1a1-000003-6937307bb072726c",
        "p/b00b0b0b0b0b0b0b000000000001-0000000000000000",
        "p/b00b0b0b0b0b0b0b000000000001-0000000000000001",
        "p/b00b0b0b0b0b0b0b000000000001-0000000000000002",
    ];
    files.into_iter().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect()
}

/// The same vault after a checkpoint: of the records, those are left that are referred to or announced.
fn compacted() -> BTreeMap<String, Vec<u8>> {
    let files = golden![
        "vault",
        "head-compacted",
        "j/c-00000002-cccccccccccccccc-031dcdc32e1ad4fd",
        "c/00000002-cccccccccccccccc-8000-9918f71759bc372c",
        "j/0000000002-a1a1a1a1a1a1a1a1a1a1a1a1a1a1-000002-1f725d28b9a34d54",
    ];
    let path = |path: &str| if path == "head-compacted" { "head".to_owned() } else { path.to_owned() };
    files.into_iter().map(|(name, bytes)| (path(name), bytes.to_vec())).collect()
}

/// What the input does to the files.
#[derive(Debug, Default)]
struct Changes {
    golden: bool,
    compacted: bool,
    named: bool,
    index: bool,
    gone: bool,
}

impl Changes {
    /// Takes a setting; false if it is none of these.
    fn take(&mut self, name: &str) -> bool {
        match name {
            "!golden" => self.golden = true,
            "!compacted" => self.compacted = true,
            "!named" => self.named = true,
            "!index" => self.index = true,
            "!gone" => self.gone = true,
            _ => return false,
        }
        true
    }

    /// Whether records may come that were written by nobody and are right all the same.
    fn forge(&self) -> bool {
        self.named || self.index
    }

    fn make(&self, files: &mut BTreeMap<String, Vec<u8>>, path: String, bytes: Vec<u8>) {
        if self.gone && bytes.is_empty() {
            files.remove(&path);
            return;
        }
        let is_checkpoint = path.starts_with("c/") || path.starts_with("j/c-");
        let is_record = path.starts_with("j/") || is_checkpoint;
        let kind = if is_checkpoint { b'c' } else { b'j' };
        let bytes = if is_record && self.index { with_index(kind, &bytes) } else { bytes };
        let path = match path.rsplit_once('-').filter(|_| is_record && self.forge()) {
            Some((place, _)) => {
                // It comes in the place of the one that was there.
                files.retain(|path, _| path.rsplit_once('-').is_none_or(|(other, _)| other != place));
                named(place, &bytes)
            }
            None => path,
        };
        let _ = inspect(&path, &bytes);
        files.insert(path, bytes);
    }
}

pub(crate) fn run(input: &[u8]) {
    let (mut settings, mut changes) = (Settings::default(), Changes::default());
    let mut input = parts(input);
    input.retain(|(name, _)| !changes.take(name) && !settings.take(name));
    let healthy = for_tier(if changes.compacted { compacted() } else { golden() }, settings.tier);
    let mut files = if changes.golden { healthy.clone() } else { BTreeMap::new() };
    for (path, bytes) in input {
        changes.make(&mut files, path, bytes);
    }
    let (drive, runtime) = (settings.drive(), Arc::new(VirtualRuntime::default()));
    let layout = Layout::Journal(JournalOptions::default());
    let joined = Seat::with(&drive, layout.clone(), &runtime);
    drive.restore(healthy);
    assert!(joined.sync().is_ok_and(|report| report.skipped.is_empty()), "the golden vault cannot be read");
    let before = joined.documents();
    joined.edit();
    drive.restore(files.clone());
    let has_marker = files.contains_key("vault");
    meet(&joined, true);
    let same = before.iter().all(|(id, body)| joined.documents().get(id) == Some(body));
    assert!(changes.forge() || same, "documents have changed, and nobody wrote anything");
    drive.restore(files);
    let newcomer = Seat::with(&drive, layout, &runtime);
    newcomer.edit();
    meet(&newcomer, has_marker);
}

fn meet(seat: &Seat, has_marker: bool) {
    let first = sync(seat);
    match (&first, &sync(seat)) {
        // The vault was made in a folder with the leavings of another one, which only the next sync looks at.
        (Ok(_), Err(_)) if !has_marker => {}
        (Ok(first), Err(e)) => panic!("the first sync is done ({first:?}) and the second fails: {e:?}"),
        _ => {}
    }
}

/// A vault whose marker says what this drive can do.
fn for_tier(mut files: BTreeMap<String, Vec<u8>>, tier: u8) -> BTreeMap<String, Vec<u8>> {
    let strategy = match tier % 3 {
        0 => return files,
        1 => Strategy::Slots,
        _ => Strategy::Listing,
    };
    if let Some(marker) = files.get_mut("vault") {
        *marker = String::from_utf8_lossy(marker).replace("compare-and-swap", &strategy.to_string()).into_bytes();
    }
    if let (Some(head), Strategy::Slots) = (files.remove("head"), strategy) {
        files.insert("h/000000000001".to_owned(), head);
    }
    files
}

/// A file of this kind with this index as it is, and behind a line `--` its frames.
fn with_index(kind: u8, bytes: &[u8]) -> Vec<u8> {
    const LINE: &[u8] = b"\n--\n";
    let at = bytes.windows(LINE.len()).rposition(|window| window == LINE);
    let (index, frames) = at.and_then(|at| bytes.split_at_checked(at)).unwrap_or((bytes, LINE));
    let mut number = Vec::new();
    let mut left = index.len();
    while left > 0x7f {
        number.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    number.push(left as u8);
    [b"kite", &[kind, 1, 0][..], number.as_slice(), &number, index, frames.get(LINE.len()..).unwrap_or_default()].concat()
}

/// The path under which a record is what its name says.
fn named(place: &str, bytes: &[u8]) -> String {
    let head = bytes.get(..head_len(bytes).unwrap_or(bytes.len())).unwrap_or(bytes);
    let digest = Digest::of(head);
    let mut path = format!("{place}-");
    for byte in digest.as_bytes().iter().take(8) {
        let _ = write!(path, "{byte:02x}");
    }
    path
}

/// How long the head part of a record is: spec/journal.md, J8.
fn head_len(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes.get(7..)?;
    let mut number = || {
        let end = rest.iter().position(|byte| byte & 0x80 == 0)?;
        let (number, after) = rest.split_at_checked(end + 1)?;
        rest = after;
        number.iter().rev().try_fold(0_usize, |sum, byte| sum.checked_mul(128)?.checked_add(usize::from(byte & 0x7f)))
    };
    let (_, stored) = (number()?, number()?);
    bytes.len().checked_sub(rest.len())?.checked_add(stored)
}

fn sync(seat: &Seat) -> Result<Report> {
    let synced = seat.sync();
    if let Err(e) = &synced {
        let kind = e.kind.code();
        assert!(is_about_the_drive(e) || matches!(kind, "unsupported" | "unavailable"), "a sync ends with {e:?}");
        assert!(!e.detail().is_empty(), "an error without a sentence");
    }
    assert_eq!(seat.host.body(MINE).as_deref(), Some(EDIT), "an edit that was not pushed is lost");
    synced
}

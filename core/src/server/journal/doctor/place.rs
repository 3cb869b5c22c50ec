//! What lies in the folders of a vault: what belongs there, and what does not.

use super::{
    super::{
        checkpoint::{CHECKPOINTS, PieceName},
        heads::list_with_sizes,
        name::{RECORDS, RecordName, VaultId, Writer},
        record::PARTS,
    },
    Doctor,
};
use crate::{
    DrivePath, FindingKind as Kind, Result,
    drive::{GetOptions, Got},
    gather::Gather as _,
    hex,
};
use std::collections::{BTreeMap, BTreeSet};

/// The files of a vault in its root.
const ROOT: [&str; 3] = ["vault", "head", "lease"];
/// The files of a vault in the classic layout.
const CLASSIC: [&str; 3] = ["kitestring.json", "meta.json", "lock.json"];
/// A copy is only looked into if it is no larger than what its original may be.
const MAX_COPY: u64 = 64 << 20;

/// What lies in the folders of a vault.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) records: Vec<RecordName>,
    pub(super) roots: Vec<PieceName>,
    pub(super) pieces: Vec<PieceName>,
    pub(super) parts: BTreeSet<(Writer, u64)>,
}

/// A file with a name that no vault gives, and that begins as one of its files does.
pub(super) struct Stray {
    pub(super) path: DrivePath,
    /// The names that would be its own, by the folder.
    pub(super) original: DrivePath,
}

impl Doctor<'_> {
    /// Looks at what lies beside the folders of the vault; returns the names.
    pub(super) async fn look_at_root(&mut self) -> Result<BTreeSet<String>> {
        let names = list_with_sizes(&*self.journal.raw, &DrivePath::root()).await?;
        for (name, size) in &names {
            if ROOT.contains(&name.as_str()) {
                self.count(*size);
            } else if CLASSIC.contains(&name.as_str()) {
                let detail = "a file of the classic layout lies beside a vault in the journal layout";
                let advice = "nothing here reads it; delete it yourself if no client of db-to-cloud uses this folder";
                self.look.findings.refused(Kind::OtherLayout, name.clone(), detail, advice);
            } else {
                self.foreign(name, name);
            }
        }
        Ok(names.into_iter().map(|(name, _)| name).gather())
    }

    /// Lists the folders of the vault.
    pub(super) async fn look_at_folders(&mut self) -> Result<Listed> {
        let mut listed = Listed::default();
        for name in self.names_in(RECORDS, |name| RecordName::parse(name).is_some() || PieceName::parse_root(name).is_some()).await? {
            listed.records.extend(RecordName::parse(&name));
            listed.roots.extend(PieceName::parse_root(&name));
        }
        let pieces = self.names_in(CHECKPOINTS, |name| PieceName::parse(name).is_some()).await?;
        listed.pieces = pieces.iter().filter_map(|name| PieceName::parse(name)).collect();
        let parts = self.names_in(PARTS, |name| part(name).is_some()).await?;
        listed.parts = parts.iter().filter_map(|name| part(name)).gather();
        self.names_in("h", |name| hex::read::<6>(name, false).is_some()).await?;
        for (folder, is_ours) in [("v", is_id as fn(&str) -> bool), ("k", is_keyring)] {
            for (name, size) in list_with_sizes(&*self.journal.raw, &DrivePath::new(folder)?).await? {
                if is_ours(&name) { self.count(size) } else { self.foreign(&format!("{folder}/{name}"), &name) }
            }
        }
        Ok(listed)
    }

    /// The names of the vault's files in a folder, as the layout gives them; says of the others that they are foreign.
    async fn names_in(&mut self, folder: &str, is_ours: impl Fn(&str) -> bool) -> Result<BTreeSet<String>> {
        let path = DrivePath::new(folder)?;
        let raw: BTreeMap<String, Option<u64>> = list_with_sizes(&*self.journal.raw, &path).await?.into_iter().gather();
        let names = list_with_sizes(&*self.journal.drive, &path).await?;
        let ours: BTreeSet<String> = names.into_iter().map(|(name, _)| name).filter(|name| is_ours(name)).gather();
        let mut known = BTreeSet::new();
        for name in &ours {
            let place = self.shown(&path.join(name)?);
            known.insert(place.rsplit('/').next().unwrap_or_default().to_owned());
        }
        for (name, size) in raw {
            if known.contains(&name) { self.count(size) } else { self.stray(folder, &name).await? }
        }
        Ok(ours)
    }

    /// Counts the files of a vault that cannot be opened.
    pub(super) async fn count_blindly(&mut self) -> Result<()> {
        for folder in ["v", "k", "h", RECORDS, CHECKPOINTS, PARTS] {
            for (_, size) in list_with_sizes(&*self.journal.raw, &DrivePath::new(folder)?).await? {
                self.count(size);
            }
        }
        Ok(())
    }

    fn count(&mut self, size: Option<u64>) {
        self.look.diagnosis.files += 1;
        self.look.diagnosis.bytes += size.unwrap_or_default();
    }

    /// A file with a name that no vault gives. One that begins with such a name may be a copy of it.
    async fn stray(&mut self, folder: &str, name: &str) -> Result<()> {
        let path = DrivePath::new(folder)?.join(name);
        let Ok(path) = path else { return Ok(()) };
        match self.original(folder, name)? {
            Some(original) if !is_temporary(name) => {
                let detail = format!("a copy that another program has made of {}", self.shown(&original));
                self.look.findings.note(Kind::Copy, path.as_str(), detail, "nobody reads it; delete it yourself if the vault is healthy");
                self.stray.push(Stray { path, original });
            }
            _ => self.foreign(path.as_str(), name),
        }
        Ok(())
    }

    /// The file of the vault whose name a name begins with, as the layout calls it.
    fn original(&self, folder: &str, name: &str) -> Result<Option<DrivePath>> {
        let digits = name.find(|c: char| !(c.is_ascii_digit() || ('a'..='f').contains(&c) || c == '-')).unwrap_or(name.len());
        let path = DrivePath::new(folder)?;
        // A hyphen may be the copy's.
        let begin = name.get(..digits).unwrap_or_default().trim_end_matches('-');
        let Some(sealed) = &self.journal.sealed else {
            let is_ours = match folder {
                RECORDS => RecordName::parse(begin).is_some() || PieceName::parse_root(begin).is_some(),
                CHECKPOINTS => PieceName::parse(begin).is_some(),
                PARTS => part(begin).is_some(),
                _ => false,
            };
            return Ok(if is_ours && begin != name { Some(path.join(begin)?) } else { None });
        };
        sealed.name_of(folder, begin).filter(|_| begin != name).map(|logical| path.join(&logical)).transpose()
    }

    fn foreign(&mut self, path: &str, name: &str) {
        if is_temporary(name) {
            let detail = "a file that is left of an interrupted write, or that is being written";
            self.look.findings.note(Kind::Temporary, path, detail, "nobody reads it; what was interrupted is written again");
        } else {
            self.look.findings.note(Kind::Foreign, path, "no vault has a file of this name here", "it is left alone, and nobody reads it");
        }
    }

    /// Finds copies of files that are gone or damaged: what they hold proves itself by its hash.
    pub(super) async fn look_for_originals(&mut self) -> Result<()> {
        for Stray { path, original } in std::mem::take(&mut self.stray) {
            if !self.read.is_wanting(&original) {
                continue;
            }
            let options = GetOptions { range: Some(0..MAX_COPY), unless: None };
            let Got::File { bytes, .. } = self.journal.raw.get(path.clone(), options).await? else { continue };
            self.take_copy(&path, &original, bytes).await?;
        }
        Ok(())
    }
}

fn is_temporary(name: &str) -> bool {
    let name = name.to_lowercase();
    name.starts_with('.')
        || name.starts_with('~')
        || [".tmp", ".part", ".partial", ".crdownload", "~"].iter().any(|end| name.ends_with(end))
}

fn is_id(name: &str) -> bool {
    VaultId::from_hex(name).is_some()
}

fn is_keyring(name: &str) -> bool {
    let lens: Vec<usize> = name.split('-').map(str::len).collect();
    lens == [8, 8, 16] && name.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Reads the name of a part.
fn part(name: &str) -> Option<(Writer, u64)> {
    let (writer, no) = name.split_once('-')?;
    Some((Writer::from_hex(writer)?, u64::from_be_bytes(hex::read(no, false)?)))
}

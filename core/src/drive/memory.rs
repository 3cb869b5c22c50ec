//! A drive in memory, with any set of capabilities.

use super::{Capabilities, Condition, DirEntry, Drive, DrivePath, GetOptions, Got, Listing, Version};
use crate::{Error, Result};
use macro_rules_attribute::apply;
use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How many names a page of a listing holds.
const PAGE: usize = 1000;

/// A [`Drive`] that is gone with the process.
#[derive(Debug)]
pub struct MemoryDrive {
    files: Mutex<Files>,
    capabilities: Capabilities,
}

#[derive(Debug, Clone, Default)]
struct Files {
    by_path: BTreeMap<String, (Vec<u8>, u64)>,
    writes: u64,
}

impl MemoryDrive {
    /// Makes an empty drive with every capability.
    pub fn new() -> Self {
        Self::with(Capabilities::FULL)
    }

    /// Makes an empty drive that can do only this; other conditions are ignored, as such drives do.
    pub fn with(capabilities: Capabilities) -> Self {
        Self { files: Mutex::default(), capabilities }
    }

    /// Returns every file with its content, for tests.
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        self.files().by_path.iter().map(|(path, (bytes, _))| (path.clone(), bytes.clone())).collect()
    }

    /// Replaces everything with the content of an earlier moment, as restoring a backup would.
    pub fn restore(&self, contents: BTreeMap<String, Vec<u8>>) {
        let mut files = self.files();
        files.by_path.clear();
        for (path, bytes) in contents {
            files.writes += 1;
            let version = files.writes;
            files.by_path.insert(path, (bytes, version));
        }
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, files: &Files, operation: &'static str, path: &DrivePath, condition: &Condition) -> Result<()> {
        let found = files.by_path.get(path.as_str()).map(|(_, n)| version(*n));
        let holds = match condition {
            Condition::Absent if self.capabilities.create => found.is_none(),
            Condition::Matches(wanted) if self.capabilities.replace => found.as_ref() == Some(wanted),
            _ => true,
        };
        if holds { Ok(()) } else { Err(Error::condition(operation, "the file is not as expected").about(path.as_str())) }
    }
}

impl Default for MemoryDrive {
    fn default() -> Self {
        Self::new()
    }
}

#[apply(port!)]
impl Drive for MemoryDrive {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        let files = self.files();
        let Some((bytes, n)) = files.by_path.get(path.as_str()) else { return Ok(Got::Missing) };
        let version = version(*n);
        if self.capabilities.versions && options.unless.as_ref() == Some(&version) {
            return Ok(Got::Unchanged);
        }
        Ok(Got::File { bytes: part_of(bytes, options.range), version })
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        if path.as_str().is_empty() {
            return Err(Error::invalid("put", "this is the drive's root, not a file"));
        }
        let mut files = self.files();
        self.check(&files, "put", &path, &condition)?;
        files.writes += 1;
        let n = files.writes;
        files.by_path.insert(path.as_str().to_owned(), (bytes, n));
        Ok(version(n))
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        let mut files = self.files();
        self.check(&files, "delete", &path, &condition)?;
        // Under `Absent` there is nothing to do, whatever the drive claims.
        if condition != Condition::Absent {
            files.by_path.remove(path.as_str());
        }
        Ok(())
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        let prefix = if dir.as_str().is_empty() { String::new() } else { format!("{dir}/") };
        let after = cursor.as_deref().map(|cursor| cursor.strip_suffix('/').map_or((cursor, false), |name| (name, true)));
        let files = self.files();
        // A file and a folder may have one name here, as in object stores.
        let mut found = BTreeMap::new();
        for (path, (bytes, _)) in files.by_path.range(prefix.clone()..).take_while(|(p, _)| p.starts_with(&prefix)) {
            let rest = path.get(prefix.len()..).unwrap_or_default();
            let (name, is_dir) = rest.split_once('/').map_or((rest, false), |(name, _)| (name, true));
            if after.is_none_or(|after| (name, is_dir) > after) {
                found.insert((name, is_dir), (!is_dir).then_some(bytes.len() as u64));
            }
        }
        let more = found.len() > PAGE;
        let page = found.into_iter().take(PAGE);
        let entries: Vec<_> = page.map(|((name, is_dir), size)| DirEntry { name: name.to_owned(), is_dir, size }).collect();
        let next = entries.last().filter(|_| more).map(|e| if e.is_dir { format!("{}/", e.name) } else { e.name.clone() });
        Ok(Listing { entries, next })
    }
}

fn version(n: u64) -> Version {
    Version::new(format!("v{n}"))
}

/// Returns the bytes of `range`, as far as there are any.
pub(super) fn part_of(bytes: &[u8], range: Option<Range<u64>>) -> Vec<u8> {
    let Some(range) = range else { return bytes.to_vec() };
    let clamp = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).min(bytes.len());
    bytes.get(clamp(range.start)..clamp(range.end)).unwrap_or_default().to_vec()
}

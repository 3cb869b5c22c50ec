//! What a seat sees of the drive: readers that lag behind, and listings that are late, partial and untidy.

use super::{File, Files, version};
use kitestring::{
    DrivePath,
    drive::{DirEntry, GetOptions, Got, Listing},
};
use std::collections::{BTreeMap, BTreeSet};

/// How often a late name is left out at most.
const LEFT_OUT: u8 = 2;

/// How a drive lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listings {
    /// How many names a page has.
    pub page: usize,
    /// Whether names come twice, between names that are nobody's.
    pub untidy: bool,
    /// Whether an empty folder is listed as empty all the same: a sealed vault is made nowhere else (E30).
    pub empty: bool,
    /// Whether a seat that lags behind is given old listings too, and not only old files.
    pub stale: bool,
    /// Whether the files of others are listed late and out of order: a new one is left out of the first listing, and
    /// once more if a newer one has come meanwhile, which is listed before it. Reading them is not affected.
    pub late: bool,
}

impl Default for Listings {
    fn default() -> Self {
        Self { page: 1000, untidy: false, empty: false, stale: false, late: false }
    }
}

/// What is hidden from a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// The name, from listings: the file can be read.
    Name,
    /// The file: it has not arrived yet.
    File,
}

/// What the seats do not see.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// What a seat that lags behind sees.
    views: BTreeMap<usize, Files>,
    /// What single files are to a seat.
    hidden: BTreeMap<(usize, String), Hidden>,
    /// How often a late name was left out, by seat.
    late: BTreeMap<(usize, String), u8>,
    /// What the listing under way of a seat leaves out.
    left_out: BTreeMap<usize, BTreeSet<String>>,
    /// Whether everything is seen at once from now on.
    clear: bool,
}

impl Sight {
    pub(super) fn lag(&mut self, seat: usize, files: &Files) {
        self.views.entry(seat).or_insert_with(|| files.clone());
    }

    pub(super) fn hide(&mut self, seat: usize, path: String, how: Hidden) {
        self.hidden.insert((seat, path), how);
    }

    /// Who writes has seen the drive as it is; what has not arrived does not arrive by that.
    pub(super) fn wrote(&mut self, seat: usize) {
        self.views.remove(&seat);
    }

    pub(super) fn catch_up(&mut self, seat: usize) {
        self.views.remove(&seat);
        self.hidden.retain(|(who, _), _| *who != seat);
    }

    pub(super) fn forget(&mut self) {
        self.views.clear();
        self.hidden.clear();
    }

    /// Everything is seen by everybody from now on.
    pub(super) fn clear_up(&mut self) {
        self.forget();
        self.clear = true;
    }

    /// What comes from now on may be late again.
    pub(super) fn cloud_over(&mut self) {
        self.clear = false;
    }

    pub(super) fn read(&self, files: &Files, versions: bool, seat: usize, path: &DrivePath, options: &GetOptions) -> Got {
        let files = self.views.get(&seat).unwrap_or(files);
        let Some(file) = files.get(path.as_str()) else { return Got::Missing };
        if file.seat != seat && self.hidden.get(&(seat, path.as_str().to_owned())) == Some(&Hidden::File) {
            return Got::Missing;
        }
        let version = version(file.version);
        if versions && options.unless.as_ref() == Some(&version) {
            return Got::Unchanged;
        }
        let bytes = options.range.as_ref().map_or(&*file.bytes, |range| {
            let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(file.bytes.len());
            file.bytes.get(place(range.start)..place(range.end)).unwrap_or_default()
        });
        Got::File { bytes: bytes.to_vec(), version }
    }

    pub(super) fn list(&mut self, files: &Files, how: Listings, seat: usize, dir: &DrivePath, cursor: Option<&str>) -> Listing {
        let prefix = if dir.as_str().is_empty() { String::new() } else { format!("{dir}/") };
        if cursor.is_none() {
            let left_out = self.leave_out(files, how, seat, &prefix);
            self.left_out.insert(seat, left_out);
        }
        let files = self.views.get(&seat).filter(|_| how.stale).unwrap_or(files);
        let mut names = BTreeSet::new();
        for path in files.range(prefix.clone()..).map(|(path, _)| path).take_while(|p| p.starts_with(&prefix)) {
            if self.left_out.get(&seat).is_some_and(|paths| paths.contains(path)) {
                continue;
            }
            let rest = path.get(prefix.len()..).unwrap_or_default();
            names.insert(rest.split_once('/').map_or((rest, false), |(name, _)| (name, true)));
        }
        let wanted: Vec<_> = names.into_iter().filter(|(name, _)| cursor.is_none_or(|after| *name > after)).collect();
        let next = (wanted.len() > how.page).then(|| wanted.get(how.page - 1).map(|(name, _)| (*name).to_owned())).flatten();
        let entry = |name: &str, is_dir| DirEntry { name: name.to_owned(), is_dir, size: None };
        let mut entries: Vec<_> = wanted.into_iter().take(how.page).map(|(name, is_dir)| entry(name, is_dir)).collect();
        if how.untidy && !(how.empty && entries.is_empty()) {
            let again: Vec<_> = entries.iter().take(1).cloned().collect();
            entries.extend(again);
            entries.extend([".part.json", "notes.txt"].map(|name| entry(name, false)));
        }
        Listing { entries, next }
    }

    /// Says what a listing that begins now leaves out.
    fn leave_out(&mut self, files: &Files, how: Listings, seat: usize, prefix: &str) -> BTreeSet<String> {
        if self.hidden.is_empty() && !how.late {
            return BTreeSet::new();
        }
        let below = |(path, file): &(&String, &File)| path.starts_with(prefix) && file.seat != seat;
        let foreign: Vec<&String> = files.iter().filter(below).map(|(path, _)| path).collect();
        let mut left_out: BTreeSet<String> =
            foreign.iter().filter(|path| self.hidden.contains_key(&(seat, (**path).clone()))).map(|path| (*path).clone()).collect();
        if !how.late || self.clear {
            let seen = foreign.iter().filter(|_| how.late).map(|path| ((seat, (*path).clone()), LEFT_OUT));
            self.late.extend(seen);
            return left_out;
        }
        let times = |path: &String| self.late.get(&(seat, path.clone())).copied();
        let waiting: Vec<String> = foreign.into_iter().filter(|path| times(path).is_none_or(|n| n < LEFT_OUT)).cloned().collect();
        let any_new = waiting.iter().any(|path| times(path).is_none());
        for (nth, path) in waiting.iter().enumerate() {
            let newest_of_several = nth > 0 && nth + 1 == waiting.len();
            let shown = !any_new || newest_of_several;
            let times = self.late.entry((seat, path.clone())).or_default();
            *times = if shown { LEFT_OUT } else { *times + 1 };
            if !shown {
                left_out.insert(path.clone());
            }
        }
        left_out
    }
}

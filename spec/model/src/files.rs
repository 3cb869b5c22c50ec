//! Sets of files. A record is a file; a checkpoint has two: its index, and the bodies that it moved.

/// At most this many records.
pub const RECORDS: usize = 4;
/// How many checkpoints there can be.
pub const CHECKPOINTS: usize = 8;

/// A set of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Files(u32);

/// Returns the index of a checkpoint.
pub fn index(checkpoint: usize) -> usize {
    RECORDS + 2 * checkpoint
}

/// Returns the file with the bodies that a checkpoint moved.
pub fn bodies(checkpoint: usize) -> usize {
    index(checkpoint) + 1
}

/// Returns the checkpoint of a file, if it is no record.
pub fn checkpoint_of(file: usize) -> Option<usize> {
    file.checked_sub(RECORDS).map(|file| file / 2)
}

impl Files {
    /// Returns the set of one.
    pub fn of(file: usize) -> Self {
        Self(1 << file)
    }

    /// Whether a file is in the set.
    pub fn has(self, file: usize) -> bool {
        self.0 & (1 << file) != 0
    }

    /// Whether everything of another set is in this one.
    pub fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Both sets together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    #[must_use]
    pub fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The files, from the first on.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..RECORDS + 2 * CHECKPOINTS).filter(move |file| self.has(*file))
    }
}

impl FromIterator<usize> for Files {
    fn from_iter<I: IntoIterator<Item = usize>>(files: I) -> Self {
        Self(files.into_iter().fold(0, |all, file| all | 1 << file))
    }
}

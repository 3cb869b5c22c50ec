//! Sets of versions: a version is its writer and its number, and a set of them is a few bits.

/// At most this many writers.
pub const WRITERS: usize = 3;
/// At most this many records of each.
pub const SEQS: usize = 4;

/// The last record of each writer.
pub type Vector = [u8; WRITERS];

/// A set of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Dots(pub u16);

/// Returns the number of a version: its writer, and its place among that one's records from 1 on.
pub fn dot(writer: usize, seq: u8) -> usize {
    writer * SEQS + usize::from(seq.max(1)) - 1
}

impl Dots {
    /// Returns the set of one.
    pub fn of(dot: usize) -> Self {
        Self(1 << dot)
    }

    /// Returns everything up to a vector.
    pub fn up_to(vector: &Vector) -> Self {
        let of = |(writer, last): (usize, &u8)| ((1_u16 << last) - 1) << (writer * SEQS);
        Self(vector.iter().enumerate().map(of).fold(0, |all, some| all | some))
    }

    /// Whether a version is in the set.
    pub fn has(self, dot: usize) -> bool {
        self.0 & (1 << dot) != 0
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

    /// The versions.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..WRITERS * SEQS).filter(move |dot| self.has(*dot))
    }
}

/// The later of two vectors, writer by writer.
pub fn max(a: &Vector, b: &Vector) -> Vector {
    let mut both = *a;
    both.iter_mut().zip(b).for_each(|(a, b)| *a = (*a).max(*b));
    both
}

/// Whether a vector has all that another has.
pub fn at_least(a: &Vector, b: &Vector) -> bool {
    a.iter().zip(b).all(|(a, b)| a >= b)
}

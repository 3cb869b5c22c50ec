//! Checks the frames of a file, and the bodies in them.

use super::super::{
    codec,
    name::Hash,
    record::{Frame, Spot},
};
use crate::{Digest, document::Short};

/// What is the matter behind the head part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Damage {
    /// In one sentence.
    pub(super) why: String,
    /// How many contents cannot be had because of it.
    pub(super) bodies: u64,
}

/// The frames of a file, and what was found in them.
pub(super) struct Bodies<'a> {
    file: &'a [u8],
    /// Where each frame lies.
    frames: Vec<(u64, &'a Frame)>,
    /// The frame that was looked into last, and its raw bytes, if they can be had.
    present: Option<(usize, Option<Vec<u8>>)>,
    why: Option<String>,
    lost: u64,
}

impl<'a> Bodies<'a> {
    pub(super) fn new(file: &'a [u8], head_len: usize, frames: &'a [Frame]) -> Self {
        let mut at = head_len as u64;
        let mut places = Vec::with_capacity(frames.len());
        for frame in frames {
            places.push((at, frame));
            at = at.saturating_add(frame.stored_len);
        }
        let len = file.len() as u64;
        let why = match len.cmp(&at) {
            std::cmp::Ordering::Less => Some(format!("it has {len} of {at} bytes")),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(format!("{} bytes follow its end", len - at)),
        };
        let mut bodies = Self { file, frames: places, present: None, why, lost: 0 };
        for n in 0..bodies.frames.len() {
            if bodies.stored(n).is_none_or(|(frame, stored)| Hash::of(stored) != frame.hash) {
                bodies.why.get_or_insert_with(|| format!("frame {} of {} is not what was written", n + 1, frames.len()));
            }
        }
        bodies
    }

    fn stored(&self, n: usize) -> Option<(&'a Frame, &'a [u8])> {
        let (begins, frame) = *self.frames.get(n)?;
        let begins = usize::try_from(begins).ok()?;
        let end = begins.checked_add(usize::try_from(frame.stored_len).ok()?)?;
        Some((frame, self.file.get(begins..end)?))
    }

    /// Whether the content at a place is the one with this digest; one without a place is empty.
    pub(super) fn check(&mut self, spot: Option<Spot>, short: Short) {
        let is_there = match spot {
            None => Short::of(&Digest::of(&[])) == short,
            Some(spot) => self.body(spot).is_some_and(|body| Short::of(&Digest::of(body)) == short),
        };
        if !is_there {
            self.lost += 1;
            self.why.get_or_insert_with(|| "a content is not the one that it should be".to_owned());
        }
    }

    fn body(&mut self, spot: Spot) -> Option<&[u8]> {
        if spot.len == 0 {
            return Some(&[]);
        }
        if self.present.as_ref().is_none_or(|(n, _)| *n != spot.frame) {
            let raw = |(frame, stored): (&Frame, &[u8])| codec::decompress(frame.codec, stored, usize::try_from(frame.raw_len).ok()?).ok();
            self.present = Some((spot.frame, self.stored(spot.frame).and_then(raw)));
        }
        let raw = self.present.as_ref()?.1.as_deref()?;
        let begins = usize::try_from(spot.offset).ok()?;
        raw.get(begins..begins.checked_add(usize::try_from(spot.len).ok()?)?)
    }

    pub(super) fn damage(self) -> Option<Damage> {
        self.why.map(|why| Damage { why, bodies: self.lost })
    }
}

//! Who edits which notes when, and so what every device must have in the end.
//!
//! A version says in which round and by whom it was made, and the higher one wins every conflict. Everybody edits before
//! the first sync of a round, so that nobody edits on top of a version of the same round. So each note must end in the
//! highest version that anybody gave it.

use bench::workload::Note;

/// How many notes a device edits in a round that nobody else edits in it.
const OWN: u64 = 100;
/// How many notes all devices edit in a round.
const SHARED: u64 = 20;
/// A version is so many times the round, and the device.
const ROUND: u64 = 1_000;

/// How large a run is.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How many notes there are.
    pub documents: u64,
    /// How many devices.
    pub devices: u64,
    /// How often all devices edit.
    pub rounds: u64,
}

impl Plan {
    /// The most devices whose versions can be told apart.
    pub const MOST_DEVICES: u64 = ROUND - 1;

    /// The version of every note before the first edit.
    pub const FIRST: u64 = 1;

    /// The version that a device makes in a round, of which the first is 1.
    pub fn version(round: u64, device: u64) -> u64 {
        round * ROUND + device
    }

    /// The notes that a device edits in a round.
    pub fn edits(&self, round: u64, device: u64) -> Vec<u64> {
        let share = self.documents / self.devices;
        let own = (0..OWN.min(share)).map(|k| device * share + (round * OWN + k) % share);
        let shared = (0..SHARED).map(|k| (round * 7_919 + k * 104_729) % self.documents);
        own.chain(shared).collect()
    }

    /// The round after the last one, in which one device edits one note.
    pub fn last_round(&self) -> u64 {
        self.rounds + 1
    }

    /// The version of every note in the end.
    pub fn ends(&self) -> Vec<u64> {
        let mut versions = vec![Self::FIRST; usize::try_from(self.documents).unwrap_or_default()];
        let mut edit = |note: u64, version: u64| {
            if let Some(known) = usize::try_from(note).ok().and_then(|i| versions.get_mut(i)) {
                *known = version.max(*known);
            }
        };
        for round in 1..=self.rounds {
            for device in 0..self.devices {
                self.edits(round, device).into_iter().for_each(|note| edit(note, Self::version(round, device)));
            }
        }
        edit(0, Self::version(self.last_round(), 0));
        versions
    }
}

/// The id of a note holds its number, so that no map from ids to numbers is needed.
pub fn id(note: u64) -> String {
    format!("note-{note:07}")
}

/// The content of a note, which is a function of its number and version.
pub fn body(note: u64, version: u64) -> Vec<u8> {
    Note { id: id(note), ..Note::new(note, version) }.document().into_bytes()
}

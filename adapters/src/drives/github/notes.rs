//! What the drive wants to be told again the next time, so that a program that was just started need not ask for it: where the
//! branch was, and what it held there. Nothing is wrong if it is lost, or old.

use super::{
    GitHub,
    tip::{Known, Seen},
    tree::Tree,
};
use kitestring::{MaybeSend, MaybeSync, apply, port};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What holds more files is not noted: it would be written with every commit.
const MOST: usize = 2000;

/// Keeps what a drive noted from one run of the program to the next. It holds names of files, and no secret.
#[apply(port!)]
pub trait Notes: MaybeSend + MaybeSync {
    /// Returns what was kept last, if it is still there.
    async fn load(&self) -> Option<Vec<u8>>;

    /// Keeps this instead. What cannot be kept is forgotten.
    async fn save(&self, bytes: Vec<u8>);
}

#[derive(Serialize, Deserialize)]
struct Noted {
    /// Of which repository and branch.
    place: String,
    commit: String,
    etag: Option<String>,
    tree: Tree,
}

impl GitHub {
    /// Reads the notes, once. What they say is checked by the first request, or by the first commit.
    pub(super) async fn recall(&self, known: &mut Known) {
        let Some(notes) = &self.notes else { return };
        if std::mem::replace(&mut known.has_recalled, true) || known.seen.is_some() {
            return;
        }
        let Some(bytes) = notes.load().await else { return };
        let Some(noted) = serde_json::from_slice::<Noted>(&bytes).ok().filter(|noted| noted.place == self.place()) else { return };
        known.tree = Some((noted.commit.clone(), Arc::new(noted.tree)));
        known.seen = Some(Seen { commit: noted.commit, etag: noted.etag, asked: 0 });
        known.noted.clone_from(&known.seen);
    }

    /// Writes down what is known now, if it was not known before.
    pub(super) async fn note(&self, known: &mut Known) {
        let (Some(notes), Some(seen), Some((of, tree))) = (&self.notes, &known.seen, &known.tree) else { return };
        let is_noted = known.noted.as_ref().is_some_and(|noted| noted.commit == seen.commit && noted.etag == seen.etag);
        if is_noted || *of != seen.commit || tree.count() > MOST {
            return;
        }
        let noted = Noted { place: self.place(), commit: seen.commit.clone(), etag: seen.etag.clone(), tree: (**tree).clone() };
        if let Ok(bytes) = serde_json::to_vec(&noted) {
            notes.save(bytes).await;
        }
        known.noted = Some(seen.clone());
    }

    fn place(&self) -> String {
        format!("{}{}#{}", self.service, self.spot.name(), self.spot.branch)
    }
}

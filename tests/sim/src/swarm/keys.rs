//! Who can open a sealed vault: what users do about it, and what must hold of it in the end.

use super::{
    fate::Call,
    play::Play,
    script::{Deed, Event},
};
use crate::case::Tier;
use kitestring::{Allow, Client, Encryption, Result, SyncOptions, Unsealed};
use std::time::Duration;

/// What every device opens the vault with.
pub(super) fn first() -> Encryption {
    Encryption::key([0x11; 32])
}

/// The other keys that there are.
const OTHERS: usize = 2;

fn other(nth: usize) -> Encryption {
    Encryption::key([0x22 + (nth % OTHERS) as u8; 32])
}

fn label(nth: usize) -> String {
    format!("key {}", nth % OTHERS)
}

/// The slot of another key, by its id.
fn slot_of(client: &Client, nth: usize) -> Option<String> {
    client.keys().ok()?.into_iter().find(|slot| slot.label == label(nth)).map(|slot| slot.id)
}

async fn change(client: Client, deed: Deed) -> Result<()> {
    if client.keys().is_err() {
        client.look_for_keys().await?;
    }
    match deed {
        Deed::AddKey(nth) => client.add_key(&label(nth), other(nth)).await.map(drop),
        Deed::RemoveKey(nth) => match slot_of(&client, nth) {
            Some(id) => client.remove_key(&id).await,
            None => Ok(()),
        },
        _ => client.rotate_key((0..OTHERS).map(other).collect()).await,
    }
}

impl Play<'_> {
    pub(super) fn change_keys(&mut self, seat: usize, deed: Deed) {
        if !self.script.sealed {
            return;
        }
        self.ready(seat);
        // There may be no vault yet, and somebody else may have removed that key, too.
        let may_refuse = self.world.drive.as_it_lies("vault").is_none() || self.hides_keyrings() || matches!(deed, Deed::RemoveKey(_));
        let run = self.world.start_call(seat, move |client| change(client, deed));
        self.fly(seat, Call::Keys { run, may_refuse });
    }

    pub(super) fn lose_keyring(&mut self) {
        if let Some(path) = self.world.drive.lose_keyring() {
            self.tally.met("deed", "lose-keyring");
            self.world.control.note(|| format!("{path} is lost"));
            self.watch_turned_back();
            self.keys_lost = true;
        }
    }

    /// A keyring that the drive has lost is put back by whoever remembers it and compacts (E40): until then, nobody else can
    /// read what was sealed with its keys.
    pub(super) fn put_keys_back(&mut self, allow: Allow) {
        if !self.script.sealed || !(self.keys_lost || self.rolled) {
            return;
        }
        // Who finds the lease of somebody that was interrupted waits until it has seen it long enough.
        for seat in (0..self.world.seats.len()).flat_map(|seat| [seat; 2]) {
            self.world.clock.pass(Duration::from_secs(11 * 60));
            self.open(seat);
            let run = self.world.start_compact(seat, SyncOptions { allow, ..SyncOptions::default() });
            self.compacted |= self.world.go_on(&run).is_well();
        }
    }

    /// Whether a device may not see the keyring of the vault.
    pub(super) fn hides_keyrings(&self) -> bool {
        let hides = |event: &Event| matches!(event.deed, Deed::Lag | Deed::Hide(..) | Deed::LoseKeyring | Deed::Rollback(_));
        self.script.tier == Tier::Late || self.script.events.iter().any(hides)
    }

    /// Everything that is there can be read with the greatest keyring, whichever key opens it. A newcomer comes with one of
    /// them.
    pub(super) fn check_keys(&mut self) {
        if !self.script.sealed {
            return;
        }
        let files = self.world.drive.backup();
        let Some(marker) = crate::eye::journal::marker(&self.world.drive) else { return };
        let keyrings = files.iter().rev().filter_map(|(path, file)| Some((path, file, Unsealed::open(path, &file.bytes, &first())?)));
        let Some((path, file, ring)) = keyrings.into_iter().find(|(.., ring)| ring.vault() == marker.vault) else {
            return self.violated("Keys: no keyring is there that opens".to_owned());
        };
        let opens = |nth| Unsealed::open(path, &file.bytes, &other(nth)).is_some();
        for (path, file) in &files {
            let unreadable = Unsealed::key_of(&file.bytes).is_some_and(|key| !ring.data_keys().contains(&key));
            if unreadable && ring.logical(path).is_some() {
                self.violated(format!("Keys: {} is sealed with a key that the greatest keyring lacks", self.world.drive.called(path)));
            }
        }
        for nth in 0..OTHERS {
            let listed = ring.labels().contains(&label(nth));
            if listed != opens(nth) {
                self.violated(format!("Keys: {} {} the vault", label(nth), if listed { "does not open" } else { "opens" }));
            }
            if listed {
                self.world.config.encryption = Some(other(nth));
            }
        }
    }
}

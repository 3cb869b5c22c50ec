//! What a client has left where the vault was, and the other place does not have: records and parts that were written while the
//! vault was being moved.

use super::{
    Journal, Strategy,
    heads::{list, names},
    moving::beacon,
    name::{Hash, RecordName},
    record::{PARTS, Part, Place, Record, What, part_path},
    send::Sent,
    standing::SENT,
};
use crate::{
    Result, StateRecord,
    drive::{Condition, DrivePath, GetOptions, Got},
};
use std::collections::BTreeSet;

impl Journal {
    /// Copies into the other place what this client has sent and was not acknowledged, with what it refers to; and where there is
    /// no head, which would have refused it, whatever anybody wrote last. What lies there then is taken away here.
    pub(crate) async fn bring_leftovers(&self, there: &Journal, strategy: Strategy) -> Result<()> {
        self.contact(&mut *self.session.lock().await).await?;
        there.contact(&mut *there.session.lock().await).await?;
        if let Some(sealing) = &there.sealing {
            // A keyring that was written while the vault was on its way.
            sealing.put_back(&*there.raw).await?;
        }
        let parts: BTreeSet<String> = list(&*there.drive, &DrivePath::new(PARTS)?).await?.into_iter().collect();
        let mut after = None;
        loop {
            let page = self.state.scan(SENT.to_owned(), after, 1).await?;
            let Some(StateRecord { key, value: Some(value) }) = page.into_iter().next() else { break };
            let (sent, file) = Sent::decode(&key, &value)?;
            self.bring_parts(there, &sent.name(), &file, &parts).await?;
            self.bring_record(there, &sent.name()).await?;
            after = Some(key);
        }
        if strategy == Strategy::Listing { self.bring_listed(there, &parts).await } else { Ok(()) }
    }

    async fn bring_listed(&self, there: &Journal, parts: &BTreeSet<String>) -> Result<()> {
        let (left, has) = (names(&*self.drive).await?, names(&*there.drive).await?);
        let has_record: BTreeSet<RecordName> = has.records.into_iter().collect();
        for name in left.records {
            if name == beacon() {
                continue;
            }
            if !has_record.contains(&name) {
                let Got::File { bytes, .. } = self.drive.get(name.path(), GetOptions::default()).await? else { continue };
                self.bring_parts(there, &name, &bytes, parts).await?;
                there.drive.put(name.path(), bytes, Condition::Any).await?;
            }
            self.drive.delete(name.path(), Condition::Any).await?;
        }
        for root in left.roots {
            if has.roots.contains(&root) {
                self.drive.delete(root.path(), Condition::Any).await?;
            }
        }
        Ok(())
    }

    /// Copies a record that is here, and not there.
    async fn bring_record(&self, there: &Journal, name: &RecordName) -> Result<()> {
        let first = GetOptions { range: Some(0..1), unless: None };
        if matches!(there.drive.get(name.path(), first).await?, Got::File { .. }) {
            return Ok(());
        }
        let Got::File { bytes, .. } = self.drive.get(name.path(), GetOptions::default()).await? else { return Ok(()) };
        there.drive.put(name.path(), bytes, Condition::Any).await.map(drop)
    }

    /// Copies the parts of the large documents in a record, as far as they are here and not there.
    async fn bring_parts(&self, there: &Journal, name: &RecordName, file: &[u8], has: &BTreeSet<String>) -> Result<()> {
        let head = Record::head_len(file).ok().and_then(|len| file.get(..usize::try_from(len).ok()?));
        let Some(Ok((record, _))) = head.map(|head| Record::decode(head, name)) else { return Ok(()) };
        for part in parts_of(&record) {
            let path = part_path(record.writer, part.name_no);
            if path.as_str().split_once('/').is_some_and(|(_, name)| has.contains(name)) {
                continue;
            }
            if let Got::File { bytes, .. } = self.drive.get(path.clone(), GetOptions::default()).await?
                && Hash::of(&bytes) == part.hash
            {
                there.drive.put(path, bytes, Condition::Any).await?;
            }
        }
        Ok(())
    }
}

fn parts_of(record: &Record) -> Vec<Part> {
    let parts = record.changes.iter().filter_map(|change| match &change.what {
        What::Put { body: Place::Parts(parts), .. } => Some(parts),
        What::Put { .. } | What::Delete { .. } | What::Withdraw => None,
    });
    parts.flatten().copied().collect()
}

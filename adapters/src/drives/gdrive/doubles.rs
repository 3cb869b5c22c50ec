//! Several files of one name: which one counts, and what becomes of the others.

use super::{
    GDrive,
    classic::NOTHING,
    known::Place,
    model::{ENTERED, File, TABLE},
    refusal::Refusal,
};
use crate::http::{Call, Repeat};
use kitestring::{DrivePath, Result};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// The files of one name: those of which one counts, and those that are not entered yet.
#[derive(Debug, Default)]
struct Group {
    counting: BTreeSet<String>,
    pending: BTreeSet<String>,
}

impl GDrive {
    /// Whether a file counts that is not entered in the table of names.
    pub(super) fn is_anybodys(file: &File) -> bool {
        !file.is(TABLE) && (!file.is(ENTERED) || file.is_rewritten())
    }

    /// Keeps what a search has found: of several files of a name, the one that counts. `only` is the name that was searched.
    pub(super) async fn sort_out(&self, call: &Call, found: &[File], only: Option<&DrivePath>) -> Result<()> {
        let groups = self.groups(found, only);
        for (path, group) in groups {
            let counting: Vec<&String> = group.counting.iter().collect();
            match (counting.as_slice(), group.pending.is_empty()) {
                ([], true) => {}
                ([], false) => drop(self.known.lock().shared.pending.insert(path, group.pending.into_iter().next().unwrap_or_default())),
                ([id], true) => self.keep_id(&path, id),
                _ => self.choose(call, &path, group).await?,
            }
        }
        if only.is_none() {
            self.known.lock().shared.is_listed = true;
        }
        Ok(())
    }

    fn groups(&self, found: &[File], only: Option<&DrivePath>) -> BTreeMap<DrivePath, Group> {
        let mut inner = self.known.lock();
        let table = inner.table.clone().map(|(_, table)| table).unwrap_or_default();
        let mut groups: BTreeMap<DrivePath, Group> = BTreeMap::new();
        for file in found.iter().filter(|file| !file.is(TABLE) && !inner.gone.contains(&file.id)) {
            let Some(path) = DrivePath::new(&file.name).ok().filter(|path| !path.as_str().is_empty()) else { continue };
            let counts = Self::is_anybodys(file) || table.id(&path) == Some(&file.id);
            let group = groups.entry(path).or_default();
            if counts {
                group.counting.insert(file.id.clone())
            } else {
                group.pending.insert(file.id.clone())
            };
        }
        // The search may not know these yet.
        let known: Vec<(DrivePath, String)> = match only {
            Some(path) => {
                let ids = table.id(path).cloned().into_iter().chain(inner.files.get(path).map(|place| place.id.clone()));
                ids.map(|id| (path.clone(), id)).collect()
            }
            None => {
                let entered = table.files.iter().filter_map(|(name, id)| Some((DrivePath::new(name.as_str()).ok()?, id.clone())));
                entered.chain(inner.files.iter().map(|(path, place)| (path.clone(), place.id.clone()))).collect()
            }
        };
        for (path, id) in known.into_iter().filter(|(_, id)| !inner.gone.contains(id)) {
            groups.entry(path).or_default().counting.insert(id);
        }
        let is_asked = |path: &DrivePath| only.is_none_or(|only| only == path);
        let shared = &mut inner.shared;
        shared.pending.retain(|path, _| !is_asked(path));
        shared.doubles.retain(|path, _| !is_asked(path));
        groups
    }

    fn keep_id(&self, path: &DrivePath, id: &str) {
        if self.known.file(path).is_none_or(|known| known.id != id) {
            self.known.keep(path, Place::new(id));
        }
    }

    /// Looks at the files of a name, and takes the one that was written last, but none that holds nothing if another does. Of
    /// locks it is the oldest, since nobody's lock moves.
    async fn choose(&self, call: &Call, path: &DrivePath, group: Group) -> Result<()> {
        let (mut counting, mut pending) = (Vec::new(), Vec::new());
        for id in group.counting.iter().chain(&group.pending) {
            match self.look(call, id).await? {
                Some(tagged) if group.counting.contains(id) => counting.push((id.clone(), tagged)),
                Some(tagged) => pending.push((id.clone(), tagged)),
                None => self.known.lose(path, id),
            }
        }
        if self.is_lock(path) {
            counting.sort_by_key(|(id, tagged)| Reverse((tagged.created_date.clone(), id.clone())));
        } else {
            counting.sort_by_key(|(id, tagged)| (!tagged.content.holds(NOTHING), tagged.modified_date.clone(), id.clone()));
        }
        let chosen = counting.pop();
        let mut inner = self.known.lock();
        let Some((id, tagged)) = chosen else {
            let left = pending.into_iter().next();
            inner.shared.pending.extend(left.map(|(id, _)| (path.clone(), id)));
            return Ok(());
        };
        // Who has made a file and not entered it yet finds the entered one, and drops its own. Beside another one it may go on.
        let is_entered = inner.table.as_ref().is_some_and(|(_, table)| table.id(path) == Some(&id));
        counting.extend(pending.into_iter().filter(|_| is_entered));
        let mut place = Place::new(id);
        place.seen(tagged);
        inner.files.insert(path.clone(), place);
        let doubles = counting.into_iter().map(|(id, tagged)| (id, tagged.etag)).collect();
        inner.shared.doubles.insert(path.clone(), doubles);
        Ok(())
    }

    /// Deletes the other files of a name that was written, or is to be deleted. One that was written since may be the last
    /// now, and stays until it is looked at again: then the answer is false.
    pub(super) async fn drop_doubles(&self, call: &Call, path: &DrivePath) -> Result<bool> {
        let doubles = self.known.lock().shared.doubles.remove(path).unwrap_or_default();
        let call = Call { repeat: Repeat::OnlyIfRefused, ..call.clone() };
        let mut is_clean = true;
        for (id, etag) in doubles {
            if self.delete_id(&call, &id, Some(&etag)).await? == Err(Refusal::Moved) {
                self.expire_names();
                is_clean = false;
            } else {
                self.known.lock().gone.insert(id);
            }
        }
        Ok(is_clean)
    }
}

//! The log: `changes/N.json`, a hundred changes each, and what to do when it is not the one remembered.

use super::{
    Classic,
    files::{Logged, Read, Seen, WINDOW, WireId, json, path, window_path},
    head::{Pending, Position},
};
use crate::{
    Action, DocId, Error, ErrorKind, Level, Result,
    drive::{Condition, DrivePath, PutFile, Version},
    server::{Announced, Changes, News, RemoteChange, Written},
};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

/// How many files of the log one page reads.
const PAGE_WINDOWS: u64 = 16;

/// A listing of all documents under way.
#[derive(Debug)]
pub(super) struct Listing {
    /// Folders still to list; the last one is under way.
    folders: Vec<DrivePath>,
    cursor: Option<String>,
    /// What the first page must tell the client.
    look_at_all: bool,
    keep_local: bool,
    lost: Vec<DocId>,
}

/// How the log on the drive relates to the one remembered.
enum Relation {
    /// It continues it.
    Continues,
    /// Somebody who did not know it has written over it.
    Diverged,
    /// It is an older state of it.
    Older,
}

impl Classic {
    pub(super) async fn read_changes(&self) -> Result<Changes> {
        if let Some(listing) = self.take_listing() {
            return self.list_page(listing).await;
        }
        let Some(position) = self.position().await? else {
            let listing = Listing { folders: vec![path("docs")?], cursor: None, look_at_all: false, keep_local: false, lost: Vec::new() };
            return self.list_page(listing).await;
        };
        let (known, now) = (position.meta.last_change, self.session().meta.last_change);
        let first = known.saturating_sub(1) / WINDOW;
        let (window, version) = if known == 0 && now == 0 { (Vec::new(), None) } else { self.read_window(first).await? };
        match relate(&position, &window, now) {
            Relation::Continues => self.go_on(position, window, version).await,
            relation => self.look_again(&position, &relation).await,
        }
    }

    fn take_listing(&self) -> Option<Listing> {
        self.session().listing.take()
    }

    /// Reads what follows the known place; `window` is the file that holds its last entry.
    async fn go_on(&self, mut position: Position, window: Vec<Logged>, version: Option<Version>) -> Result<Changes> {
        let (known, now) = (position.meta.last_change, self.session().meta.last_change);
        let first = known.saturating_sub(1) / WINDOW;
        let last = now.saturating_sub(1) / WINDOW;
        let end = last.min(first + PAGE_WINDOWS);
        let parallel = self.drive.capabilities().parallel.max(1) as usize;
        let rest = stream::iter(first + 1..=end).map(|index| self.read_window(index)).buffered(parallel);
        let mut windows = vec![(window, version)];
        windows.extend(rest.try_collect::<Vec<_>>().await?);

        let upto = now.min((end + 1) * WINDOW);
        let counted_in = |index: u64| usize::try_from(upto.saturating_sub(index * WINDOW).min(WINDOW)).unwrap_or(0);
        // An old client has written an older file over it and did not come to the count. If nothing is counted beyond
        // what is known, that is known too.
        let is_short = (first..).zip(&windows).any(|(index, (entries, _))| entries.len() < counted_in(index));
        if is_short && upto > known {
            return self.look_again(&position, &Relation::Diverged).await;
        }
        let mut changes = Vec::new();
        for (index, (entries, _)) in (first..).zip(&windows) {
            let skip = usize::try_from(known.saturating_sub(index * WINDOW)).unwrap_or(usize::MAX);
            changes.extend(entries.iter().take(counted_in(index)).skip(skip).filter_map(|entry| self.news_of(entry)));
        }
        self.session().diverged = false;
        let lost = self.check_own(first, &windows).await?;
        if let Some((mut entries, version)) = windows.pop() {
            let counted = usize::try_from(upto.saturating_sub(end * WINDOW)).unwrap_or(usize::MAX);
            position.window_version = version.filter(|_| entries.len() <= counted);
            entries.truncate(counted);
            position.window = entries;
        }
        self.check_last(position.window.last()).await?;
        let more = upto < now;
        position.meta.last_change = upto;
        if !more {
            let session = self.session();
            position.meta = session.meta.clone();
            position.meta_version = session.meta_version.clone();
            position.vault = position.vault.or(session.meta.vault.clone());
        }
        let mut remember = lost.records;
        remember.push(self.stand_at(position)?);
        Ok(Changes { changes, remember, more, lost: lost.ids, ..Changes::default() })
    }

    /// Looks at the marker where an old client was the last to write: it may have done so behind the closing of the vault.
    async fn check_last(&self, last: Option<&Logged>) -> Result<()> {
        if last.is_some_and(|entry| entry.push.is_none()) {
            self.read_marker().await?;
        }
        Ok(())
    }

    fn news_of(&self, entry: &Logged) -> Option<RemoteChange> {
        let at = Some(entry.id.stem().to_owned());
        let news = match entry.action {
            Action::Put => News::Put { at },
            Action::Delete => News::Delete { revision: entry.revision.clone(), at },
        };
        Some(RemoteChange { id: self.host_id(&entry.id)?, news, push: entry.push.clone() })
    }

    /// The log is not the remembered one: lists every document anew, or stops if the vault is simply older.
    async fn look_again(&self, position: &Position, relation: &Relation) -> Result<Changes> {
        let now = self.session().meta.last_change;
        self.check_marker(position).await?;
        let keep_local = matches!(relation, Relation::Older);
        if keep_local && !self.allow.rollback {
            let remembered = position.meta.last_change;
            let detail =
                format!("the vault is older than it was: its log ends at change {now}, and this client has seen change {remembered}");
            return Err(Error::new(ErrorKind::Rollback { remembered, found: now }, "sync", detail).about("meta.json"));
        }
        self.log.line(Level::Warn, || {
            format!("the log was overwritten: listing all documents (known {}, now {now})", position.meta.last_change)
        });
        let lost = self.forget_own().await?;
        let listing = Listing { folders: vec![path("docs")?], cursor: None, look_at_all: true, keep_local, lost: lost.ids };
        let mut changes = self.list_page(listing).await?;
        changes.remember.extend(lost.records);
        Ok(changes)
    }

    /// Reads a page of a listing of all documents; the last page takes the new place in the log.
    async fn list_page(&self, mut listing: Listing) -> Result<Changes> {
        let mut page = Changes {
            look_at_all: std::mem::take(&mut listing.look_at_all),
            keep_local: listing.keep_local,
            lost: std::mem::take(&mut listing.lost),
            ..Changes::default()
        };
        let Some(folder) = listing.folders.pop() else { return self.end_of_listing(page).await };
        let found = match self.drive.list_dir(folder.clone(), listing.cursor.take()).await {
            // The drive has forgotten where the listing was: the folder is listed from its beginning again.
            Err(e) if e.is_condition() => self.drive.list_dir(folder.clone(), None).await?,
            found => found?,
        };
        if let Some(next) = found.next {
            listing.folders.push(folder.clone());
            listing.cursor = Some(next);
        }
        for entry in found.entries {
            // A name that is no path is nobody's document.
            let Ok(inside) = folder.join(&entry.name) else { continue };
            if entry.is_dir {
                listing.folders.insert(0, inside);
                continue;
            }
            let Some(stem) = inside.as_str().strip_prefix("docs/").and_then(|p| p.strip_suffix(".json")) else { continue };
            if let Some(id) = self.host_id(&WireId::new(stem, false)).filter(|_| !entry.name.starts_with('.')) {
                page.changes.push(RemoteChange { id, news: News::Look { at: Some(stem.to_owned()) }, push: None });
            }
        }
        if listing.folders.is_empty() {
            return self.end_of_listing(page).await;
        }
        page.more = true;
        self.session().listing = Some(listing);
        Ok(page)
    }

    async fn end_of_listing(&self, mut page: Changes) -> Result<Changes> {
        let (meta, meta_version) = {
            let session = self.session();
            (session.meta.clone(), session.meta_version.clone())
        };
        let mut position = Position { meta, meta_version, ..Position::default() };
        if let Some(last) = position.meta.last_change.checked_sub(1) {
            let (mut window, version) = self.read_window(last / WINDOW).await?;
            let counted = usize::try_from(last % WINDOW + 1).unwrap_or(usize::MAX);
            position.window_version = version.filter(|_| window.len() <= counted);
            window.truncate(counted);
            position.window = window;
        }
        // Read even if `meta.json` has the id: the marker also says which format the vault has.
        let marker = self.read_marker().await?;
        position.vault = position.meta.vault.clone().or(marker);
        self.session().diverged = false;
        page.remember.push(self.stand_at(position)?);
        Ok(page)
    }

    /// Reads a file of the log; a missing one is empty.
    pub(super) async fn read_window(&self, index: u64) -> Result<(Vec<Logged>, Option<Version>)> {
        match self.read_own::<Vec<Logged>>(&window_path(index)?, None).await? {
            Read::Parsed(entries, version) => Ok((entries, Some(version))),
            _ => Ok((Vec::new(), None)),
        }
    }

    pub(super) async fn write_changes(&self, changes: Vec<Announced>, push: String) -> Result<Written> {
        let Some(mut position) = self.position().await? else {
            return Err(Error::internal("put", "the log was written before it was read"));
        };
        if position.vault.is_none() {
            position.vault = Some(self.ensure_marker().await?);
        }
        let entries = changes.iter().map(|change| logged(change, &push)).collect::<Result<Vec<_>>>()?;
        if !self.still_locked().await? {
            return Ok(Written::Moved);
        }
        if !self.fill_up(&mut position, entries.first()).await? {
            return Ok(Written::Moved);
        }
        let before = position.meta.last_change;
        let own = self.own_records(before, &entries, &changes)?;
        let files = windows_of(&position, &entries)?;
        let Some(version) = self.put_windows(&position, files).await? else { return Ok(Written::Moved) };
        position.window_version = Some(version);
        let upto = before + entries.len() as u64;
        let kept = usize::try_from(upto.saturating_sub(1) % WINDOW + 1).unwrap_or(usize::MAX);
        let mut window = if before.is_multiple_of(WINDOW) { Vec::new() } else { std::mem::take(&mut position.window) };
        window.extend(entries);
        position.window = window.split_off(window.len().saturating_sub(kept));
        position.meta.last_change = upto;
        position.meta.vault.clone_from(&position.vault);
        self.session().written = Some(Pending { position, own });
        Ok(Written::Done(Vec::new()))
    }

    /// Makes the last file of a log that is shorter than its count as long as the count says, so that what follows gets
    /// the place that it is counted at: with announcements of a document that is announced anyway. Answers false if the
    /// file is no longer the one remembered.
    async fn fill_up(&self, position: &mut Position, with: Option<&Logged>) -> Result<bool> {
        let counted = usize::try_from(position.meta.last_change % WINDOW).unwrap_or(0);
        let Some(with) = with.filter(|_| position.window.len() < counted) else { return Ok(true) };
        let (found, version) = self.read_window(position.meta.last_change / WINDOW).await?;
        if found != position.window {
            self.session().diverged = true;
            return Ok(false);
        }
        position.window.resize(counted, with.clone());
        position.window_version = version;
        Ok(true)
    }

    /// Writes files of the log and returns the version of the last; none if another client has written there.
    async fn put_windows(&self, position: &Position, files: Vec<(DrivePath, Vec<Logged>)>) -> Result<Option<Version>> {
        let capabilities = self.drive.capabilities();
        let appends = !position.meta.last_change.is_multiple_of(WINDOW);
        let (mut puts, mut left) = (Vec::new(), None);
        for (n, file) in files.iter().enumerate() {
            let condition = match &position.window_version {
                Some(version) if n == 0 && appends && capabilities.replace => Condition::Matches(version.clone()),
                None if n == 0 && appends && capabilities.replace => {
                    left = Some(file);
                    continue;
                }
                _ if capabilities.create && !(n == 0 && appends) => Condition::Absent,
                _ => Condition::Any,
            };
            puts.push(PutFile { path: file.0.clone(), bytes: json(&file.1)?, condition });
        }
        let mut last = None;
        if let Some((path, entries)) = left {
            last = self.put_over(position, path, entries).await?;
            if last.is_none() {
                return Ok(None);
            }
        }
        let rest = files.iter().skip(usize::from(left.is_some()));
        for (result, (path, entries)) in self.drive.put_many(puts).await.into_iter().zip(rest) {
            last = match result {
                Ok(version) => Some(version),
                Err(e) if e.is_condition() => match self.put_over(position, path, entries).await? {
                    Some(version) => Some(version),
                    None => return Ok(None),
                },
                Err(e) => return Err(e),
            };
        }
        Ok(last)
    }

    /// Another file of the log was there than expected. If it only holds what nobody has counted yet (a push that
    /// was interrupted), it is replaced, and where it is gone it is made anew; otherwise the log has diverged. Whoever
    /// wrote it may still be about to count it, so that is made impossible first.
    async fn put_over(&self, position: &Position, path: &DrivePath, entries: &[Logged]) -> Result<Option<Version>> {
        if !self.fence().await? {
            return Ok(None);
        }
        let counted = usize::try_from(position.meta.last_change % WINDOW).unwrap_or(0);
        let first = window_path(position.meta.last_change / WINDOW)?;
        let kept: &[Logged] = if *path == first && counted > 0 { &position.window } else { &[] };
        let condition = match self.read_own::<Vec<Logged>>(path, None).await? {
            Read::Parsed(found, version) if found.starts_with(kept) => Some(Condition::Matches(version)),
            Read::Missing => Some(Condition::Absent),
            _ => None,
        };
        if let Some(condition) = condition {
            return match self.drive.put(path.clone(), json(&entries)?, condition).await {
                Ok(version) => Ok(Some(version)),
                Err(e) if e.is_condition() => Ok(None),
                Err(e) => Err(e),
            };
        }
        self.session().diverged = true;
        Ok(None)
    }
}

/// Compares the log on the drive with the one remembered. `window` is the file that holds the last known entry.
fn relate(position: &Position, window: &[Logged], now: u64) -> Relation {
    let known = position.meta.last_change;
    if known == 0 {
        return Relation::Continues;
    }
    let same = window.starts_with(&position.window);
    if now >= known {
        return if same { Relation::Continues } else { Relation::Diverged };
    }
    // The count went back. If the log did not, only the count is wrong: an old client finished late.
    if same {
        return Relation::Diverged;
    }
    let counted = usize::try_from(now % WINDOW).unwrap_or(0);
    let found = window.get(..counted.min(window.len())).unwrap_or_default();
    let same_file = now > 0 && (now - 1) / WINDOW == (known - 1) / WINDOW;
    if same_file && !position.window.starts_with(found) { Relation::Diverged } else { Relation::Older }
}

fn logged(change: &Announced, push: &str) -> Result<Logged> {
    let seen: Seen = serde_json::from_str(&change.tag.0).map_err(|e| Error::internal("put", "a tag could not be read").caused_by(e))?;
    Ok(Logged { id: WireId::new(&seen.stem, seen.number), revision: seen.revision, action: change.action, push: Some(push.to_owned()) })
}

/// Returns the files of the log that hold `entries` behind the known place, each with its whole content.
fn windows_of(position: &Position, entries: &[Logged]) -> Result<Vec<(DrivePath, Vec<Logged>)>> {
    let first = position.meta.last_change / WINDOW;
    let appends = !position.meta.last_change.is_multiple_of(WINDOW);
    let kept: &[Logged] = if appends { &position.window } else { &[] };
    let all: Vec<Logged> = kept.iter().chain(entries).cloned().collect();
    let chunks = all.chunks(WINDOW as usize).map(<[Logged]>::to_vec);
    (first..).zip(chunks).map(|(index, chunk)| Ok((window_path(index)?, chunk))).collect()
}

//! What a watch says: everything once.

use crate::output::{COMMAND, GOOD, NOTICE, json, line, quote::shell, quote::shown, styled, summary};
use kitestring::{Conflict, DocId, Error, ErrorKind, Report};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

/// What was said so far, as far as it still holds.
pub(crate) struct Said {
    json: bool,
    folder: PathBuf,
    conflicts: BTreeSet<DocId>,
    skipped: BTreeMap<String, String>,
    /// Whether the last sync had to be put off.
    waits: bool,
    watching: bool,
    limited: bool,
    danger: Option<String>,
}

impl Said {
    /// Has said nothing about `folder` yet; with `json`, will say it in one object for each event.
    pub(crate) fn nothing(folder: PathBuf, json: bool) -> Self {
        let (conflicts, skipped) = (BTreeSet::new(), BTreeMap::new());
        Self { json, folder, conflicts, skipped, waits: false, watching: false, limited: false, danger: None }
    }

    /// Says what a sync did, if it did anything. `complete` says that all that is skipped is known.
    pub(crate) fn synced(&mut self, report: &Report, skipped: BTreeMap<String, String>, complete: bool) {
        if std::mem::take(&mut self.waits) {
            self.say(|| format!("{}: syncing goes on", styled(GOOD, "Back")), || json!({ "event": "back" }));
        }
        if report.pushed + report.pulled + report.deleted > 0 {
            let mut object = json::report(report, &skipped, false);
            tag(&mut object, "synced");
            self.say(|| format!("{}: {}", styled(GOOD, "Synced"), counts(report)), || object);
        }
        for conflict in report.conflicts.iter().filter(|c| !self.conflicts.contains(&c.id)) {
            self.conflict(conflict);
        }
        self.conflicts = report.conflicts.iter().map(|c| c.id.clone()).collect();
        for (id, why) in skipped.iter().filter(|(id, why)| self.skipped.get(*id) != Some(why)) {
            let text = || format!("{}: {}: {}", styled(NOTICE, "Skipped"), shown(id), shown(why));
            self.say(text, || json!({ "event": "skipped", "id": id, "why": why }));
        }
        if complete {
            self.skipped = skipped;
        } else {
            self.skipped.extend(skipped);
        }
    }

    /// Says that the watch has begun.
    pub(crate) fn watching(&mut self, drive: &str) {
        if !std::mem::replace(&mut self.watching, true) {
            let folder = self.folder.to_string_lossy().into_owned();
            let text = || format!("{} {} in step with {}; Ctrl-C stops", styled(GOOD, "Keeping"), shown(&folder), shown(drive));
            self.say(text, || json!({ "event": "watching", "folder": folder, "drive": drive }));
        }
    }

    /// Says that a sync had to be put off.
    pub(crate) fn waiting(&mut self, error: &Error) {
        if std::mem::replace(&mut self.waits, true) {
            return;
        }
        let what = if error.kind == ErrorKind::Unavailable { "The drive is out of reach" } else { "Waiting" };
        let mut object = json::error(error);
        tag(&mut object, "waiting");
        self.say(|| format!("{}: {}; trying again until it works", styled(NOTICE, what), error.detail()), || object);
    }

    /// Says that the system notices no changes in the folder.
    pub(crate) fn limited(&mut self, every: Duration) {
        if std::mem::replace(&mut self.limited, true) {
            return;
        }
        let seconds = every.as_secs();
        let message = format!(
            "the system watches no more folders for this user (on Linux, fs.inotify.max_user_watches and max_user_instances say how many): \
             kite looks for changes every {seconds} s instead"
        );
        self.say(
            || format!("{}: {message}", styled(NOTICE, "Limited")),
            || json!({ "event": "limited", "message": message, "every_s": seconds }),
        );
    }

    /// Says what is dangerous about the place where the drive is.
    pub(crate) fn danger(&mut self, message: String) {
        if self.danger.as_ref() != Some(&message) {
            self.say(|| format!("{}: {message}", styled(NOTICE, "Danger")), || json!({ "event": "danger", "message": message }));
            self.danger = Some(message);
        }
    }

    /// Says that the watch has ended as it was asked to.
    pub(crate) fn stopped(&self) {
        self.say(|| "Stopped".to_owned(), || json!({ "event": "stopped" }));
    }

    fn conflict(&self, conflict: &Conflict) {
        let (folder, file) = (shell(&self.folder.to_string_lossy()), shell(conflict.id.as_str()));
        let command = styled(COMMAND, format_args!("kite resolve {folder} {file} --keep local|remote|both"));
        let mut object = json::conflicts(std::slice::from_ref(conflict)).get_mut(0).map(Value::take).unwrap_or_default();
        tag(&mut object, "conflict");
        let what = summary::kind(conflict.kind);
        self.say(|| format!("{}: {} was {what}: {command}", styled(NOTICE, "Conflict"), shown(conflict.id.as_str())), || object);
    }

    fn say(&self, text: impl FnOnce() -> String, object: impl FnOnce() -> Value) {
        if self.json { json::print(&object()) } else { line(text()) }
    }
}

fn tag(object: &mut Value, event: &str) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert("event".to_owned(), event.into());
    }
}

fn counts(report: &Report) -> String {
    let counts = [(report.pushed, "pushed"), (report.pulled, "pulled"), (report.deleted, "deleted")];
    counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect::<Vec<_>>().join(", ")
}

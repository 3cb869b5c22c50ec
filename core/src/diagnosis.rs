//! What a look at a whole vault has found, and what a repair did about it.

use crate::{CancelToken, HeldLock, ProgressSink, Strategy};

/// How to look at a vault.
#[derive(Debug, Clone, Default)]
pub struct DoctorOptions {
    /// Ends the look from elsewhere, with the error `cancelled`.
    pub cancel: Option<CancelToken>,
    /// Where progress goes: files, in the phase `Read`.
    pub progress: ProgressSink,
    /// Whether to repair what can be repaired safely. Nothing is ever deleted.
    pub repair: bool,
}

/// What a look at a whole vault has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// The vault's id; none if nothing tells it.
    pub vault: Option<String>,
    /// How the records of the vault are found; none in the classic layout, and if nothing tells it.
    pub strategy: Option<Strategy>,
    /// How often the strategy was lowered.
    pub epoch: u64,
    /// Whether the vault is sealed.
    pub sealed: bool,
    /// How many files of a vault there are.
    pub files: u64,
    /// Their bytes, as far as the drive tells sizes.
    pub bytes: u64,
    /// How many records there are; in the classic layout, changes in the log.
    pub records: u64,
    /// How many checkpoints there are.
    pub checkpoints: u64,
    /// How many documents a new device gets from the vault as it is; none if that could not be tried.
    pub documents: Option<u64>,
    /// The lock, or lease, that lies on the drive.
    pub lock: Option<HeldLock>,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// Returns the worst that was found and not repaired; none if there is nothing but notes.
    pub fn worst(&self) -> Option<Severity> {
        let open = self.findings.iter().filter(|finding| finding.repair != Repair::Done);
        open.map(|finding| finding.kind.severity()).max().filter(|severity| *severity > Severity::Note)
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// The file, by its path on the drive; for a document that cannot be read, its id.
    pub path: Option<String>,
    /// What is the matter, in one sentence.
    pub detail: String,
    /// What becomes of it.
    pub repair: Repair,
    /// What a repair does or has done, or why it does nothing, in one sentence.
    pub advice: String,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing is to be done.
    Note,
    /// Nothing is lost, and something is not as it should be.
    Warning,
    /// A sync fails or leaves something out because of it.
    Damage,
}

impl Severity {
    /// Returns the stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Damage => "damage",
        }
    }
}

/// What becomes of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// Nothing is to be done.
    Needless,
    /// A look that may repair repairs it.
    Possible,
    /// It is repaired: another look did not find it.
    Done,
    /// It is not repaired, because that would not be safe, or needs what is not here.
    Refused,
}

impl Repair {
    /// Returns the stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Needless => "needless",
            Self::Possible => "possible",
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $severity:ident;)*) => {
        /// What can be found. `spec/doctor.md` says more of each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum FindingKind {
            $($(#[$doc])* $name,)*
        }

        impl FindingKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Returns the stable name; it never changes.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Returns how bad it is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }
        }
    };
}

kinds! {
    /// The file that says what the folder is, is not there.
    MarkerMissing = "marker_missing", Damage;
    /// The marker makes no sense, or nobody with the vault's keys has written it.
    MarkerDamaged = "marker_damaged", Damage;
    /// A vault is being imported here, or its import was interrupted.
    Importing = "importing", Damage;
    /// The vault was moved to another place, or brought to the journal layout there.
    Moved = "moved", Warning;
    /// The vault is being moved to another place, or its move was interrupted.
    Moving = "moving", Damage;
    /// The vault that this client has joined is another one.
    AnotherVault = "another_vault", Damage;
    /// The vault is older than what this client has seen.
    Older = "older", Damage;
    /// A file was written by a newer version of this library.
    Newer = "newer", Damage;
    /// The vault is sealed, and nothing was given to open it: what is sealed was not looked at.
    KeyNeeded = "key_needed", Warning;
    /// The keyring of a sealed vault is not there.
    KeyringMissing = "keyring_missing", Damage;
    /// The keyring of a sealed vault makes no sense.
    KeyringDamaged = "keyring_damaged", Damage;
    /// The folder `v` does not have the vault's id.
    IdMissing = "id_missing", Warning;
    /// The index of the records is not there.
    HeadMissing = "head_missing", Damage;
    /// The index of the records makes no sense.
    HeadDamaged = "head_damaged", Damage;
    /// The index of the records is another vault's.
    HeadForeign = "head_foreign", Damage;
    /// The index of the records is closed, and the strategy was not lowered.
    HeadClosed = "head_closed", Damage;
    /// A record is there, and the index does not name it.
    Unannounced = "unannounced", Warning;
    /// A record is not there, and no checkpoint has what it said.
    RecordMissing = "record_missing", Damage;
    /// A record makes no sense, and no checkpoint has what it said.
    RecordDamaged = "record_damaged", Damage;
    /// A content in a record or in a file of a checkpoint is not what was written.
    BodyDamaged = "body_damaged", Damage;
    /// A record of another vault.
    RecordForeign = "record_foreign", Warning;
    /// Two records have one number: a device was copied while it ran.
    WriterForked = "writer_forked", Warning;
    /// A part of a large document is not there.
    PartMissing = "part_missing", Damage;
    /// A part of a large document is not what was written.
    PartDamaged = "part_damaged", Damage;
    /// A part that nothing names.
    PartOrphaned = "part_orphaned", Note;
    /// The checkpoint that is announced cannot be read, or a file of it is not there.
    CheckpointBroken = "checkpoint_broken", Damage;
    /// A file of a checkpoint that nothing names.
    CheckpointOrphaned = "checkpoint_orphaned", Note;
    /// A file of the history cannot be read.
    HistoryDamaged = "history_damaged", Warning;
    /// A file that makes no sense, and that nobody needs any longer.
    Superseded = "superseded", Note;
    /// A document that a new device does not get.
    DocumentUnreadable = "document_unreadable", Damage;
    /// A device has written with a clock that is ahead.
    ClockAhead = "clock_ahead", Warning;
    /// A lock lies on the drive.
    Locked = "locked", Note;
    /// A copy that another program has made of a file of the vault.
    Copy = "copy", Note;
    /// A file that is left of an interrupted write.
    Temporary = "temporary", Note;
    /// A file that no vault has in this place.
    Foreign = "foreign", Note;
    /// Files of a vault in the other layout.
    OtherLayout = "other_layout", Warning;
    /// `meta.json` is not there.
    CountMissing = "count_missing", Damage;
    /// `meta.json` makes no sense.
    CountDamaged = "count_damaged", Damage;
    /// A file of the log is not there, or has fewer changes than are counted.
    LogShort = "log_short", Damage;
    /// A file of the log makes no sense.
    LogDamaged = "log_damaged", Damage;
    /// The log has changes that are not counted.
    Uncounted = "uncounted", Note;
    /// A document that the log says is there, and is not.
    DocumentMissing = "document_missing", Damage;
    /// The file of a document makes no sense.
    DocumentDamaged = "document_damaged", Damage;
    /// The file of a document has another document in it.
    DocumentMisnamed = "document_misnamed", Warning;
    /// A document that the log does not name.
    DocumentUnlogged = "document_unlogged", Note;
    /// Clients of db-to-cloud write to the vault.
    OldClient = "old_client", Note;
}

/// No more findings of one kind are told one by one.
const OF_A_KIND: usize = 100;

/// Findings under way.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    /// Adds one about which nothing is to be done.
    pub(crate) fn note(&mut self, kind: FindingKind, path: impl Into<String>, detail: impl Into<String>, advice: &str) {
        self.add(kind, path, detail, Repair::Needless, advice);
    }

    pub(crate) fn possible(&mut self, kind: FindingKind, path: impl Into<String>, detail: impl Into<String>, advice: &str) {
        self.add(kind, path, detail, Repair::Possible, advice);
    }

    pub(crate) fn refused(&mut self, kind: FindingKind, path: impl Into<String>, detail: impl Into<String>, advice: &str) {
        self.add(kind, path, detail, Repair::Refused, advice);
    }

    pub(crate) fn add(&mut self, kind: FindingKind, path: impl Into<String>, detail: impl Into<String>, repair: Repair, advice: &str) {
        let path = Some(path.into()).filter(|path| !path.is_empty());
        self.0.push(Finding { kind, path, detail: detail.into(), repair, advice: advice.to_owned() });
    }

    /// Whether there is one of this kind.
    pub(crate) fn has(&self, kind: FindingKind) -> bool {
        self.0.iter().any(|finding| finding.kind == kind)
    }

    /// Whether there is one about this file, other than that it is a copy.
    pub(crate) fn names(&self, path: &str) -> bool {
        self.0.iter().any(|finding| finding.path.as_deref() == Some(path) && finding.kind != FindingKind::Copy)
    }

    /// Returns all, the worst first; of many of one kind the first, and how many there are.
    pub(crate) fn told(self) -> Vec<Finding> {
        let mut all = self.0;
        all.sort_by_key(|finding| (std::cmp::Reverse(finding.kind.severity()), finding.kind));
        let mut told: Vec<Finding> = Vec::new();
        for kind in FindingKind::ALL {
            let count = all.iter().filter(|finding| finding.kind == *kind).count();
            let of_kind = all.iter().filter(|finding| finding.kind == *kind).take(OF_A_KIND);
            let mut of_kind: Vec<Finding> = of_kind.cloned().collect();
            if count > OF_A_KIND
                && let Some(last) = of_kind.last().cloned()
            {
                of_kind.push(Finding { path: None, detail: format!("and {} more like it", count - OF_A_KIND), ..last });
            }
            told.extend(of_kind);
        }
        told.sort_by_key(|finding| (std::cmp::Reverse(finding.kind.severity()), finding.kind));
        told
    }
}

/// What a repair has achieved: what was `done` earlier, what is gone from the findings of before, and those of now.
pub(crate) fn after_repair(before: Vec<Finding>, done: Vec<Finding>, now: Vec<Finding>) -> Vec<Finding> {
    let same = |a: &Finding, b: &Finding| a.kind == b.kind && a.path == b.path;
    let gone = before.into_iter().filter(|old| old.repair == Repair::Possible && !now.iter().any(|new| same(old, new)));
    let gone = gone.map(|old| Finding { repair: Repair::Done, ..old });
    let mut all: Vec<Finding> = done.into_iter().chain(gone).chain(now.iter().cloned()).collect();
    all.sort_by_key(|finding| (std::cmp::Reverse(finding.kind.severity()), finding.kind));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_different() {
        let codes: BTreeSet<&str> = FindingKind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes.len(), FindingKind::ALL.len());
    }

    #[test]
    fn many_of_one_kind_are_counted_and_the_worst_comes_first() {
        let mut findings = Findings::default();
        for n in 0..OF_A_KIND + 7 {
            findings.note(FindingKind::Foreign, format!("x{n}"), "foreign", "");
        }
        findings.refused(FindingKind::RecordMissing, "j/1", "missing", "");
        let told = findings.told();
        assert_eq!((told.len(), told[0].kind), (OF_A_KIND + 2, FindingKind::RecordMissing));
        assert_eq!(told.last().map(|last| last.detail.as_str()), Some("and 7 more like it"));
    }
}

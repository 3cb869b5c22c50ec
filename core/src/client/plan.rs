//! What to do about a document: pure decisions, each with its reason. Other modules carry them out.
//!
//! A document is compared by digest in up to four places: what the drive has (`remote`), what both sides last
//! agreed on (`base`), what the host has (`local`), and what this client was in the middle of doing. None means
//! that the document does not exist there.

use crate::{ConflictKind, Digest, server::Attempt};

/// What is known of a document that may have changed on the drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) remote: Option<Digest>,
    pub(super) base: Option<Digest>,
    pub(super) local: Option<Digest>,
    /// An apply whose end is not known was to leave this.
    pub(super) applying: Option<Option<Digest>>,
    /// A push that is not in the log was to leave this.
    pub(super) pushing: Option<Attempt>,
    /// Whether the host has announced an edit.
    pub(super) queued: bool,
    /// Whether the first pull is complete, also since this client was put back to a backup: otherwise a missing base says
    /// nothing.
    pub(super) joined: bool,
    /// Whether a conflict about the document waits for the host's decision.
    pub(super) in_conflict: bool,
    /// Whether a version of this client lost against `remote`, and its author has not decided about it.
    pub(super) lost: bool,
    /// Whether the drive is known to have had the document, and to have deleted it.
    pub(super) tombstone: bool,
}

/// What to do about a document that may have changed on the drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pull {
    /// Both sides are the same and were never edited here: remember the version.
    AlreadyHave,
    /// The same edit was made on both sides: remember the version, there is nothing to push.
    Converged,
    /// Both sides had the same document before they ever met: remember the version.
    Adopt,
    /// Deleted on the drive, and not here either.
    DeleteAlreadyGone,
    /// The drive still has what was agreed: remember the version, keep any edit.
    StaleEcho,
    /// The drive has what this client was pushing when it was interrupted, and nobody has said so in the log yet:
    /// remember the version, and announce it.
    OwnPush,
    /// Only the drive changed: apply it.
    FastForward,
    /// Both sides changed: the host decides.
    Conflict(ConflictKind),
}

/// Decides about a document that may have changed on the drive.
pub(super) fn pull(facts: &Facts) -> Pull {
    let Facts { remote, base, local, applying, pushing, queued, joined, in_conflict, lost, tombstone } = *facts;
    // What this client has written and not announced is for it alone to announce.
    if pushing.is_some_and(|attempt| attempt_digest(attempt) == remote) {
        return Pull::OwnPush;
    }
    // What an interrupted apply left is the drive's content, not an edit.
    let base = if applying == Some(local) { local } else { base };
    let edited = local != base;
    if remote == local {
        return match (remote, base) {
            (None, _) => Pull::DeleteAlreadyGone,
            (Some(_), None) if !queued => Pull::Adopt,
            // Neither side is lost by taking them as one, whoever made the edit first.
            (Some(_), _) if edited => Pull::Converged,
            (Some(_), _) => Pull::AlreadyHave,
        };
    }
    // An apply whose end is not known has brought what is deleted there now, and what is here may be made on top of it.
    let deleted_since = remote.is_none() && applying.is_some_and(|applying| applying.is_some() && applying != local);
    // Here before the client ever saw that it was deleted there: nobody can know which came first.
    let deleted_before = tombstone && base.is_none() && local.is_some() && (!joined || in_conflict);
    // Nothing new on the drive: whatever the host did stays queued.
    if remote == base && !deleted_since && !deleted_before {
        return Pull::StaleEcho;
    }
    // Deleted here before the client ever saw what the drive has: nobody can know what the deletion meant. Nor does a
    // newer version decide a conflict that waits.
    if base.is_none() && local.is_none() && queued && (!joined || in_conflict) {
        return Pull::Conflict(ConflictKind::DeleteEdit);
    }
    // Whether an apply took place before the host went back to what was agreed cannot be known any more.
    let went_back = queued && applying.is_some_and(|applying| applying != local);
    // Nor is an edit of this client that was pushed, and made without knowing the drive's, undone without asking.
    if !edited && !went_back && !lost {
        return Pull::FastForward;
    }
    Pull::Conflict(match (remote, base, local) {
        (None, _, _) => ConflictKind::EditDelete,
        (_, _, None) => ConflictKind::DeleteEdit,
        (_, None, _) => ConflictKind::Adopt,
        _ => ConflictKind::EditEdit,
    })
}

/// What to do about a queued change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Push {
    /// The content differs from what was agreed: write it.
    Put,
    /// The document is gone and was agreed to exist: delete it.
    Delete,
    /// The drive already has exactly this: forget the entry.
    UpToDate,
    /// A document was queued to be written and is not there: report it, never delete.
    Vanished,
}

/// Decides about a queued change.
///
/// `unsettled` says that an interrupted push may have left something else on the drive than `base`, or that the
/// announcement was lost: then even what was agreed is written again.
pub(super) fn push(delete_queued: bool, base: Option<Digest>, local: Option<Digest>, unsettled: bool) -> Push {
    match (local, base) {
        (Some(_), _) if local != base || unsettled => Push::Put,
        (Some(_), _) => Push::UpToDate,
        (None, _) if !delete_queued => Push::Vanished,
        (None, None) if !unsettled => Push::UpToDate,
        (None, _) => Push::Delete,
    }
}

/// Returns the digest that a push was to leave.
pub(super) fn attempt_digest(attempt: Attempt) -> Option<Digest> {
    match attempt {
        Attempt::Put(digest) => Some(digest),
        Attempt::Delete => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Option<Digest> {
        (!text.is_empty()).then(|| Digest::of(text.as_bytes()))
    }

    fn facts(remote: &str, base: &str, local: &str) -> Facts {
        Facts {
            remote: d(remote),
            base: d(base),
            local: d(local),
            applying: None,
            pushing: None,
            queued: d(local) != d(base),
            joined: true,
            in_conflict: false,
            lost: false,
            tombstone: false,
        }
    }

    #[test]
    fn every_combination_of_three_contents_has_its_outcome() {
        use ConflictKind::*;
        let table = [
            (("", "", ""), Pull::DeleteAlreadyGone),
            (("", "a", ""), Pull::DeleteAlreadyGone),
            (("", "", "x"), Pull::StaleEcho),
            (("", "a", "a"), Pull::FastForward),
            (("", "a", "x"), Pull::Conflict(EditDelete)),
            (("a", "a", "a"), Pull::AlreadyHave),
            (("a", "a", "x"), Pull::StaleEcho),
            (("a", "a", ""), Pull::StaleEcho),
            (("b", "a", "a"), Pull::FastForward),
            (("b", "a", "b"), Pull::Converged),
            (("b", "a", "x"), Pull::Conflict(EditEdit)),
            (("b", "a", ""), Pull::Conflict(DeleteEdit)),
            (("b", "", ""), Pull::FastForward),
            (("b", "", "b"), Pull::Converged),
            (("b", "", "x"), Pull::Conflict(Adopt)),
        ];
        for ((remote, base, local), outcome) in table {
            assert_eq!(pull(&facts(remote, base, local)), outcome, "remote {remote:?} base {base:?} local {local:?}");
        }
    }

    #[test]
    fn first_sync_adopts_what_is_equal() {
        assert_eq!(pull(&Facts { queued: false, ..facts("b", "", "b") }), Pull::Adopt);
    }

    #[test]
    fn a_deletion_before_the_first_pull_is_a_conflict() {
        let gone = Facts { queued: true, ..facts("b", "", "") };
        assert_eq!(pull(&gone), Pull::FastForward, "made and deleted here, made elsewhere meanwhile");
        assert_eq!(pull(&Facts { joined: false, ..gone }), Pull::Conflict(ConflictKind::DeleteEdit));
        assert_eq!(pull(&Facts { in_conflict: true, ..gone }), Pull::Conflict(ConflictKind::DeleteEdit));
    }

    #[test]
    fn what_an_interrupted_apply_left_is_no_edit() {
        assert_eq!(pull(&Facts { applying: Some(d("b")), ..facts("c", "a", "b") }), Pull::FastForward);
        assert_eq!(pull(&Facts { applying: Some(d("")), ..facts("c", "a", "") }), Pull::FastForward);
        assert_eq!(pull(&Facts { applying: Some(d("b")), ..facts("c", "a", "x") }), Pull::Conflict(ConflictKind::EditEdit));
        assert_eq!(
            pull(&Facts { applying: Some(d("b")), ..facts("", "", "b") }),
            Pull::FastForward,
            "deleted since: it is not brought back"
        );
    }

    #[test]
    fn a_deletion_on_top_of_an_interrupted_apply_is_not_undone() {
        let gone = Facts { applying: Some(d("b")), queued: true, ..facts("b", "", "") };
        assert_eq!(pull(&gone), Pull::Conflict(ConflictKind::DeleteEdit));
    }

    #[test]
    fn an_edit_on_top_of_an_interrupted_apply_does_not_undo_a_deletion() {
        let edited = Facts { applying: Some(d("b")), ..facts("", "", "x") };
        assert_eq!(pull(&edited), Pull::Conflict(ConflictKind::EditDelete));
        assert_eq!(pull(&Facts { applying: None, ..edited }), Pull::StaleEcho, "made here, and never there");
    }

    #[test]
    fn an_edit_on_top_of_an_interrupted_push_is_no_conflict() {
        let pushing = Some(Attempt::Put(Digest::of(b"p")));
        assert_eq!(pull(&Facts { pushing, ..facts("p", "a", "x") }), Pull::OwnPush);
        assert_eq!(pull(&Facts { pushing, ..facts("p", "a", "p") }), Pull::OwnPush, "it is still to be announced");
        assert_eq!(pull(&Facts { pushing: Some(Attempt::Delete), ..facts("", "a", "x") }), Pull::OwnPush);
        assert_eq!(pull(&Facts { pushing, ..facts("q", "a", "x") }), Pull::Conflict(ConflictKind::EditEdit));
    }

    #[test]
    fn what_is_here_before_the_first_pull_and_deleted_there_is_a_conflict() {
        let here = Facts { tombstone: true, joined: false, ..facts("", "", "x") };
        assert_eq!(pull(&here), Pull::Conflict(ConflictKind::EditDelete));
        assert_eq!(pull(&Facts { joined: true, ..here }), Pull::StaleEcho, "made here since, on top of the deletion");
        assert_eq!(pull(&Facts { tombstone: false, ..here }), Pull::StaleEcho, "made here, and never there");
    }

    #[test]
    fn the_author_of_a_version_that_lost_is_asked() {
        let lost = |remote, base, local| Facts { lost: true, ..facts(remote, base, local) };
        assert_eq!(pull(&lost("b", "a", "a")), Pull::Conflict(ConflictKind::EditEdit));
        assert_eq!(pull(&lost("", "a", "a")), Pull::Conflict(ConflictKind::EditDelete));
        assert_eq!(pull(&lost("b", "", "")), Pull::Conflict(ConflictKind::DeleteEdit));
        assert_eq!(pull(&lost("a", "a", "a")), Pull::AlreadyHave, "the same edit was made twice");
        assert_eq!(pull(&lost("b", "a", "b")), Pull::Converged);
    }

    #[test]
    fn pushes() {
        assert_eq!(push(false, None, d("x"), false), Push::Put);
        assert_eq!(push(false, d("a"), d("a"), false), Push::UpToDate);
        assert_eq!(push(false, d("a"), d("a"), true), Push::Put);
        assert_eq!(push(true, d("a"), d("x"), false), Push::Put, "what exists is written, whatever was queued");
        assert_eq!(push(true, d("a"), None, false), Push::Delete);
        assert_eq!(push(true, None, None, false), Push::UpToDate);
        assert_eq!(push(true, None, None, true), Push::Delete);
        assert_eq!(push(false, d("a"), None, false), Push::Vanished);
    }
}

//! What must hold, checked against the ghost history. Every violation begins with the invariant's name.

use crate::{ghost::Ghost, host::Documents, world::World};
use kitestring::{Conflict, DocId, Versions};
use std::collections::BTreeSet;

/// Checks what must hold once everything is quiet: `I1 NoLostUpdate` and `I2 Convergence`.
///
/// `seats` are those whose hosts count. Edits whose content waits in a conflict of `open_conflicts` are not lost.
pub fn check_quiet(world: &World, seats: &[usize], open_conflicts: &[Conflict]) {
    let documents: Vec<Documents> = seats.iter().map(|s| world.host(*s).documents()).map(|all| promised(world, all)).collect();
    for (seat, held) in seats.iter().zip(&documents).skip(1) {
        if Some(held) != documents.first() {
            let first = documents.first().map(show).unwrap_or_default();
            world.ghost.violated(format!("I2 Convergence: c1 has {first} but c{} has {}", seat + 1, show(held)));
        }
    }
    for (no, edit) in world.ghost.edits().iter().enumerate() {
        let exists = documents.first().is_some_and(|d| d.contains_key(&edit.id));
        if !world.ghost.matters(no) || world.ghost.doubts(&edit.id).is_some() || !exists && world.ghost.was_deleted(no) {
            continue;
        }
        let kept = |seen: &BTreeSet<usize>| world.ghost.covers(seen, no) || world.ghost.set_aside(no, seen);
        let held = seats.iter().any(|s| kept(&world.host(*s).seen(&edit.id)));
        let surfaced = open_conflicts.iter().any(|c| c.id == edit.id && in_conflict(&world.ghost, c, no));
        if !held && !surfaced {
            let (id, seat, revision) = (&edit.id, edit.seat + 1, &edit.revision);
            world.ghost.violated(format!(
                "I1 NoLostUpdate: the edit {id}@{revision} of c{seat} is neither there, nor superseded, nor in a conflict"
            ));
        }
    }
}

/// Leaves out documents of which the devices may have different versions.
fn promised(world: &World, mut documents: Documents) -> Documents {
    documents.retain(|id, _| !world.ghost.doubts(id).is_some_and(|d| d.diverges));
    documents
}

/// Checks that a conflict is a real one and shows both contents: no false conflict, `I1` (surfaced with content).
pub fn check_conflict(world: &World, seat: usize, conflict: &Conflict, versions: &Versions) {
    let ghost = &world.ghost;
    let (local, remote) = (world.host(seat).seen(&conflict.id), ghost.remote_side(conflict));
    let excused = local.iter().any(|l| ghost.get(*l).is_some_and(|e| e.excused));
    // A client that does not know how an apply ended may ask about a deletion of what was not there.
    let excused = excused || conflict.local.is_none() && world.host(seat).deleted_nothing(&conflict.id);
    let excused = excused || remote.iter().any(|r| ghost.get(*r).is_some_and(|e| e.on_unannounced));
    // Others have gone on from what an interrupted push of this device had left unannounced.
    let leaked = |no: usize| ghost.get(no).is_some_and(|e| !ghost.is_announced(&e.revision)) && ghost.covers(&remote, no);
    let excused = excused || local.iter().any(|no| leaked(*no));
    if !excused && !ghost.may_repeat(&conflict.id) && !ghost.concurrent(&local, &remote) {
        ghost.violated(format!(
            "NoFalseConflict: c{} was shown {conflict:?}, but local {local:?} and remote {remote:?} know each other",
            seat + 1
        ));
    }
    let body_of = |edits: &BTreeSet<usize>| edits.iter().find_map(|e| ghost.get(*e)?.body);
    let shown = versions.remote.as_ref().map(|d| d.body.clone());
    let wanted = conflict.remote.as_ref().and_then(|_| body_of(&remote)).map(kitestring::Body::Whole);
    if shown != wanted {
        ghost.violated(format!("I1 NoLostUpdate: the conflict over {} at c{} does not show the drive's content", conflict.id, seat + 1));
    }
    let shown = versions.local.as_ref().map(|d| (d.revision.clone(), d.body.clone()));
    let held = world.host(seat).documents().remove(&conflict.id).map(|(revision, body)| (revision, world.host(seat).body(&body)));
    if shown != held {
        ghost.violated(format!("I1 NoLostUpdate: the conflict over {} at c{} does not show the host's content", conflict.id, seat + 1));
    }
}

/// Checks that the host has nothing left that it would have to queue again.
pub fn check_committed(world: &World, seat: usize) {
    let left = world.host(seat).uncommitted_count();
    if left > 0 {
        world.ghost.violated(format!("I9 Liveness: {left} changes of c{} never got their changeCommitted flag", seat + 1));
    }
}

/// Shows documents in one line.
pub fn show(documents: &Documents) -> String {
    let word = |(id, (revision, _)): (&DocId, &(kitestring::Revision, Vec<u8>))| format!("{id}@{revision}");
    format!("{{{}}}", documents.iter().map(word).collect::<Vec<_>>().join(", "))
}

fn in_conflict(ghost: &Ghost, conflict: &Conflict, no: usize) -> bool {
    let local = conflict.local.as_ref().map_or_else(|| ghost.deletions(&conflict.id), |s| ghost.edits_of(&conflict.id, &s.revision));
    ghost.covers(&local, no) || ghost.covers(&ghost.remote_side(conflict), no)
}

//! Conditions and claims: D40, D42 to D44, D60, D62.

use super::clauses;
use crate::{Check, Stage};
use futures::{FutureExt as _, executor::block_on};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{Condition, Got, Version},
};

clauses![
    d40_absent_writes_only_what_is_not_there: Create,
    d40_matches_writes_only_over_its_version: Replace,
    d42_absent_is_ignored_where_it_is_not_claimed: NoCreate,
    d42_matches_is_ignored_where_it_is_not_claimed: NoReplace,
    d43_a_condition_holds_when_the_write_takes_place: Replace,
    d44_the_same_bytes_are_refused_too: Create,
    d60_the_claims_never_change,
    d62_the_probe_finds_what_is_claimed,
];

fn never() -> Version {
    Version::new("no drive gives this version")
}

fn kind<T>(answer: Result<T>) -> Result<(), ErrorKind> {
    answer.map(drop).map_err(|e| e.into_kind())
}

fn d40_absent_writes_only_what_is_not_there(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    caller.put("d/f", "one", Condition::Absent)?;
    let again = kind(caller.put("d/f", "two", Condition::Absent));
    ensure!(again == Err(ErrorKind::Condition), "a file was there, and `Absent` was answered {again:?}");
    caller.delete("d/f", Condition::Any)?;
    let anew = kind(caller.put("d/f", "three", Condition::Absent));
    ensure!(anew == Ok(()), "the file was deleted, and `Absent` was answered {anew:?}");
    ensure!(caller.bytes("d/f")? == b"three", "a write that was answered did not take place");
    Ok(())
}

fn d40_matches_writes_only_over_its_version(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let one = caller.put("d/f", "one", Condition::Any)?;
    for (path, version) in [("d/f", never()), ("d/none", one.clone()), ("none/none", one.clone())] {
        let wrong = kind(caller.put(path, "wrong", Condition::Matches(version)));
        ensure!(wrong == Err(ErrorKind::Condition), "{path} has another version or none, and `Matches` was answered {wrong:?}");
    }
    ensure!(caller.get("d/none")? == Got::Missing, "a refused write has made a file");
    let two = caller.put("d/f", "two", Condition::Matches(one.clone()))?;
    let late = kind(caller.put("d/f", "late", Condition::Matches(one)));
    ensure!(late == Err(ErrorKind::Condition), "the version was replaced, and `Matches` was answered {late:?}");
    ensure!(caller.bytes("d/f")? == b"two", "a refused write has written");
    caller.delete("d/f", Condition::Matches(two.clone()))?;
    let gone = kind(caller.put("d/f", "gone", Condition::Matches(two)));
    ensure!(gone == Err(ErrorKind::Condition), "the file was deleted, and `Matches` was answered {gone:?}");
    Ok(())
}

fn d42_absent_is_ignored_where_it_is_not_claimed(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    caller.put("f", "one", Condition::Absent)?;
    let put = kind(caller.put("f", "two", Condition::Absent));
    ensure!(put == Ok(()), "`create` is not claimed, and `Absent` was answered {put:?}");
    ensure!(caller.bytes("f")? == b"two", "a write that was answered did not take place");
    Ok(())
}

fn d42_matches_is_ignored_where_it_is_not_claimed(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    for text in ["one", "two"] {
        let put = kind(caller.put("f", text, Condition::Matches(never())));
        ensure!(put == Ok(()), "`replace` is not claimed, and `Matches` was answered {put:?}");
        ensure!(caller.bytes("f")? == text.as_bytes(), "a write that was answered did not take place");
    }
    let deleted = kind(caller.delete("f", Condition::Matches(never())));
    ensure!(deleted == Ok(()), "`replace` is not claimed, and a deletion under `Matches` was answered {deleted:?}");
    Ok(())
}

fn d43_a_condition_holds_when_the_write_takes_place(stage: &Stage<'_>) -> Check {
    let (caller, other) = (stage.caller(), stage.another()?);
    for n in 0..12_u8 {
        let path = format!("f{n}");
        let old = caller.put(&path, "old", Condition::Any)?;
        let mut late = caller.drive().put(DrivePath::new(&path)?, vec![n; 100_000], Condition::Matches(old));
        // The request is on its way; whether it has arrived is the drive's affair.
        let early = (0..n % 4).find_map(|_| late.as_mut().now_or_never());
        other.put(&path, "other", Condition::Any)?;
        let answer = kind(early.unwrap_or_else(|| block_on(late)));
        ensure!(matches!(answer, Ok(()) | Err(ErrorKind::Condition)), "a late write was answered {answer:?}");
        ensure!(caller.bytes(&path)? == b"other", "a write under an old version came in over a newer one ({answer:?})");
    }
    Ok(())
}

fn d44_the_same_bytes_are_refused_too(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    caller.put("f", "same", Condition::Absent)?;
    let again = kind(caller.put("f", "same", Condition::Absent));
    ensure!(again == Err(ErrorKind::Condition), "the same bytes under `Absent` were answered {again:?}");
    Ok(())
}

fn d60_the_claims_never_change(stage: &Stage<'_>) -> Check {
    let (caller, other) = (stage.caller(), stage.another()?);
    let first = caller.claims();
    ensure!(first.parallel > 0, "not one request may be under way");
    caller.put("f", "x", Condition::Any)?;
    let _ = caller.put("f", "x", Condition::Absent);
    let _ = caller.put("f", "x", Condition::Matches(never()));
    let _ = caller.put("", "x", Condition::Any);
    caller.delete("f", Condition::Any)?;
    for claims in [caller.claims(), other.claims()] {
        ensure!(claims == first, "first {first:?} was claimed, then {claims:?}");
    }
    Ok(())
}

/// The six steps of the probe. Alone they prove no claim, but they can refute one.
fn d62_the_probe_finds_what_is_claimed(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let claims = caller.claims();
    let first = caller.put("probe", "1", Condition::Absent)?;
    let created = caller.put("probe", "2", Condition::Absent).is_err();
    ensure!(created == claims.create, "`create` is claimed: {}; a second write under `Absent` is refused: {created}", claims.create);
    let invented = caller.put("probe", "3", Condition::Matches(never())).is_err();
    ensure!(invented == claims.replace, "`replace` is claimed: {}; an invented version is refused: {invented}", claims.replace);
    let now = if claims.replace { first.clone() } else { caller.file("probe")?.1 };
    let second = caller.put("probe", "4", Condition::Matches(now))?;
    ensure!(second != first, "other bytes have the same version");
    ensure!(caller.names("")? == ["probe"], "the listing does not name the file");
    let (bytes, version) = caller.file("probe")?;
    ensure!(bytes == b"4" && (version == second || !claims.versions), "the file does not have the bytes and the version of the last write");
    Ok(())
}

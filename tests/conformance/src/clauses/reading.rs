//! Reading: D10 to D16.

use super::clauses;
use crate::{Caller, Check, Stage, Stop};
use kitestring::{
    ErrorKind,
    drive::{Condition, Got, Version},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

clauses![
    d10_the_version_belongs_to_the_bytes: Versions,
    d11_what_is_missing_is_an_answer,
    d12_unless_never_hides_a_change,
    d12_unless_saves_the_bytes: Versions,
    d13_a_range_gives_its_bytes_and_no_others,
    d13_a_range_carries_the_version_of_the_whole: Versions,
    d14_a_reader_sees_the_old_or_the_new,
    d15_what_was_written_is_read,
    d16_without_its_root_every_call_is_unavailable,
];

fn d10_the_version_belongs_to_the_bytes(stage: &Stage<'_>) -> Check {
    let first = stage.caller().put("f", "0", Condition::Any)?;
    let written = Mutex::new(BTreeMap::from([(first, b"0".to_vec())]));
    let seen = Mutex::new(Vec::new());
    let write = |caller: &Caller, n: usize| {
        let version = caller.put("f", n.to_string(), Condition::Any)?;
        locked(&written).insert(version, n.to_string().into_bytes());
        Ok(())
    };
    stage.beside(40, write, |caller| {
        let read = caller.file("f")?;
        locked(&seen).push(read);
        Ok(())
    })?;
    for (bytes, version) in locked(&seen).iter() {
        // A version that no put answered is a drive's own affair, unless it is answered with other bytes.
        let right = locked(&written).get(version).is_none_or(|content| content == bytes);
        ensure!(right, "{version:?} was read with bytes that had another version");
    }
    Ok(())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn d11_what_is_missing_is_an_answer(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let missing = |path: &str| -> Check {
        let got = caller.get(path).map_err(|e| Stop::Broken(format!("a missing file ({path:?}) is an error: {e}")))?;
        ensure!(got == Got::Missing, "{path:?} is missing and answered as {got:?}");
        Ok(())
    };
    ["a", "a/b", "a/b/c/d"].into_iter().try_for_each(missing)?;
    caller.put("a/b", "x", Condition::Any)?;
    ["a", "a/c", "a/b/c", "b/b"].into_iter().try_for_each(missing)?;
    caller.delete("a/b", Condition::Any)?;
    missing("a/b")
}

fn d12_unless_never_hides_a_change(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let old = caller.put("f", "old", Condition::Any)?;
    caller.put("f", "new", Condition::Any)?;
    match caller.get_unless("f", &old)? {
        Got::File { bytes, .. } => ensure!(bytes == b"new", "with `unless`, other bytes are read"),
        other => ensure!(false, "a changed file is answered as {other:?}"),
    }
    let never = Version::new("no drive gives this version");
    ensure!(matches!(caller.get_unless("f", &never)?, Got::File { .. }), "with a version it never had, a file is not given");
    caller.delete("f", Condition::Any)?;
    ensure!(caller.get_unless("f", &old)? == Got::Missing, "a deleted file is not `Missing` under `unless`");
    Ok(())
}

fn d12_unless_saves_the_bytes(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let written = caller.put("f", "content", Condition::Any)?;
    let (_, read) = caller.file("f")?;
    for version in [written, read] {
        let got = caller.get_unless("f", &version)?;
        ensure!(got == Got::Unchanged, "nothing changed since {version:?}, and the answer is {got:?}");
    }
    Ok(())
}

fn d13_a_range_gives_its_bytes_and_no_others(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let content: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    caller.put("f", &content, Condition::Any)?;
    caller.put("empty", "", Condition::Any)?;
    let size = content.len() as u64;
    #[allow(clippy::reversed_empty_ranges, reason = "that is what is tried")]
    let ranges = [
        0..size,
        0..1,
        1..2,
        0..10,
        131_000..140_000,
        size - 1..size,
        size - 1..size + 9,
        size..size + 1,
        size + 5..size + 9,
        7..7,
        9..3,
        0..u64::MAX,
        u64::MAX - 1..u64::MAX,
    ];
    for range in ranges {
        let clamp = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).min(content.len());
        let expected = content.get(clamp(range.start)..clamp(range.end)).unwrap_or_default();
        match caller.get_range("f", range.clone())? {
            Got::File { bytes, .. } => {
                ensure!(bytes == expected, "{range:?} of {size} gave {} bytes instead of {}, or others", bytes.len(), expected.len())
            }
            other => ensure!(false, "{range:?} of {size} gave {other:?}"),
        }
        match caller.get_range("empty", range.clone())? {
            Got::File { bytes, .. } => ensure!(bytes.is_empty(), "{range:?} of an empty file gave bytes"),
            other => ensure!(false, "{range:?} of an empty file gave {other:?}"),
        }
    }
    ensure!(caller.get_range("none", 0..1)? == Got::Missing, "a range of a missing file is not `Missing`");
    Ok(())
}

fn d13_a_range_carries_the_version_of_the_whole(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let whole = caller.put("f", "some content", Condition::Any)?;
    for range in [0..4, 5..5, 100..200] {
        let got = caller.get_range("f", range.clone())?;
        let same = matches!(&got, Got::File { version, .. } if *version == whole);
        ensure!(same, "the file has {whole:?}, and {range:?} of it is {got:?}");
    }
    Ok(())
}

fn d14_a_reader_sees_the_old_or_the_new(stage: &Stage<'_>) -> Check {
    let content = |n: usize| vec![(n % 256) as u8; 200_000 + n % 256];
    stage.caller().put("f", content(0), Condition::Any)?;
    let write = |caller: &Caller, n| Ok(caller.put("f", content(n), Condition::Any).map(drop)?);
    stage.beside(40, write, |caller| {
        let bytes = caller.bytes("f")?;
        let first = usize::from(bytes.first().copied().unwrap_or_default());
        ensure!(bytes == content(first), "a mixture was read: {} bytes that begin with {first}", bytes.len());
        Ok(())
    })
}

fn d15_what_was_written_is_read(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    for n in 0..30 {
        let path = format!("d{}/f", n % 3);
        caller.put(&path, n.to_string(), Condition::Any)?;
        ensure!(caller.bytes(&path)? == n.to_string().as_bytes(), "a file does not hold what was just written to it");
    }
    Ok(())
}

fn d16_without_its_root_every_call_is_unavailable(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    caller.put("d/f", "x", Condition::Any)?;
    stage.unmount()?;
    let answers = [
        ("get", caller.get("d/f").map(|got| format!("{got:?}"))),
        ("get of a missing file", caller.get("none").map(|got| format!("{got:?}"))),
        ("put", caller.put("d/f", "y", Condition::Any).map(|v| format!("{v:?}"))),
        ("put of a new file", caller.put("new/f", "y", Condition::Absent).map(|v| format!("{v:?}"))),
        ("delete", caller.delete("d/f", Condition::Any).map(|()| "deleted".to_owned())),
        ("list", caller.page("d", None).map(|page| format!("{page:?}"))),
        ("list of the root", caller.page("", None).map(|page| format!("{page:?}"))),
    ];
    for (call, answer) in answers {
        let kind = answer.map_err(|e| e.into_kind());
        ensure!(kind == Err(ErrorKind::Unavailable), "without a root, {call} answers {kind:?}");
    }
    Ok(())
}

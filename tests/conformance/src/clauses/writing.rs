//! Writing and deleting: D30 to D38.

use super::clauses;
use crate::{Caller, Check, Stage};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{Condition, Got, PutFile, Version},
};

clauses![
    d30_any_bytes_come_back,
    d30_a_put_replaces_the_whole_file,
    d30_the_version_answered_is_that_of_the_file: Versions,
    d32_a_refused_write_has_written_nothing: Create,
    d32_a_refused_replacement_has_written_nothing: Replace,
    d34_a_batch_answers_for_each_file_in_order,
    d34_a_file_that_fails_does_not_stop_the_others,
    d34_a_large_batch_arrives,
    d35_deleting_what_is_missing_succeeds,
    d35_deleting_a_version_of_what_is_missing_is_refused: Replace,
    d36_a_deletion_under_absent_deletes_nothing,
    d36_a_deletion_under_absent_says_whether_there_is_a_file: Create,
    d37_a_deletion_is_seen,
    d38_an_empty_folder_is_nothing,
];

fn d30_any_bytes_come_back(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let large: Vec<u8> = (0..5 * 1024 * 1024_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let bodies: [Vec<u8>; 6] =
        [vec![], vec![0], (0..=255).collect(), b"\r\n\n\r\x1a\xef\xbb\xbf".to_vec(), "text, \u{e4}".as_bytes().to_vec(), large];
    for (n, body) in bodies.iter().enumerate() {
        caller.put(&format!("b/{n}"), body, Condition::Any)?;
    }
    for (n, body) in bodies.iter().enumerate() {
        ensure!(caller.bytes(&format!("b/{n}"))? == *body, "a body of {} bytes came back changed", body.len());
    }
    Ok(())
}

fn d30_a_put_replaces_the_whole_file(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    for body in ["a long content", "short", "", "longer again"] {
        caller.put("a/b/c/f", body, Condition::Any)?;
        let found = caller.bytes("a/b/c/f")?;
        ensure!(found == body.as_bytes(), "{body:?} was written, {:?} is there", String::from_utf8_lossy(&found));
    }
    Ok(())
}

fn d30_the_version_answered_is_that_of_the_file(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    for body in ["one", "two", ""] {
        let (answered, read) = (caller.put("f", body, Condition::Any)?, caller.file("f")?.1);
        ensure!(answered == read, "the put answered {answered:?}, the file has {read:?}");
    }
    Ok(())
}

/// Makes sure that a call was refused with one of the two kinds that promise that nothing was written.
fn refused(caller: &Caller, path: &str, condition: Condition, before: &[u8]) -> Check {
    let answer = caller.put(path, "refused", condition).map_err(|e| e.into_kind());
    ensure!(answer == Err(ErrorKind::Condition), "a write that must be refused was answered with {answer:?}");
    ensure!(caller.bytes(path)? == before, "a refused write has written");
    Ok(())
}

fn d32_a_refused_write_has_written_nothing(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let version = caller.put("f", "kept", Condition::Absent)?;
    refused(&caller, "f", Condition::Absent, b"kept")?;
    ensure!(!caller.claims().versions || caller.file("f")?.1 == version, "a refused write has changed the version");
    Ok(())
}

fn d32_a_refused_replacement_has_written_nothing(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let old = caller.put("f", "old", Condition::Any)?;
    caller.put("f", "kept", Condition::Any)?;
    refused(&caller, "f", Condition::Matches(old.clone()), b"kept")?;
    let deleted = caller.delete("f", Condition::Matches(old)).map_err(|e| e.into_kind());
    ensure!(deleted == Err(ErrorKind::Condition), "a deletion that must be refused was answered with {deleted:?}");
    ensure!(caller.bytes("f")? == b"kept", "a refused deletion has deleted");
    Ok(())
}

fn file(path: &str, bytes: &str, condition: Condition) -> Result<PutFile> {
    Ok(PutFile { path: DrivePath::new(path)?, bytes: bytes.as_bytes().to_vec(), condition })
}

fn d34_a_batch_answers_for_each_file_in_order(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    ensure!(caller.put_many(Vec::new()).is_empty(), "an empty batch has answers");
    let paths: Vec<String> = (0..20).map(|n| format!("d{}/f{n}", n * 7 % 5)).collect();
    let files = paths.iter().map(|path| file(path, path, Condition::Any)).collect::<Result<Vec<_>>>()?;
    let answers = caller.put_many(files);
    ensure!(answers.len() == paths.len(), "{} files have {} answers", paths.len(), answers.len());
    for (path, answer) in paths.iter().zip(answers) {
        let (bytes, version) = (answer?, caller.file(path)?);
        ensure!(version.0 == path.as_bytes(), "{path} holds another file's content");
        ensure!(!caller.claims().versions || bytes == version.1, "{path} was answered with {bytes:?} and has {:?}", version.1);
    }
    Ok(())
}

fn d34_a_file_that_fails_does_not_stop_the_others(stage: &Stage<'_>) -> Check {
    let (caller, other) = (stage.caller(), stage.another()?);
    let claims = caller.claims();
    caller.put("d/taken", "kept", Condition::Any)?;
    let files = vec![
        file("d/first", "1", Condition::Any)?,
        file("d/taken", "2", Condition::Absent)?,
        file(&format!("d/{}", "n".repeat(5000)), "3", Condition::Any)?,
        file("", "4", Condition::Any)?,
        file("d/missing", "5", Condition::Matches(Version::new("no drive gives this version")))?,
        file("e/last", "6", Condition::Any)?,
    ];
    let answers: Vec<_> = caller.put_many(files).into_iter().map(|a| a.map(drop).map_err(|e| e.into_kind())).collect();
    let answer = |n: usize| answers.get(n).cloned().unwrap_or(Err(ErrorKind::Internal));
    ensure!(answers.len() == 6, "6 files have {} answers", answers.len());
    ensure!(answer(0) == Ok(()) && answer(5) == Ok(()), "the first was answered {:?}, the last {:?}", answer(0), answer(5));
    let expected = if claims.create { Err(ErrorKind::Condition) } else { Ok(()) };
    ensure!(answer(1) == expected, "a file that is there, under `Absent`, was answered {:?}", answer(1));
    ensure!(matches!(answer(2), Ok(()) | Err(ErrorKind::InvalidInput)), "a long name was answered {:?}", answer(2));
    ensure!(answer(3) == Err(ErrorKind::InvalidInput), "the root was answered {:?}", answer(3));
    let expected = if claims.replace { Err(ErrorKind::Condition) } else { Ok(()) };
    ensure!(answer(4) == expected, "a missing file, under `Matches`, was answered {:?}", answer(4));
    ensure!(other.bytes("d/first")? == b"1" && other.bytes("e/last")? == b"6", "what was acknowledged is not there");
    ensure!(caller.bytes("d/taken")? == if claims.create { b"kept".to_vec() } else { b"2".to_vec() }, "a refused file was written");
    Ok(())
}

fn d34_a_large_batch_arrives(stage: &Stage<'_>) -> Check {
    let (caller, other) = (stage.caller(), stage.another()?);
    let paths: Vec<String> = (0..300).map(|n| format!("d{}/f{n}", n % 40)).collect();
    let files = paths.iter().map(|path| file(path, path, Condition::Any)).collect::<Result<Vec<_>>>()?;
    caller.put_many(files).into_iter().collect::<Result<Vec<_>>>()?;
    for path in &paths {
        ensure!(other.bytes(path)? == path.as_bytes(), "{path} was acknowledged and is not what was written");
    }
    Ok(())
}

fn d35_deleting_what_is_missing_succeeds(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    caller.put("d/f", "x", Condition::Any)?;
    for path in ["d/f", "d/f", "d/none", "none/none", "d/f/below"] {
        let deleted = caller.delete(path, Condition::Any);
        ensure!(deleted.is_ok(), "deleting {path}, which is missing or was there, gave {deleted:?}");
    }
    Ok(())
}

fn d35_deleting_a_version_of_what_is_missing_is_refused(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let version = caller.put("d/f", "x", Condition::Any)?;
    caller.delete("d/f", Condition::Matches(version.clone()))?;
    for path in ["d/f", "d/none", "none/none"] {
        let deleted = caller.delete(path, Condition::Matches(version.clone())).map_err(|e| e.into_kind());
        ensure!(deleted == Err(ErrorKind::Condition), "deleting a version of {path}, which is missing, gave {deleted:?}");
    }
    Ok(())
}

fn d36_a_deletion_under_absent_deletes_nothing(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    caller.put("f", "x", Condition::Any)?;
    let _ = caller.delete("f", Condition::Absent);
    ensure!(caller.get("f")? != Got::Missing, "a deletion under `Absent` has deleted");
    Ok(())
}

fn d36_a_deletion_under_absent_says_whether_there_is_a_file(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    caller.delete("f", Condition::Absent)?;
    caller.put("f", "x", Condition::Any)?;
    let deleted = caller.delete("f", Condition::Absent).map_err(|e| e.into_kind());
    ensure!(deleted == Err(ErrorKind::Condition), "under `Absent`, with a file there, a deletion gave {deleted:?}");
    Ok(())
}

fn d37_a_deletion_is_seen(stage: &Stage<'_>) -> Check {
    let (caller, other) = (stage.caller(), stage.another()?);
    for n in 0..10 {
        caller.put("d/f", n.to_string(), Condition::Any)?;
        caller.delete("d/f", Condition::Any)?;
        ensure!(caller.get("d/f")? == Got::Missing && other.get("d/f")? == Got::Missing, "a deleted file is still read");
        ensure!(!caller.names("d")?.contains(&"f".to_owned()), "a deleted file is still listed");
    }
    Ok(())
}

fn d38_an_empty_folder_is_nothing(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    caller.put("d/e/f", "x", Condition::Any)?;
    caller.delete("d/e/f", Condition::Any)?;
    for dir in ["d/e", "d", ""] {
        let files: Vec<String> = caller.names(dir)?.into_iter().filter(|name| !name.ends_with('/')).collect();
        ensure!(files.is_empty(), "{dir:?} is empty and lists {files:?}");
    }
    ensure!(caller.get("d/e")? == Got::Missing, "an empty folder is answered as a file");
    caller.put("d/e/f", "again", Condition::Any)?;
    ensure!(caller.bytes("d/e/f")? == b"again", "nothing can be written into a folder that was empty");
    Ok(())
}

//! Faults of writing and deleting.

use super::{Fault::*, Planted, failed, pause};
use futures::{executor::block_on, future::join_all};
use kitestring::{
    Drive as _, DrivePath, Error, ErrorKind, Result,
    drive::{Condition, Got, PutFile, Version},
};
use std::{thread, time::Duration};

pub(super) async fn put(planted: &Planted, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
    let drive = &planted.0.drive;
    let whole = bytes.clone();
    let (bytes, condition) = changed(planted, &path, bytes, condition).await?;
    if planted.is(TornWrite) {
        drive.put(path.clone(), bytes.iter().take(bytes.len() / 2).copied().collect(), condition).await?;
        pause().await;
        return drive.put(path, bytes, Condition::Any).await;
    }
    if planted.is(ReadsStale) {
        let old = planted.whole(&path).await?;
        planted.before().insert(path.as_str().to_owned(), old);
    }
    if planted.is(FolderReplacesFile)
        && let Some((above, _)) = path.as_str().rsplit_once('/')
    {
        drive.delete(DrivePath::new(above)?, Condition::Any).await?;
    }
    let temporary = DrivePath::new(format!("{path}.part"))?;
    if planted.is(ListsTemporaries) {
        drive.put(temporary.clone(), Vec::new(), Condition::Any).await?;
        pause().await;
    }
    let written = drive.put(path.clone(), bytes, condition).await;
    if planted.is(ListsTemporaries) {
        drive.delete(temporary, Condition::Any).await?;
    }
    answered(planted, path, whole, written).await
}

/// What a fault makes of a write before it takes place.
async fn changed(planted: &Planted, path: &DrivePath, mut bytes: Vec<u8>, condition: Condition) -> Result<(Vec<u8>, Condition)> {
    match planted.0.fault {
        TextOnly => bytes.retain(|byte| *byte != b'\r'),
        WritesInPlace => {
            if let Got::File { bytes: old, .. } = planted.whole(path).await? {
                bytes.extend(old.into_iter().skip(bytes.len()));
            }
        }
        IgnoresAbsent if condition == Condition::Absent => return Ok((bytes, Condition::Any)),
        IgnoresMatches if matches!(condition, Condition::Matches(_)) => return Ok((bytes, Condition::Any)),
        SameBytesPass if matches!(planted.whole(path).await?, Got::File { bytes: old, .. } if old == bytes) => {
            return Ok((bytes, Condition::Any));
        }
        LooksFirst | ImitatesConditions => {
            if !holds(planted, path, &condition).await? {
                return Err(failed(ErrorKind::Condition));
            }
            pause().await;
            return Ok((bytes, Condition::Any));
        }
        _ => {}
    }
    Ok((bytes, condition))
}

async fn holds(planted: &Planted, path: &DrivePath, condition: &Condition) -> Result<bool> {
    let got = planted.whole(path).await?;
    Ok(match condition {
        Condition::Any => true,
        Condition::Absent => got == Got::Missing,
        Condition::Matches(wanted) => matches!(got, Got::File { version, .. } if version == *wanted),
    })
}

/// What a fault makes of the answer.
async fn answered(planted: &Planted, path: DrivePath, bytes: Vec<u8>, written: Result<Version>) -> Result<Version> {
    match (planted.0.fault, written) {
        (WritesAndRefuses, Err(e)) if e.kind == ErrorKind::Condition => {
            planted.0.drive.put(path, bytes, Condition::Any).await?;
            Err(e)
        }
        (OddKinds, Err(_)) => Err(failed(ErrorKind::Application)),
        (ShowsContent, Err(e)) => {
            let detail = format!("could not write {}", String::from_utf8_lossy(&bytes));
            Err(Error::new(e.into_kind(), "put", detail))
        }
        (VersionIsSize, Ok(_)) => Ok(Version::new(bytes.len().to_string())),
        (_, written) => written,
    }
}

pub(super) async fn put_many(planted: &Planted, files: Vec<PutFile>) -> Vec<Result<Version>> {
    let count = files.len();
    match planted.0.fault {
        AnswersBeforeWriting => {
            let drive = planted.0.drive.clone();
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(100));
                block_on(drive.put_many(files))
            });
            return (0..count).map(|_| Ok(Version::new("soon"))).collect();
        }
        BatchForgets => {
            let mut answers = planted.0.drive.put_many(files.into_iter().take(250).collect()).await;
            answers.resize_with(count, || Ok(Version::new("never")));
            return answers;
        }
        _ => {}
    }
    let mut answers = join_all(files.into_iter().map(|f| planted.put(f.path, f.bytes, f.condition))).await;
    match planted.0.fault {
        AnswersBackwards => answers.reverse(),
        BatchStops => {
            let failed_at = answers.iter().position(Result::is_err).unwrap_or(count);
            answers.iter_mut().skip(failed_at).for_each(|answer| *answer = Err(failed(ErrorKind::Unavailable)));
        }
        _ => {}
    }
    answers
}

pub(super) async fn delete(planted: &Planted, path: DrivePath, condition: Condition) -> Result<()> {
    let drive = &planted.0.drive;
    let got = planted.whole(&path).await?;
    match planted.0.fault {
        DeletesOnce if got == Got::Missing => return Err(failed(ErrorKind::NotFound)),
        DeletesAlways => return drive.delete(path, Condition::Any).await,
        DeletesInTwoSteps => {
            drive.put(path.clone(), Vec::new(), Condition::Any).await?;
            pause().await;
        }
        KeepsFolders => {
            let above = path.as_str().rsplit_once('/').map_or("", |(above, _)| above);
            drive.put(DrivePath::new(above)?.join(".keep")?, Vec::new(), Condition::Any).await?;
        }
        ImitatesConditions if !holds(planted, &path, &condition).await? => return Err(failed(ErrorKind::Condition)),
        _ => {}
    }
    drive.delete(path.clone(), condition).await?;
    planted.deleted().insert(path.as_str().to_owned());
    if planted.is(DeletedLingers) {
        planted.before().insert(path.as_str().to_owned(), got);
    }
    Ok(())
}

//! Faults of reading.

use super::{Fault::*, Planted, failed, pause};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{GetOptions, Got, Version},
};
use std::sync::atomic::Ordering::SeqCst;

pub(super) async fn get(planted: &Planted, path: DrivePath, mut options: GetOptions) -> Result<Got> {
    let ranged = options.range.is_some();
    if planted.0.gone.load(SeqCst) {
        return Ok(Got::Missing);
    }
    if let Some(old) = planted.before().remove(path.as_str()) {
        return Ok(old);
    }
    match planted.0.fault {
        AlwaysUnchanged if options.unless.is_some() => return Ok(Got::Unchanged),
        IgnoresUnless => options.unless = None,
        RangeOffByOne => options.range = options.range.map(|r| r.start..r.end.saturating_sub(1)),
        _ => {}
    }
    let got = planted.0.drive.get(path.clone(), options).await?;
    let Got::File { bytes, version } = got else {
        let error = planted.is(MissingIsAnError) && got == Got::Missing;
        return if error { Err(failed(ErrorKind::NotFound)) } else { Ok(got) };
    };
    let version = match planted.0.fault {
        VersionReadAfterwards => {
            pause().await;
            match planted.whole(&path).await? {
                Got::File { version, .. } => version,
                _ => version,
            }
        }
        RangeHasItsOwnVersion if ranged => Version::new(format!("part of {}", bytes.len())),
        VersionIsSize => Version::new(bytes.len().to_string()),
        InventsVersions => Version::new(planted.0.calls.fetch_add(1, SeqCst).to_string()),
        _ => version,
    };
    Ok(Got::File { bytes, version })
}

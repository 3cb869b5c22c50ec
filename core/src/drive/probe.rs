//! Tries what a drive claims, where its kind does not settle it: many servers accept a condition and ignore it.

use super::{Capabilities, Condition, Drive, DrivePath, GetOptions, Got, Version};
use crate::{Result, Runtime, runtime::random_id};

/// Tries the claims of a drive with a throw-away file, in at most eight requests. Whatever fails lowers the claim; what
/// was not claimed stays so. That two devices race safely cannot be found out by one of them: the adapter claims that.
///
/// # Errors
/// What the drive answers where no claim is at stake: nothing is known then.
pub(crate) async fn probe(drive: &dyn Drive, runtime: &dyn Runtime) -> Result<Capabilities> {
    let claimed = drive.capabilities();
    let file = DrivePath::new(format!("probe-{}", random_id(runtime)?))?;
    let tried = try_claims(drive, &file, claimed).await;
    // It is only litter; whatever becomes of it.
    let _ = drive.delete(file, Condition::Any).await;
    tried
}

async fn try_claims(drive: &dyn Drive, file: &DrivePath, claimed: Capabilities) -> Result<Capabilities> {
    let put = |bytes: &str, condition| drive.put(file.clone(), bytes.as_bytes().to_vec(), condition);
    let Some(first) = accepted(put("1", Condition::Absent).await)? else {
        // A new name was taken for one that exists.
        return Ok(Capabilities { create: false, replace: false, ..claimed });
    };
    let create = claimed.create && accepted(put("2", Condition::Absent).await)?.is_none();
    let current = if create { first } else { version_of(drive, file, "2").await?.unwrap_or(first) };
    let invented = Version::new("\"kitestring-invented\"");
    let refuses = claimed.replace && accepted(put("3", Condition::Matches(invented)).await)?.is_none();
    let next = if refuses { accepted(put("4", Condition::Matches(current.clone())).await)? } else { None };
    let replace = match next {
        // The version moves with the content, and is the one that a reader is given.
        Some(next) => next != current && version_of(drive, file, "4").await?.as_ref() == Some(&next),
        None => false,
    };
    Ok(Capabilities {
        create,
        replace,
        versions: claimed.versions && (replace || !claimed.replace),
        exact: false,
        unproven: false,
        ..claimed
    })
}

/// The version of the file, if it has this content.
async fn version_of(drive: &dyn Drive, file: &DrivePath, content: &str) -> Result<Option<Version>> {
    match drive.get(file.clone(), GetOptions::default()).await? {
        Got::File { bytes, version } if bytes == content.as_bytes() => Ok(Some(version)),
        Got::File { .. } | Got::Missing | Got::Unchanged => Ok(None),
    }
}

/// Whether a write was accepted, or refused by its condition.
fn accepted(written: Result<Version>) -> Result<Option<Version>> {
    match written {
        Ok(version) => Ok(Some(version)),
        Err(e) if e.is_condition() || e.kind == crate::ErrorKind::Unsupported => Ok(None),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::drive::{Listing, MemoryDrive};
    use futures::executor::block_on;
    use macro_rules_attribute::apply;
    use std::time::Duration;

    struct Counter;

    #[apply(port!)]
    impl Runtime for Counter {
        fn now(&self) -> Duration {
            Duration::ZERO
        }
        fn wall(&self) -> Duration {
            Duration::ZERO
        }
        async fn sleep(&self, _duration: Duration) {}
        fn random(&self, bytes: &mut [u8]) -> Result<()> {
            bytes.fill(7);
            Ok(())
        }
    }

    /// A drive that claims everything, over one that can do less.
    struct Boaster(MemoryDrive);

    #[apply(port!)]
    impl Drive for Boaster {
        fn capabilities(&self) -> Capabilities {
            Capabilities { unproven: true, ..Capabilities::FULL }
        }
        async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
            self.0.get(path, options).await
        }
        async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
            self.0.put(path, bytes, condition).await
        }
        async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
            self.0.delete(path, condition).await
        }
        async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
            self.0.list_dir(dir, cursor).await
        }
    }

    #[test]
    fn d62_a_claim_that_fails_is_lowered_and_nothing_is_left_behind() {
        for (create, replace) in [(true, true), (true, false), (false, true), (false, false)] {
            let able = Capabilities { create, replace, ..Capabilities::FULL };
            let drive = Boaster(MemoryDrive::with(able));
            let found = block_on(probe(&drive, &Counter)).unwrap();
            assert_eq!((found.create, found.replace, found.unproven), (create, replace, false));
            assert!(drive.0.contents().is_empty());
        }
    }
}

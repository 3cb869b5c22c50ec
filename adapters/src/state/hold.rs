//! Keeps a state's file for one client.

use kitestring::{Error, ErrorKind, Result, Retry};
use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
    time::Duration,
};

/// After what time a file that is held is worth another try.
const HELD_RETRY: Duration = Duration::from_secs(1);

/// A hold on a state's file: no other hold on it can be had until this one is dropped, or its process ends. It is the system's lock
/// on a file beside it, `<path>-lock`, which stays there.
///
/// A state does not take it by itself: a program may look into a state that another one syncs with.
#[derive(Debug)]
pub struct Hold {
    /// Closing it ends the lock.
    _file: File,
}

impl Hold {
    /// Takes the hold on the file of a state, which need not exist yet; its folder must.
    ///
    /// # Errors
    /// `locked` if somebody else has it, in this process or in another one: try again later, or leave the work to that one. `state` if
    /// the file beside it cannot be made.
    pub fn on(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut name = path.as_os_str().to_owned();
        name.push("-lock");
        let about = |error: Error| error.about(path.display().to_string());
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(name).map_err(|e| {
            let detail = "no lock can be made beside the client's state: does its folder exist, and may this user write there?";
            about(Error::new(ErrorKind::State, "open", detail).caused_by(e))
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                let kind = ErrorKind::Locked { owner: None, until_ms: 0 };
                let detail = "another client has this state open: close it, or wait for it to end, then try again";
                Err(about(Error::new(kind, "open", detail).with_retry(Retry::After(HELD_RETRY))))
            }
            Err(TryLockError::Error(e)) => {
                let detail = "the file system knows no locks: keep the client's state on a disk of this machine";
                Err(about(Error::new(ErrorKind::State, "open", detail).caused_by(e)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_one_at_a_time_and_ends_when_it_is_dropped() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("state");
        let hold = Hold::on(&path).unwrap();
        let refused = Hold::on(&path).unwrap_err();
        assert_eq!((refused.kind.code(), refused.retry), ("locked", Retry::After(HELD_RETRY)));
        assert!(Hold::on(home.path().join("another")).is_ok());
        drop(hold);
        assert!(Hold::on(&path).is_ok());
        assert_eq!(Hold::on(home.path().join("none/state")).unwrap_err().kind.code(), "state");
    }
}

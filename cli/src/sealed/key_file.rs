//! A file with a key: 32 bytes as 64 hexadecimal digits, for its owner only.

use kitestring::{Error, ErrorKind, Result};
use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// 32 bytes that open a vault.
pub(crate) type Key = Zeroizing<[u8; 32]>;

const OWNER_ONLY: u32 = 0o600;
/// More than any key with spaces around it.
const MAX_BYTES: u64 = 1024;

/// Such a file.
#[derive(Debug)]
pub(crate) struct KeyFile(PathBuf);

impl KeyFile {
    /// Takes its path.
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Reads the key; none if there is no such file.
    ///
    /// # Errors
    /// `invalid_input` if others can read or write the file, or if it holds something else.
    pub(crate) fn read(&self) -> Result<Option<Key>> {
        let mut file = match File::open(&self.0) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|e| self.failed(&e))?,
        };
        let found = file.metadata().map_err(|e| self.failed(&e))?;
        if !found.is_file() || found.len() > MAX_BYTES {
            return Err(self.invalid("this is no key file: it has 64 hexadecimal digits, and nothing else"));
        }
        if found.mode() & 0o077 != 0 {
            return Err(self.invalid(
                "the key file can be used by others than its owner: make it `chmod 600`, and if they may have read it, another key",
            ));
        }
        let mut text = Zeroizing::new(Vec::with_capacity(MAX_BYTES as usize));
        file.read_to_end(&mut text).map_err(|e| self.failed(&e))?;
        parse(&text).map(Some).ok_or_else(|| self.invalid("this is no key file: it has 64 hexadecimal digits, and nothing else"))
    }

    /// Reads the key of a file that must be there.
    ///
    /// # Errors
    /// As `read`; `invalid_input` if there is none.
    pub(crate) fn read_existing(&self) -> Result<Key> {
        self.read()?.ok_or_else(|| self.invalid("there is no such key file"))
    }

    /// Makes the file, which must not be there yet; durable on return.
    ///
    /// # Errors
    /// `invalid_input` if it is there, or cannot be made.
    pub(crate) fn make(&self, key: &Key) -> Result<()> {
        let make = || {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(&self.0)?;
            file.write_all(&digits(key))?;
            file.sync_all()?;
            match self.0.parent().filter(|above| !above.as_os_str().is_empty()) {
                Some(above) => File::open(above)?.sync_all(),
                None => Ok(()),
            }
        };
        make().map_err(|e: io::Error| match e.kind() {
            io::ErrorKind::AlreadyExists => self.invalid("there is a file already: a new key file never takes the place of another"),
            _ => self.failed(&e),
        })
    }

    /// Removes the file, if it is there.
    ///
    /// # Errors
    /// `invalid_input` if that fails.
    pub(crate) fn remove(&self) -> Result<()> {
        match std::fs::remove_file(&self.0) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(self.failed(&e)),
            _ => Ok(()),
        }
    }

    /// The path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    fn invalid(&self, detail: impl Into<String>) -> Error {
        Error::new(ErrorKind::InvalidInput, "open", detail).about(self.0.display().to_string())
    }

    fn failed(&self, error: &io::Error) -> Error {
        self.invalid(format!("the key file cannot be used: {error}"))
    }
}

/// Reads 64 digits, with white space around them.
fn parse(text: &[u8]) -> Option<Key> {
    let digits = text.trim_ascii();
    let mut key = Key::default();
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != key.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in key.iter_mut().zip(pairs) {
        let value = |digit: &u8| char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        *byte = value(high)? << 4 | value(low)?;
    }
    Some(key)
}

/// Writes a key as digits, and a line's end.
fn digits(key: &Key) -> Zeroizing<Vec<u8>> {
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
    let mut text = Zeroizing::new(Vec::with_capacity(65));
    key.iter().for_each(|byte| text.extend([digit(byte >> 4), digit(byte & 15)]));
    text.push(b'\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt as _};

    #[test]
    fn a_key_survives_its_file_and_nothing_else_is_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = KeyFile::at(dir.path().join("key"));
        assert!(file.read().unwrap().is_none());
        let key = Key::new(std::array::from_fn(|n| n as u8 * 8));
        file.make(&key).unwrap();
        assert_eq!(file.read_existing().unwrap(), key);
        assert_eq!(fs::metadata(file.path()).unwrap().mode() & 0o777, 0o600);
        assert!(file.make(&key).unwrap_err().detail().contains("never takes the place"));
        for wrong in ["", "0", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64), &"0".repeat(2000), &format!("{0} {0}", "0".repeat(32))] {
            fs::write(file.path(), wrong).unwrap();
            assert_eq!(file.read().unwrap_err().kind, ErrorKind::InvalidInput, "{wrong}");
        }
        fs::write(file.path(), format!(" {}\r\n", "aB".repeat(32))).unwrap();
        assert_eq!(*file.read_existing().unwrap(), [0xab; 32]);
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert!(file.read().unwrap_err().detail().contains("chmod 600"));
        }
    }
}

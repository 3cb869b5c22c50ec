//! The names of sealed files (E20): the same name is always encrypted in the same way, so that a file can be asked for, and
//! only who has the key can tell what it was or make another one.

use super::secret::Secret;
use crate::{Result, hex};
use aes_siv::{KeyInit as _, siv::Aes128Siv};
use zeroize::Zeroizing;

/// The folders whose files have encrypted names.
const FOLDERS: [&str; 4] = ["h", "j", "p", "c"];

/// A form of names: its number, its folder, what comes before the digits, and how many there are between the hyphens.
struct Form {
    no: u8,
    folder: &'static str,
    before: &'static str,
    groups: &'static [usize],
}

const FORMS: [Form; 5] = [
    Form { no: 1, folder: "j", before: "", groups: &[10, 28, 6, 16] },
    Form { no: 2, folder: "j", before: "c-", groups: &[8, 16, 16] },
    Form { no: 3, folder: "c", before: "", groups: &[8, 16, 4, 16] },
    Form { no: 4, folder: "p", before: "", groups: &[28, 16] },
    Form { no: 5, folder: "h", before: "", groups: &[12] },
];

/// Encrypts names and reads them.
pub(super) struct Names(Zeroizing<[u8; 32]>);

impl Names {
    pub(super) fn new(secret: &Secret) -> Result<Self> {
        secret.derive(&[], &[b"kitestring names"]).map(Self)
    }

    /// Whether the names in a folder are encrypted.
    pub(super) fn are_in(folder: &str) -> bool {
        FOLDERS.contains(&folder)
    }

    fn cipher(&self) -> Aes128Siv {
        Aes128Siv::new((&*self.0).into())
    }

    /// Encrypts the name of a file in a folder; none if no file there can have it.
    pub(super) fn encrypt(&self, folder: &str, name: &str) -> Option<String> {
        let packed = pack(folder, name)?;
        let encrypted = self.cipher().encrypt([folder.as_bytes()], &packed).ok()?;
        let mut text = String::with_capacity(2 * encrypted.len());
        hex::push(&encrypted, &mut text);
        Some(text)
    }

    /// Reads an encrypted name; none if it is none of this vault's.
    pub(super) fn decrypt(&self, folder: &str, name: &str) -> Option<String> {
        let encrypted = unhex(name)?;
        unpack(folder, &self.cipher().decrypt([folder.as_bytes()], &encrypted).ok()?)
    }
}

fn pack(folder: &str, name: &str) -> Option<Vec<u8>> {
    let form = FORMS.iter().filter(|form| form.folder == folder).find(|form| form.is_of(name))?;
    let digits: String = name.strip_prefix(form.before)?.split('-').collect();
    let mut packed = vec![form.no];
    packed.extend(unhex(&digits)?);
    Some(packed)
}

fn unpack(folder: &str, packed: &[u8]) -> Option<String> {
    let (no, bytes) = packed.split_first()?;
    let form = FORMS.iter().find(|form| form.no == *no && form.folder == folder)?;
    if 2 * bytes.len() != form.groups.iter().sum::<usize>() {
        return None;
    }
    let mut digits = String::new();
    hex::push(bytes, &mut digits);
    let (mut name, mut rest) = (form.before.to_owned(), digits.as_str());
    for (n, len) in form.groups.iter().enumerate() {
        let (group, behind) = rest.split_at_checked(*len)?;
        if n > 0 {
            name.push('-');
        }
        name.push_str(group);
        rest = behind;
    }
    Some(name)
}

impl Form {
    fn is_of(&self, name: &str) -> bool {
        let groups = name.strip_prefix(self.before).map(|digits| digits.split('-').map(str::len));
        groups.is_some_and(|groups| groups.eq(self.groups.iter().copied()))
    }
}

/// Reads an even number of lower-case digits.
fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| hex::read::<1>(pair, false)).map(|[byte]| byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [(&str, &str); 5] = [
        ("j", "0000000001-a1a1a1a1a1a1a1a1a1a1a1a1a1a1-000001-0123456789abcdef"),
        ("j", "c-00000001-0123456789abcdef-0123456789abcdef"),
        ("c", "00000001-0123456789abcdef-0001-0123456789abcdef"),
        ("p", "a1a1a1a1a1a1a1a1a1a1a1a1a1a1-0123456789abcdef"),
        ("h", "00000000002a"),
    ];

    #[test]
    fn names_come_back_and_say_nothing() {
        let names = Names::new(&Secret::new([7; 32])).unwrap();
        let others = Names::new(&Secret::new([8; 32])).unwrap();
        for (folder, name) in NAMES {
            let hidden = names.encrypt(folder, name).unwrap();
            assert!(hidden.len() <= 96 && !hidden.contains("0123456789"), "{hidden}");
            assert_eq!(names.encrypt(folder, name).as_ref(), Some(&hidden));
            assert_eq!(names.decrypt(folder, &hidden).as_deref(), Some(name));
            assert_eq!(others.decrypt(folder, &hidden), None);
            for other in FOLDERS.iter().filter(|other| **other != folder) {
                assert_eq!(names.decrypt(other, &hidden), None, "{name} moved to {other}");
            }
            for at in 0..hidden.len() {
                let mut changed = hidden.clone().into_bytes();
                changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
                assert_eq!(names.decrypt(folder, std::str::from_utf8(&changed).unwrap()), None);
            }
        }
        for (folder, name) in [("j", "x"), ("j", ""), ("h", "2a"), ("p", NAMES[0].1), ("x", NAMES[0].1)] {
            assert_eq!(names.encrypt(folder, name), None, "{folder}/{name}");
        }
        for name in ["", "00", "zz", "é", "0"] {
            assert_eq!(names.decrypt("j", name), None);
        }
    }
}

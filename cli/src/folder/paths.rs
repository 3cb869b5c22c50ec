//! Which ids can be files here: the rules, in one place for reading and for writing.

use kitestring::DocId;

/// The folder that belongs to kite itself.
pub(crate) const OWN: &str = ".kite";

/// The longest name of a file, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// Splits an id into the names on its way, the file's own last.
///
/// # Errors
/// The reason, in one sentence, if no file may have this id.
pub(super) fn names_of(id: &DocId) -> Result<Vec<&str>, String> {
    let names: Vec<&str> = id.as_str().split('/').collect();
    match names.iter().find_map(|name| refusal(name)) {
        Some(reason) => Err(reason),
        None => Ok(names),
    }
}

/// Whether a name is that of kite's own folder, in any letter case: a file system may not tell them apart.
pub(super) fn is_own(name: &str) -> bool {
    name.to_lowercase() == OWN
}

fn refusal(name: &str) -> Option<String> {
    let reason = match name {
        "" => "an empty name is no file name: the path starts or ends with a slash, or has two in a row".to_owned(),
        "." | ".." => format!("`{name}` would leave the place where the file belongs"),
        _ if name.contains('\0') => "a file name cannot hold a NUL character".to_owned(),
        // Elsewhere a backslash is a character like any other.
        _ if cfg!(windows) && name.contains('\\') => "a file name cannot hold a backslash here".to_owned(),
        _ if name.len() > MAX_NAME_BYTES => format!("a file name has at most {MAX_NAME_BYTES} bytes, this one has {}", name.len()),
        _ if is_own(name) => format!("the name `{name}` belongs to kite and is never synced"),
        _ => return None,
    };
    Some(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_never_leaves_the_folder_nor_enters_kites_own() {
        let long = "x".repeat(256);
        for bad in ["/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\0", ".kite", ".KITE/x", "a/.Kite/b", ".\u{212a}ite/x", &long] {
            assert!(names_of(&DocId::new(bad).unwrap()).is_err(), "{bad:?}");
        }
        for good in ["a", "a/b", "..a", ".kites", "a%2Fb", "ö b", "a\nb", &"x".repeat(255)] {
            assert!(names_of(&DocId::new(good).unwrap()).is_ok(), "{good:?}");
        }
    }
}

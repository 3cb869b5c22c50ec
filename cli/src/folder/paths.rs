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

/// Whether some file system may take a name for that of kite's own folder: in any letter case, with characters in
/// it that HFS+ and APFS pass over, with what Windows cuts off at the end, or as the short name that FAT gives.
pub(super) fn is_own(name: &str) -> bool {
    // Nearly every name of a folder is of this kind, and a walk asks for each.
    if name.is_ascii() && !name.starts_with(['.', 'k', 'K']) {
        return false;
    }
    let seen: String = name.chars().filter(|c| !is_passed_over(*c)).flat_map(char::to_lowercase).collect();
    let stem = seen.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
    let short = stem.strip_prefix("kite~").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    stem == OWN || short
}

/// Whether a character is of Unicode's `Default_Ignorable_Code_Point` (DerivedCoreProperties.txt): HFS+ compares names
/// as if some of these were not there.
fn is_passed_over(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
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

    #[test]
    fn kites_own_folder_is_known_under_every_name_that_a_disk_may_take_for_it() {
        for own in
            [".kite", ".kI\u{200c}te", "\u{feff}.KITE", ".kite\u{200d}", ".\u{2064}kite", ".kite.", ".kite ..", ".kite::$DATA", "KITE~1"]
        {
            assert!(is_own(own), "{own:?}");
        }
        for other in ["kite", ".kite2", "..kite", ".kite.md", "kite~", "kite~1.md", "kite~x", ".k\u{ef}te", ".kiteignore"] {
            assert!(!is_own(other), "{other:?}");
        }
    }
}

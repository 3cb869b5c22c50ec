//! Names: which are allowed, and which are the same.

const FORBIDDEN: [char; 9] = ['"', '*', ':', '<', '>', '?', '/', '\\', '|'];
const RESERVED: [&str; 6] = [".lock", "con", "prn", "aux", "nul", "desktop.ini"];

/// Whether a file or folder can have this name.
pub(super) fn is_allowed(name: &str) -> bool {
    let folded = folded(name);
    !name.is_empty()
        && name.chars().count() <= 255
        && !name.contains(FORBIDDEN)
        && !name.starts_with(' ')
        && !name.ends_with([' ', '.'])
        && !name.starts_with("~$")
        && !folded.contains("_vti_")
        && !RESERVED.contains(&&*folded)
}

/// Returns what a name is found by.
pub(super) fn folded(name: &str) -> String {
    name.to_lowercase()
}

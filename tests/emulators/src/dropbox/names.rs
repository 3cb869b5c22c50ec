//! Paths of Dropbox: which are allowed, and which are the same.

/// Names that Dropbox does not save.
const DISALLOWED: [&str; 6] = ["desktop.ini", "thumbs.db", ".ds_store", "icon\r", ".dropbox", ".dropbox.attr"];
/// So many characters a name may have.
const MAX_NAME: usize = 255;

/// What a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Good,
    /// Refused by the pattern of the API, before anything else.
    NoPath,
    Malformed,
    Disallowed,
}

/// Looks at a path; the root is the empty text.
pub(super) fn form(path: &str) -> Form {
    let Some(rest) = path.strip_prefix('/') else {
        return if path.is_empty() { Form::Good } else { Form::NoPath };
    };
    let is_malformed = |name: &str| {
        name.is_empty()
            || name == "."
            || name == ".."
            || name.chars().count() > MAX_NAME
            // rclone has tried these two: names that end with a space, and the character DEL.
            || name.ends_with(' ')
            || name.contains(['\\', '\u{7f}', '\0'])
    };
    if rest.split('/').any(is_malformed) {
        return Form::Malformed;
    }
    if rest.split('/').any(|name| DISALLOWED.contains(&folded(name).as_str())) { Form::Disallowed } else { Form::Good }
}

/// Returns what a path is found by: each character in lower case by the simple mapping, where one stays one.
pub(super) fn folded(path: &str) -> String {
    path.chars()
        .map(|c| {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) => one,
                _ if c == '\u{130}' => 'i',
                _ => c,
            }
        })
        .collect()
}

/// Returns the folder that a path is in; none for the root.
pub(super) fn above(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(above, _)| above)
}

/// Returns the last name of a path.
pub(super) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

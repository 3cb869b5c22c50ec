//! Conflict copies that other sync programs leave: named, so that somebody looks at them. They are files like others.
//!
//! Names after the programs' own documentation: Syncthing `x.sync-conflict-20240101-123456-ABCDEFG.md`, Dropbox
//! `x (Ann's conflicted copy 2024-01-01).md`, Nextcloud and ownCloud `x (conflicted copy 2024-01-01 123456).md` and, in
//! earlier versions, `x_conflict-20240101-123456.md`. Names such as `x (1).md` or `x-LAPTOP.md` prove nothing.

/// The shortest mark that says something, in bytes: a walk asks for every file.
const SHORTEST: usize = "_conflict-########-######".len();

/// Returns the program that made a conflict copy, by the file's name; none if the name does not say that it is one.
pub(super) fn conflict_copy(name: &str) -> Option<&'static str> {
    if name.len() < SHORTEST || !name.contains("conflict") {
        return None;
    }
    if after(name, ".sync-conflict-").any(|rest| shape(rest, "########-######-").is_some_and(is_device)) {
        return Some("Syncthing");
    }
    if after(name, "_conflict-").any(|rest| shape(rest, "########-######").is_some_and(ends)) {
        return Some("Nextcloud or ownCloud");
    }
    let mark = "conflicted copy ";
    name.match_indices(mark).find_map(|(at, _)| {
        let (_, who) = name.get(..at)?.rsplit_once('(')?;
        let rest = shape(name.get(at + mark.len()..)?, "####-##-##")?;
        if who.trim().is_empty() {
            return shape(rest, " ######").is_some_and(|rest| rest.starts_with(')')).then_some("Nextcloud or ownCloud");
        }
        // A second one of a day has a number behind the date.
        (rest.starts_with(')') || rest.starts_with(" (")).then_some("Dropbox")
    })
}

fn after<'a>(name: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    name.match_indices(mark).filter_map(move |(at, _)| name.get(at + mark.len()..))
}

/// Takes `form`, in which `#` is a digit, off the beginning of a text.
fn shape<'a>(text: &'a str, form: &str) -> Option<&'a str> {
    let rest = text.get(form.len()..)?;
    let fits = text.bytes().zip(form.bytes()).all(|(byte, form)| if form == b'#' { byte.is_ascii_digit() } else { byte == form });
    fits.then_some(rest)
}

/// Whether the seven characters of a device's short id come now, and then the end or the extension.
fn is_device(rest: &str) -> bool {
    let (id, rest) = (rest.get(..7).unwrap_or_default(), rest.get(7..).unwrap_or("?"));
    id.len() == 7 && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) && ends(rest)
}

fn ends(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_program_is_known_by_its_names() {
        for (name, program) in [
            ("notes.sync-conflict-20240101-123456-ABCDEFG.md", "Syncthing"),
            ("Makefile.sync-conflict-20240101-123456-A2CDEF7", "Syncthing"),
            ("notes (Ann's conflicted copy 2024-01-01).md", "Dropbox"),
            ("notes (laptop's conflicted copy 2024-01-01 (1)).md", "Dropbox"),
            ("a (b) (Ann (home)'s conflicted copy 2024-01-01)", "Dropbox"),
            ("notes (conflicted copy 2024-01-01 123456).md", "Nextcloud or ownCloud"),
            ("notes_conflict-20240101-123456.md", "Nextcloud or ownCloud"),
            ("_conflict-20240101-123456", "Nextcloud or ownCloud"),
        ] {
            assert_eq!(conflict_copy(name), Some(program), "{name}");
        }
    }

    #[test]
    fn names_that_prove_nothing_are_left_alone() {
        for name in [
            "notes (1).md",
            "notes-LAPTOP.md",
            "conflicted copy.md",
            "my conflicted copy 2024-01-01.md",
            "x.sync-conflict-2024-123456-ABCDEFG.md",
            "x.sync-conflict-20240101-123456-abcdefg.md",
            "x.sync-conflict-20240101-123456-ABCDEFGH.md",
            "x_conflict-soon.md",
            "(conflicted copy ü)",
            "conflict resolution (conflicted copy).md",
            "x.sync-conflict-20240101-123456-ÄBCDEF",
        ] {
            assert_eq!(conflict_copy(name), None, "{name}");
        }
    }
}

//! Paths of the drive as addresses of OneDrive, and the names that it takes ("Restrictions and limitations in OneDrive and
//! SharePoint" of Microsoft).

use kitestring::{DrivePath, Error, ErrorKind, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// So many characters a path may have, with all folders above it.
const MAX_PATH: usize = 400;
/// So many characters a name may have.
const MAX_NAME: usize = 255;
/// What no name holds, beside the slashes.
const FORBIDDEN: [char; 7] = ['"', '*', ':', '<', '>', '?', '|'];
/// Names that nothing has, in lower case.
const RESERVED: [&str; 6] = [".lock", "con", "prn", "aux", "nul", "desktop.ini"];

/// What a name needs encoded to be a part of an address.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The folder that is the drive's root.
#[derive(Debug, Clone)]
pub(super) struct Root {
    /// The folder that is always there: what it is called in addresses.
    top: &'static str,
    folder: DrivePath,
}

impl Root {
    pub(super) fn of_the_app() -> Self {
        Self { top: "special/approot", folder: DrivePath::root() }
    }

    pub(super) fn seen(folder: &str) -> Result<Self> {
        if !folder.starts_with('/') {
            let detail = "a folder of OneDrive is written with a slash before it, such as /notes";
            return Err(Error::new(ErrorKind::InvalidInput, "open", detail).about(folder));
        }
        let folder = DrivePath::new(folder.trim_matches('/'))?;
        check(&folder, 0)?;
        Ok(Self { top: "root", folder })
    }

    /// Whether it is always there.
    pub(super) fn is_top(&self) -> bool {
        self.folder.as_str().is_empty()
    }

    /// Returns the folder, below the one that is always there.
    pub(super) fn folder(&self) -> &DrivePath {
        &self.folder
    }

    /// Returns where a path of the drive is below the folder that is always there.
    pub(super) fn full(&self, path: &DrivePath) -> Result<DrivePath> {
        check(path, self.folder.as_str().chars().count())?;
        match (self.is_top(), path.as_str().is_empty()) {
            (true, _) => Ok(path.clone()),
            (_, true) => Ok(self.folder.clone()),
            _ => self.folder.join(path.as_str()),
        }
    }

    /// Returns the address of what is there, or of something about it, such as `content`.
    pub(super) fn address(&self, service: &Url, full: &DrivePath, about: &str) -> Result<Url> {
        let top = self.top;
        let names: Vec<String> = full.segments().map(|name| utf8_percent_encode(name, ENCODED).to_string()).collect();
        let rest = match (names.is_empty(), about.is_empty()) {
            (true, true) => top.to_owned(),
            (true, false) => format!("{top}/{about}"),
            (false, true) => format!("{top}:/{}", names.join("/")),
            (false, false) => format!("{top}:/{}:/{about}", names.join("/")),
        };
        parse(&format!("{service}{rest}"))
    }
}

/// Returns the address of a file by its id, or of something about it.
pub(super) fn by_id(service: &Url, id: &str, about: &str) -> Result<Url> {
    let id = utf8_percent_encode(id, ENCODED);
    parse(&if about.is_empty() { format!("{service}items/{id}") } else { format!("{service}items/{id}/{about}") })
}

fn parse(text: &str) -> Result<Url> {
    Url::parse(text).map_err(|e| Error::new(ErrorKind::Internal, "send", e.to_string()))
}

/// A name that OneDrive does not take, or takes for another one, is refused before it is sent.
fn check(path: &DrivePath, above: usize) -> Result<()> {
    let invalid = |what: &str| {
        let shown: String = path.as_str().chars().take(60).collect();
        Err(Error::new(ErrorKind::InvalidInput, "path", format!("OneDrive takes no {what}")).about(shown))
    };
    if above + path.as_str().chars().count() > MAX_PATH || path.segments().any(|name| name.chars().count() > MAX_NAME) {
        return invalid("name as long as that");
    }
    if path.segments().any(|name| name.contains(FORBIDDEN)) {
        return invalid("name with one of the characters \" * : < > ? |");
    }
    if path.segments().any(|name| name.starts_with(' ') || name.ends_with([' ', '.'])) {
        return invalid("name with a space at either end, or a dot at its end");
    }
    if path.segments().any(is_reserved) {
        return invalid("such name: it keeps it for itself");
    }
    Ok(())
}

fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_port = name.len() == 4 && (name.starts_with("com") || name.starts_with("lpt")) && name.ends_with(|c: char| c.is_ascii_digit());
    RESERVED.contains(&name.as_str()) || is_port || name.starts_with("~$") || name.contains("_vti_")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn names_that_onedrive_does_not_take_are_refused() {
        let is_taken = |name: &str| check(&DrivePath::new(name).unwrap(), 0).is_ok();
        for name in ["a:b", "a*", "\"", "<", ">", "what?", "a|b", " a", "a ", "a.", "a./b", "CON", "lpt9", "~$a", "x_vti_y", ".Lock"] {
            assert!(!is_taken(name), "{name}");
        }
        for name in ["con.json", "com10", "a.b", "lock.json", "~a", "vti", "100%", "#", "a b"] {
            assert!(is_taken(name), "{name}");
        }
        assert!(!is_taken(&"a".repeat(256)) && !is_taken(&["a".repeat(200), "b".repeat(200)].join("/")));
    }

    #[test]
    fn each_name_is_a_part_of_an_address_and_nothing_else() {
        let service = Url::parse("https://service.example/v1.0/me/drive/").unwrap();
        let (app, seen) = (Root::of_the_app(), Root::seen("/my notes").unwrap());
        let address = |root: &Root, path: &str, about: &str| {
            let full = root.full(&DrivePath::new(path).unwrap()).unwrap();
            root.address(&service, &full, about).unwrap().path().trim_start_matches("/v1.0/me/drive/").to_owned()
        };
        assert_eq!(address(&app, "", ""), "special/approot");
        assert_eq!(address(&app, "", "children"), "special/approot/children");
        assert_eq!(address(&app, "100%/#é", "content"), "special/approot:/100%25/%23%C3%A9:/content");
        assert_eq!(address(&seen, "", ""), "root:/my%20notes");
        assert_eq!(address(&seen, "a'b", ""), "root:/my%20notes/a%27b");
    }
}

//! Names on the drive: the wire id of a document is its file's stem, its `_id` in the log and its `doc._id`.
//!
//! An id that every drive can hold as a name is its own wire id; any other is percent-encoded. A stem that
//! is not what this module would have made is an old client's: it is taken as it stands.

use crate::DocId;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What some drive refuses in a name, and `%` itself.
const FORBIDDEN: &str = "/\\%:*?\"<>|";

/// Returns the stem of a document's file.
///
/// `twin` says that another document's plain name differs from this one's only in case.
pub(super) fn encode(id: &DocId, twin: bool) -> String {
    let text = id.as_str();
    let mut stem = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let first = at == 0;
        let last = at + c.len_utf8() == text.len();
        // Hidden files begin with a dot; Windows drops a dot or a space at the end.
        let at_an_end = (first && c == '.') || (last && (c == '.' || c == ' '));
        // In a twin no character is left that could differ in case.
        let cased = twin && (c.is_alphabetic() || !c.is_ascii());
        if at_an_end || cased || c.is_control() || FORBIDDEN.contains(c) {
            push_encoded(&mut stem, c);
        } else {
            stem.push(c);
        }
    }
    stem
}

fn push_encoded(stem: &mut String, c: char) {
    let mut bytes = [0; 4];
    let text: &str = c.encode_utf8(&mut bytes);
    if c.is_ascii_alphanumeric() {
        stem.push_str(&format!("%{:02X}", u32::from(c)));
    } else {
        stem.extend(utf8_percent_encode(text, NON_ALPHANUMERIC));
    }
}

/// Returns the id of the document whose file has this stem.
pub(super) fn decode(stem: &str) -> Option<DocId> {
    if stem.contains('%')
        && let Ok(text) = percent_decode_str(stem).decode_utf8()
        && let Ok(id) = DocId::new(text)
        && (encode(&id, false) == stem || encode(&id, true) == stem)
    {
        return Some(id);
    }
    DocId::new(stem).ok()
}

/// Returns the form that names differing only in case share.
pub(super) fn fold(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> DocId {
        DocId::new(text).unwrap()
    }

    #[test]
    fn plain_ids_are_their_own_names() {
        for text in ["a", "README.md", "3f2a-…", "übung", "a b", "42"] {
            assert_eq!(encode(&id(text), false), text);
            assert_eq!(decode(text), Some(id(text)));
        }
    }

    #[test]
    fn every_id_round_trips_in_both_forms() {
        for text in
            ["a/b", "..", ".", ".x", "x.", "x ", " ", "%", "%41", "a\\b", "a:b*?\"<>|", "ä/ö", "\u{1}", "\u{85}x", "CON", "a%2Fb", "Foo"]
        {
            for twin in [false, true] {
                let stem = encode(&id(text), twin);
                assert_eq!(decode(&stem), Some(id(text)), "{text:?} as {stem:?}");
                assert!(!stem.starts_with('.') && !stem.ends_with(['.', ' ']) && !stem.contains('/'), "{stem:?}");
            }
        }
    }

    #[test]
    fn golden_names() {
        #[derive(serde::Deserialize)]
        struct Name {
            id: DocId,
            stem: String,
            twin: String,
        }
        let names: Vec<Name> = serde_json::from_str(include_str!("../../../../spec/vectors/classic/names.json")).unwrap();
        for Name { id, stem, twin } in names {
            assert_eq!((encode(&id, false), encode(&id, true)), (stem.clone(), twin.clone()), "{id}");
            assert_eq!((decode(&stem), decode(&twin)), (Some(id.clone()), Some(id)));
        }
    }

    #[test]
    fn stems_of_old_clients_are_taken_as_they_stand() {
        for stem in ["a/b", "100%", "%zz", "%2f"] {
            assert_eq!(decode(stem), Some(id(stem)), "{stem}");
        }
    }

    #[test]
    fn twins_differ_in_more_than_case() {
        let names = [encode(&id("Foo"), false), encode(&id("foo"), true), encode(&id("FOO"), true)];
        let mut folded: Vec<_> = names.iter().map(|n| fold(n)).collect();
        folded.sort();
        folded.dedup();
        assert_eq!(folded.len(), 3);
    }
}

//! The answers of a store, element by element. Namespaces are passed over: some stores have none.

use quick_xml::{Reader, escape::resolve_predefined_entity, events::Event};

/// An element without those inside of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    /// The name of the element around it.
    pub(super) within: String,
    /// Its text; of an element that has others inside, nothing that means anything.
    pub(super) text: String,
}

impl Element {
    /// Whether it is that one inside of that other one.
    pub(super) fn is(&self, within: &str, name: &str) -> bool {
        self.within == within && self.name == name
    }
}

/// Returns the elements in the order in which they end: what is inside stands before what is around it.
///
/// # Errors
/// What is wrong, in a few words: also if the answer ends too early, since a listing that lacks names looks like deleted files.
pub(super) fn elements(body: &[u8]) -> Result<Vec<Element>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut reader = Reader::from_str(text);
    let (mut ended, mut open, mut own) = (Vec::new(), Vec::<String>::new(), String::new());
    loop {
        match reader.read_event().map_err(|e| format!("it is no XML: {e}"))? {
            Event::Start(tag) => {
                open.push(tag.local_name().as_ref().to_owned());
                own.clear();
            }
            Event::Empty(tag) => {
                let within = open.last().cloned().unwrap_or_default();
                ended.push(Element { name: tag.local_name().as_ref().to_owned(), within, text: String::new() });
            }
            Event::End(_) => {
                let name = open.pop().unwrap_or_default();
                ended.push(Element { name, within: open.last().cloned().unwrap_or_default(), text: std::mem::take(&mut own) });
            }
            Event::Text(text) => own.push_str(&text.xml10_content()),
            Event::CData(text) => own.push_str(&text.xml10_content()),
            Event::GeneralRef(name) => {
                let character = name.resolve_char_ref().map_err(|e| e.to_string())?.map(String::from);
                let entity = character.or_else(|| resolve_predefined_entity(&name.xml10_content()).map(str::to_owned));
                own.push_str(&entity.ok_or("it holds an entity that nobody knows")?);
            }
            Event::Eof if open.is_empty() && !ended.is_empty() => return Ok(ended),
            Event::Eof => return Err("it is not whole".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn elements_come_with_what_is_around_them() {
        let answer = b"<?xml version='1.0'?><s:R xmlns:s='x'><s:C><s:K> a&amp;b&#x20;</s:K><E/></s:C></s:R>";
        let found = elements(answer).unwrap();
        let shown: Vec<_> = found.iter().map(|e| (e.within.as_str(), e.name.as_str(), e.text.as_str())).collect();
        assert_eq!(shown, [("C", "K", " a&b "), ("C", "E", ""), ("R", "C", ""), ("", "R", "")]);
        assert!(found.first().unwrap().is("C", "K"));
    }

    #[test]
    fn half_an_answer_is_none() {
        let answer = b"<R><C><K>a</K></C></R>";
        assert!((0..answer.len()).all(|end| elements(&answer[..end]).is_err()));
        assert!(elements(b"<R>&nope;</R>").is_err());
    }
}

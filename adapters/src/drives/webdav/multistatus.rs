//! What a server knows of files and folders: the answer to PROPFIND (RFC 4918, 9.1 and 13).

use quick_xml::{
    escape::resolve_predefined_entity,
    events::Event,
    name::{Namespace, ResolveResult},
    reader::NsReader,
};

/// Asks for no more than is needed: some servers compute the other properties, and names may hold characters that XML cannot.
pub(super) const QUESTION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:propfind xmlns:D=\"DAV:\"><D:prop><D:resourcetype/>\
                                   <D:getcontentlength/></D:prop></D:propfind>";

const DAV: &[u8] = b"DAV:";

/// One file or folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Item {
    /// Where, as the server writes it.
    pub(super) href: String,
    pub(super) is_dir: bool,
    /// The size of a file, if the server says it.
    pub(super) size: Option<u64>,
    /// The status of the whole item, where it has one: the server could not look at it.
    pub(super) status: Option<u16>,
}

/// Reads an answer.
///
/// # Errors
/// What is wrong, in a few words: also if it ends too early, since a listing that lacks names looks like deleted files.
pub(super) fn parse(body: &[u8]) -> Result<Vec<Item>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut reader = NsReader::from_str(text);
    let mut reading = Reading::default();
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(|e| format!("it is no XML: {e}"))?;
        let is_dav = matches!(namespace, ResolveResult::Bound(Namespace(name)) if name.as_bytes() == DAV);
        match event {
            Event::Start(tag) => reading.open(Element::of(is_dav, tag.local_name().as_ref().as_bytes())),
            Event::Empty(tag) => {
                reading.open(Element::of(is_dav, tag.local_name().as_ref().as_bytes()));
                reading.close();
            }
            Event::End(_) => reading.close(),
            Event::Text(text) => reading.text.push_str(&text.xml10_content()),
            Event::CData(text) => reading.text.push_str(&text.xml10_content()),
            Event::GeneralRef(name) => {
                let character = name.resolve_char_ref().map_err(|e| e.to_string())?.map(String::from);
                let entity = character.or_else(|| resolve_predefined_entity(&name.xml10_content()).map(str::to_owned));
                reading.text.push_str(&entity.ok_or("it holds an entity that nobody knows")?);
            }
            Event::Eof => return reading.whole(),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

/// The elements that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Multistatus,
    Response,
    Href,
    Status,
    Collection,
    Length,
    Other,
}

impl Element {
    fn of(is_dav: bool, name: &[u8]) -> Self {
        match (is_dav, name) {
            (true, b"multistatus") => Self::Multistatus,
            (true, b"response") => Self::Response,
            (true, b"href") => Self::Href,
            (true, b"status") => Self::Status,
            (true, b"collection") => Self::Collection,
            (true, b"getcontentlength") => Self::Length,
            _ => Self::Other,
        }
    }
}

#[derive(Debug, Default)]
struct Reading {
    open: Vec<Element>,
    text: String,
    item: Item,
    items: Vec<Item>,
    is_whole: bool,
}

impl Reading {
    fn open(&mut self, element: Element) {
        if element == Element::Response {
            self.item = Item::default();
        }
        self.text.clear();
        self.open.push(element);
    }

    fn close(&mut self) {
        let Some(element) = self.open.pop() else { return };
        let text = self.text.trim();
        match (element, self.open.last()) {
            (Element::Href, Some(Element::Response)) => text.clone_into(&mut self.item.href),
            (Element::Status, Some(Element::Response)) => self.item.status = status(text),
            (Element::Collection, _) => self.item.is_dir = true,
            (Element::Length, _) => self.item.size = text.parse().ok(),
            (Element::Response, Some(Element::Multistatus)) => self.items.push(std::mem::take(&mut self.item)),
            (Element::Multistatus, None) => self.is_whole = true,
            _ => {}
        }
        self.text.clear();
    }

    fn whole(self) -> Result<Vec<Item>, String> {
        if self.is_whole && self.open.is_empty() { Ok(self.items) } else { Err("it is no whole answer to PROPFIND".to_owned()) }
    }
}

/// Reads `HTTP/1.1 404 Not Found`.
fn status(line: &str) -> Option<u16> {
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    const ANSWER: &str = r#"<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:x="urn:x">
        <d:response><d:href>/dav/a/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype></d:prop>
          <d:status>HTTP/1.1 200 OK</d:status></d:propstat>
          <d:propstat><d:prop><d:getcontentlength/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>
        <d:response><d:href> /dav/a/b&amp;c&#x20;d </d:href><d:propstat><d:prop><d:resourcetype/><d:getcontentlength>12</d:getcontentlength>
          <x:collection/></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>
        <d:response><d:href>/dav/a/e</d:href><d:status>HTTP/1.1 403 Forbidden</d:status></d:response></d:multistatus>"#;

    #[test]
    fn an_answer_is_read_whatever_its_prefixes() {
        let unprefixed = ANSWER.replace("xmlns:d=", "xmlns=").replace("<d:", "<").replace("</d:", "</");
        for answer in [ANSWER, &unprefixed] {
            assert_eq!(
                parse(answer.as_bytes()).unwrap(),
                [
                    Item { href: "/dav/a/".into(), is_dir: true, ..Item::default() },
                    Item { href: "/dav/a/b&c d".into(), size: Some(12), ..Item::default() },
                    Item { href: "/dav/a/e".into(), status: Some(403), ..Item::default() },
                ]
            );
        }
    }

    #[test]
    fn half_an_answer_is_none() {
        for end in 0..ANSWER.len() - 1 {
            assert!(parse(&ANSWER.as_bytes()[..end]).is_err(), "{end}");
        }
        for other in ["", "<html><body>login</body></html>", "<multistatus/>", "{}", "<x xmlns='DAV:'>&nope;</x>"] {
            assert!(parse(other.as_bytes()).is_err(), "{other}");
        }
        assert_eq!(parse(b"<multistatus xmlns='DAV:'/>").unwrap(), []);
    }
}

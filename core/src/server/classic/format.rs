//! What a document looks like inside a classic file: the layout stores JSON, the host may not.

use crate::{
    DocId, Error, Result, Revision,
    maybe_send::{MaybeSend, MaybeSync},
};
use serde_json::value::RawValue;

/// A document on its way to the drive.
#[derive(Debug, Clone, Copy)]
pub struct Encode<'a> {
    /// The document's id in the host.
    pub id: &'a DocId,
    /// The id on the drive: file stem, `_id` in the log and `doc._id`. Its spelling (text or number) matters.
    pub wire_id: &'a DocId,
    /// The host's revision.
    pub revision: &'a Revision,
    /// The revision on the drive of the version that is replaced.
    pub previous: Option<&'a Revision>,
    /// The device's clock in milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// The content.
    pub body: &'a [u8],
}

/// A document as the drive stores it.
#[derive(Debug)]
pub struct Encoded {
    /// The JSON of `doc`.
    pub doc: Box<RawValue>,
    /// The `_rev` of the file and of the log.
    pub revision: Revision,
}

/// A document on its way from the drive.
#[derive(Debug, Clone, Copy)]
pub struct Decode<'a> {
    /// The document's id in the host.
    pub id: &'a DocId,
    /// The id on the drive.
    pub wire_id: &'a DocId,
    /// The `_rev` of the file.
    pub revision: &'a Revision,
    /// The JSON of `doc`.
    pub doc: &'a RawValue,
}

/// A document as the host stores it.
#[derive(Debug)]
pub struct Decoded {
    /// The content.
    pub body: Vec<u8>,
    /// The revision to store with it.
    pub revision: Revision,
}

/// Translates between the host's bodies and the JSON documents of the classic layout.
pub trait Format: MaybeSend + MaybeSync {
    /// Makes the JSON document.
    ///
    /// # Errors
    /// `invalid_input` if this body cannot be stored: the document is reported and stays queued.
    fn encode(&self, document: Encode<'_>) -> Result<Encoded>;

    /// Takes the JSON document apart.
    ///
    /// # Errors
    /// `corrupt` if it makes no sense: it is reported and tried again later.
    fn decode(&self, document: Decode<'_>) -> Result<Decoded>;

    /// Returns the revision of a deletion on the drive: `revision` is the host's, `previous` the drive's.
    fn deletion(&self, revision: &Revision, _previous: Option<&Revision>, _now_ms: u64) -> Revision {
        revision.clone()
    }
}

/// The default: bodies are JSON texts and are stored as they are, revisions too.
///
/// Where the id on the drive differs from the host's, a `_id` member that equals the one becomes the other.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonFormat;

impl Format for JsonFormat {
    fn encode(&self, document: Encode<'_>) -> Result<Encoded> {
        let refuse = |e: serde_json::Error| {
            let detail = format!("the classic layout stores JSON, and this body is none (line {}, column {})", e.line(), e.column());
            Error::invalid("put", detail).about(document.id.as_str())
        };
        let text = std::str::from_utf8(document.body).map_err(|_| {
            Error::invalid("put", "the classic layout stores JSON, and this body is no UTF-8 text").about(document.id.as_str())
        })?;
        let doc = serde_json::from_str::<Box<RawValue>>(text).map_err(refuse)?;
        let doc = with_id(doc, document.id, document.wire_id);
        Ok(Encoded { doc, revision: document.revision.clone() })
    }

    fn decode(&self, document: Decode<'_>) -> Result<Decoded> {
        let doc = with_id(document.doc.to_owned(), document.wire_id, document.id);
        Ok(Decoded { body: doc.get().as_bytes().to_vec(), revision: document.revision.clone() })
    }
}

/// Replaces a `_id` that is `from` by `to`; every other byte stays.
fn with_id(doc: Box<RawValue>, from: &DocId, to: &DocId) -> Box<RawValue> {
    if from == to {
        return doc;
    }
    replace_id(doc.get(), from, to).unwrap_or(doc)
}

fn replace_id(doc: &str, from: &DocId, to: &DocId) -> Option<Box<RawValue>> {
    #[derive(serde::Deserialize)]
    struct WithId<'a> {
        #[serde(rename = "_id", borrow)]
        id: &'a RawValue,
    }
    let found = serde_json::from_str::<WithId<'_>>(doc).ok()?.id.get();
    if serde_json::from_str::<DocId>(found).ok()? != *from {
        return None;
    }
    // `found` borrows from `doc`, so its place in it is exact.
    let start = (found.as_ptr() as usize).checked_sub(doc.as_ptr() as usize)?;
    let (head, tail) = (doc.get(..start)?, doc.get(start + found.len()..)?);
    RawValue::from_string(format!("{head}{}{tail}", serde_json::to_string(to).ok()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> DocId {
        DocId::new(text).unwrap()
    }

    #[test]
    fn only_the_id_changes_and_it_comes_back() {
        let body = r#"{ "a" : 1.0, "_id":"x/y", "n": 12345678901234567890 }"#;
        let raw: Box<RawValue> = serde_json::from_str(body).unwrap();
        let wire = with_id(raw, &id("x/y"), &id("x%2Fy"));
        assert_eq!(wire.get(), body.replace("x/y", "x%2Fy"));
        assert_eq!(with_id(wire, &id("x%2Fy"), &id("x/y")).get(), body);
    }

    #[test]
    fn another_id_inside_is_left_alone() {
        let body = r#"{"_id":"other"}"#;
        let raw: Box<RawValue> = serde_json::from_str(body).unwrap();
        assert_eq!(with_id(raw, &id("x/y"), &id("x%2Fy")).get(), body);
    }
}

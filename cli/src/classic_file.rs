//! A file as a document of the classic layout:
//! `{"_id": …, "_rev": <milliseconds, growing>, "path": …, "content": "<text>"}`, or `contentBase64` where the
//! bytes are no text.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use kitestring::{
    DocId, Error, ErrorKind, Result, Revision,
    server::classic::{Decode, Decoded, Encode, Encoded, Format},
};
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;

const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// Translates between the bytes of a file and its JSON document. Every byte string comes back as it was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileFormat;

#[derive(Serialize)]
struct Written<'a> {
    #[serde(rename = "_id")]
    id: &'a DocId,
    #[serde(rename = "_rev")]
    revision: &'a Revision,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(rename = "contentBase64", skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

/// What is read of a document: other clients may have added, changed or left out the rest.
#[derive(Deserialize)]
struct Read {
    content: Option<String>,
    #[serde(rename = "contentBase64")]
    base64: Option<String>,
}

impl Format for FileFormat {
    fn encode(&self, document: Encode<'_>) -> Result<Encoded> {
        let revision = grown(document.previous, document.now_ms);
        let content = std::str::from_utf8(document.body).ok();
        let written = Written {
            id: document.wire_id,
            revision: &revision,
            path: document.id.as_str(),
            content,
            base64: content.is_none().then(|| BASE64.encode(document.body)),
        };
        let doc = to_raw_value(&written).map_err(|e| {
            Error::new(ErrorKind::Internal, "put", "the file cannot be written as JSON").about(document.id.as_str()).caused_by(e)
        })?;
        Ok(Encoded { doc, revision })
    }

    fn decode(&self, document: Decode<'_>) -> Result<Decoded> {
        let corrupt = |detail: &str| Error::new(ErrorKind::Corrupt, "get", detail).about(document.id.as_str());
        let read: Read = serde_json::from_str(document.doc.get())
            .map_err(|e| corrupt("the document on the drive is no file: its content is not text").caused_by(e))?;
        let body = match read {
            Read { content: Some(text), .. } => text.into_bytes(),
            Read { base64: Some(base64), .. } => {
                BASE64.decode(base64).map_err(|e| corrupt("the document's contentBase64 is no base64").caused_by(e))?
            }
            _ => return Err(corrupt("the document on the drive is no file: it has neither content nor contentBase64")),
        };
        let revision = Revision::of(&body);
        Ok(Decoded { body, revision })
    }

    fn deletion(&self, _revision: &Revision, previous: Option<&Revision>, now_ms: u64) -> Revision {
        grown(previous, now_ms)
    }
}

/// Returns the time, or one more than the previous revision if that is not smaller: other clients take the
/// greater revision for the later one.
fn grown(previous: Option<&Revision>, now_ms: u64) -> Revision {
    let previous = previous.and_then(|r| r.as_str().split('.').next()?.parse::<u64>().ok());
    Revision::number(now_ms.max(previous.map_or(0, |n| n.saturating_add(1))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kitestring::Digest;
    use serde_json::value::RawValue;

    fn encode(body: &[u8], previous: Option<&Revision>) -> Encoded {
        let (id, wire_id, revision) = (DocId::new("a/ü%.txt").unwrap(), DocId::new("a%2Fü%25.txt").unwrap(), Revision::of(body));
        FileFormat.encode(Encode { id: &id, wire_id: &wire_id, revision: &revision, previous, now_ms: 1000, body }).unwrap()
    }

    fn decode(doc: &RawValue) -> Result<Decoded> {
        let id = DocId::new("a").unwrap();
        FileFormat.decode(Decode { id: &id, wire_id: &id, revision: &Revision::number(1), doc })
    }

    #[test]
    fn every_byte_string_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        let texts = ["", "a", "\0", "\u{feff}x\r\n", "\"\\\u{1}\u{7f}", "\u{2028}\u{10ffff}"];
        let odd: [&[u8]; 5] = [&all, b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"text then \xf0\x9f"];
        for body in texts.iter().map(|t| t.as_bytes()).chain(odd).chain((0..256).map(|n| &all[n..])) {
            let decoded = decode(&encode(body, None).doc).unwrap();
            assert_eq!(decoded.body, body);
            assert_eq!(decoded.revision, Revision::from(Digest::of(body)));
        }
    }

    #[test]
    fn the_json_is_the_documented_one() {
        let text = encode(b"hi", None);
        assert_eq!(text.doc.get(), r#"{"_id":"a%2Fü%25.txt","_rev":1000,"path":"a/ü%.txt","content":"hi"}"#);
        assert!(encode(b"\xff\xfe", None).doc.get().ends_with(r#""contentBase64":"//4="}"#));
    }

    #[test]
    fn revisions_grow_whatever_the_clock_says() {
        for (previous, revision) in
            [(None, "1000"), (Some("999"), "1000"), (Some("1000"), "1001"), (Some("5000.5"), "5001"), (Some("x"), "1000")]
        {
            let previous = previous.map(Revision::new);
            let encoded = encode(b"", previous.as_ref());
            assert_eq!(encoded.revision.as_str(), revision);
            assert!(encoded.revision.is_number());
            assert_eq!(FileFormat.deletion(&Revision::new("h"), previous.as_ref(), 1000).as_str(), revision);
        }
    }

    #[test]
    fn what_other_clients_write_is_read_if_it_has_content() {
        let read = |json: &str| decode(&RawValue::from_string(json.to_owned()).unwrap());
        assert_eq!(read(r#"{"content":"new","contentBase64":"b2xk","extra":[1]}"#).unwrap().body, b"new");
        assert_eq!(read(r#"{"content":null,"contentBase64":"//4"}"#).unwrap().body, b"\xff\xfe");
        for bad in ["{}", "[]", "null", "7", r#"{"content":5}"#, r#"{"contentBase64":"*"}"#, r#"{"path":"x"}"#] {
            assert_eq!(read(bad).unwrap_err().kind, ErrorKind::Corrupt, "{bad}");
        }
    }
}

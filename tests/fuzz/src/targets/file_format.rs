//! The documents of `kite`: any bytes of a file come back, and any JSON is decoded or refused.

use crate::classic_file::FileFormat;
use kitestring::{
    DocId, ErrorKind, Revision,
    server::classic::{Decode, Encode, Format as _},
};
use serde_json::value::RawValue;

pub(crate) fn run(input: &[u8]) {
    let Ok(id) = DocId::new("a/b.txt") else { return };
    let text = String::from_utf8_lossy(input).into_owned();
    let (revision, previous) = (Revision::of(input), Revision::new(text.as_str()));
    for previous in [None, Some(&previous)] {
        let encode = Encode { id: &id, wire_id: &id, revision: &revision, previous, now_ms: 1000, body: input };
        let encoded = match FileFormat.encode(encode) {
            Ok(encoded) => encoded,
            Err(e) => panic!("a file cannot be encoded: {e:?}"),
        };
        assert!(encoded.revision.is_number(), "a revision is no number");
        match FileFormat.decode(Decode { id: &id, wire_id: &id, revision: &encoded.revision, doc: &encoded.doc }) {
            Ok(decoded) => assert!(decoded.body == input && decoded.revision == revision, "a file came back changed"),
            Err(e) => panic!("a file cannot be decoded: {e:?}"),
        }
    }
    if let Ok(doc) = RawValue::from_string(text)
        && let Err(e) = FileFormat.decode(Decode { id: &id, wire_id: &id, revision: &revision, doc: &doc })
    {
        assert_eq!(e.kind, ErrorKind::Corrupt, "JSON that is no file is {e:?}");
    }
}

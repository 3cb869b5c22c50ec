//! A vault that is well-formed and makes no sense: right JSON, wrong numbers, names and places.

use crate::check::{Settings, syncs};
use arbitrary::{Arbitrary, Unstructured};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug, Arbitrary)]
struct Input {
    tier: u8,
    joined: bool,
    last_change: Number,
    vault: Option<Name>,
    windows: Vec<(Number, Vec<Entry>)>,
    documents: Vec<(Name, Document)>,
    lock: Option<(Number, Option<Name>)>,
    marker: Option<(Name, u8)>,
}

#[derive(Debug, Arbitrary)]
enum Number {
    Small(u8),
    Near(i8),
    Window(u8, i8),
    Any(u64),
}

impl Number {
    fn value(&self) -> u64 {
        match self {
            Self::Small(n) => u64::from(*n) % 5,
            Self::Near(n) => u64::MAX.wrapping_add_signed(i64::from(*n)),
            Self::Window(n, off) => (u64::from(*n) * 100).saturating_add_signed(i64::from(*off)),
            Self::Any(n) => *n,
        }
    }
}

#[derive(Debug, Arbitrary)]
enum Name {
    Known(u8),
    Number(u32),
    Any(String),
}

impl Name {
    fn text(&self) -> String {
        const KNOWN: [&str; 8] =
            ["milk", "Milk", "%4D%69%6C%6B", "mine", "lists%2FSaturday.md", "gone", "a", "1f8a1d0e3b6c7a9f1f8a1d0e3b6c7a9f"];
        match self {
            Self::Known(n) => KNOWN.get(usize::from(*n) % KNOWN.len()).copied().unwrap_or_default().to_owned(),
            Self::Number(n) => n.to_string(),
            Self::Any(text) => text.clone(),
        }
    }

    fn json(&self) -> Value {
        if let Self::Number(n) = self { json!(n) } else { json!(self.text()) }
    }
}

#[derive(Debug, Arbitrary)]
struct Entry {
    id: Name,
    revision: Name,
    delete: bool,
    push: Option<Name>,
    repeated: u8,
}

#[derive(Debug, Arbitrary)]
struct Document {
    id: Option<Name>,
    revision: Option<Name>,
    text: Option<String>,
}

pub(crate) fn run(input: &[u8]) {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(input)) else { return };
    let settings = Settings { tier: input.tier, joined: input.joined, file_format: false };
    syncs(files(&input), settings);
}

fn files(input: &Input) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut put = |path: String, json: Value| drop(files.insert(path, json.to_string().into_bytes()));
    put(
        "meta.json".to_owned(),
        without_null(json!({"lastChange": input.last_change.value(), "vault": input.vault.as_ref().map(Name::text)})),
    );
    for (index, entries) in &input.windows {
        let entries: Vec<Value> = entries.iter().flat_map(|e| vec![entry(e); usize::from(e.repeated % 60) + 1]).collect();
        put(format!("changes/{}.json", index.value() % 1000), Value::Array(entries));
    }
    for (name, Document { id, revision, text }) in &input.documents {
        let doc = text.as_ref().map(|text| without_null(json!({"_id": id.as_ref().map(Name::json), "text": text})));
        put(format!("docs/{}.json", name.text()), without_null(json!({"doc": doc, "_rev": revision.as_ref().map(Name::json)})));
    }
    if let Some((expire, owner)) = &input.lock {
        put("lock.json".to_owned(), without_null(json!({"expire": expire.value(), "owner": owner.as_ref().map(Name::text)})));
    }
    if let Some((vault, format)) = &input.marker {
        put("kitestring.json".to_owned(), json!({"vault": vault.text(), "format": format % 3}));
    }
    files
}

fn entry(entry: &Entry) -> Value {
    let action = if entry.delete { "delete" } else { "put" };
    without_null(
        json!({"_id": entry.id.json(), "_rev": entry.revision.json(), "action": action, "push": entry.push.as_ref().map(Name::text)}),
    )
}

fn without_null(mut value: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.retain(|_, member| !member.is_null());
    }
    value
}

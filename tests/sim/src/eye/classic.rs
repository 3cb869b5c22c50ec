//! Reads the files of the classic layout without the core: an independent eye.

use kitestring::{DocId, Revision};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How many entries a window of the log holds.
const WINDOW: usize = 100;

/// `meta.json`.
#[derive(Debug, Deserialize)]
pub struct Meta {
    /// How many changes count.
    #[serde(rename = "lastChange", default)]
    pub last_change: usize,
}

#[derive(Deserialize)]
struct Logged {
    #[serde(rename = "_id")]
    id: serde_json::Value,
    action: String,
}

/// Returns the id of the document with this wire id, as far as the documents of a simulation go: any `%` begins an
/// encoded byte.
pub fn id_of(stem: &str) -> Option<DocId> {
    let mut bytes = Vec::with_capacity(stem.len());
    let mut rest = stem.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| char::from(byte.unwrap_or(b'?')).to_digit(16);
        match byte {
            b'%' => bytes.push(u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?),
            byte => bytes.push(byte),
        }
    }
    DocId::new(String::from_utf8(bytes).ok()?).ok()
}

/// Returns the ids that the committed log says are there, but whose file is not.
///
/// # Errors
/// One sentence, if a file of the log is missing or makes no sense.
pub fn dangling(files: &BTreeMap<String, Vec<u8>>) -> Result<BTreeSet<String>, String> {
    let Some(meta) = files.get("meta.json") else { return Ok(BTreeSet::new()) };
    let meta: Meta = serde_json::from_slice(meta).map_err(|e| format!("meta.json makes no sense: {e}"))?;
    let mut last = BTreeMap::new();
    for window in 0..meta.last_change.div_ceil(WINDOW) {
        let name = format!("changes/{window}.json");
        let bytes = files.get(&name).ok_or_else(|| format!("{name} is missing, but lastChange is {}", meta.last_change))?;
        let entries: Vec<Option<Logged>> = serde_json::from_slice(bytes).map_err(|e| format!("{name} makes no sense: {e}"))?;
        let committed = (meta.last_change - window * WINDOW).min(WINDOW);
        if entries.len() < committed {
            return Err(format!("{name} has {} entries, but lastChange is {}", entries.len(), meta.last_change));
        }
        for entry in entries.into_iter().take(committed).flatten() {
            let id = entry.id.as_str().map_or_else(|| entry.id.to_string(), str::to_owned);
            last.insert(id, entry.action == "put");
        }
    }
    Ok(last.into_iter().filter(|(id, put)| *put && !files.contains_key(&format!("docs/{id}.json"))).map(|(id, _)| id).collect())
}

/// Returns every change that counts, its text and its wire id; none if one is missing.
pub fn log(file: impl Fn(&str) -> Option<Arc<[u8]>>) -> Option<Vec<(String, String)>> {
    let Meta { last_change } = serde_json::from_slice(&file("meta.json")?).ok()?;
    let mut all = Vec::with_capacity(last_change);
    for window in 0..last_change.div_ceil(WINDOW) {
        let bytes = file(&format!("changes/{window}.json"))?;
        let entries: Vec<serde_json::Value> = serde_json::from_slice(&bytes).ok()?;
        all.extend(entries.into_iter().take((last_change - window * WINDOW).min(WINDOW)).map(|entry| {
            let id = entry.get("_id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)).unwrap_or_default();
            (entry.to_string(), id)
        }));
    }
    (all.len() == last_change).then_some(all)
}

/// Returns the revision of a document's file.
pub fn revision(file: &[u8]) -> Option<Revision> {
    #[derive(Deserialize)]
    struct File {
        #[serde(rename = "_rev")]
        revision: Revision,
    }
    serde_json::from_slice::<File>(file).ok().map(|file| file.revision)
}

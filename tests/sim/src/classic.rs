//! Reads the files of the classic layout without the core: an independent eye.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// How many entries a window of the log holds.
const WINDOW: usize = 100;

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "lastChange")]
    last_change: usize,
}

#[derive(Deserialize)]
struct Logged {
    #[serde(rename = "_id")]
    id: serde_json::Value,
    action: String,
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

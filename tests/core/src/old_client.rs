//! What an old client does to the files, step by step, so that a test can interrupt it anywhere.

use super::id;
use kitestring::{
    drive::{Condition, GetOptions, Got},
    *,
};
use serde_json::{Value, json};

pub async fn read(drive: &MemoryDrive, path: &str) -> Option<Value> {
    match drive.get(DrivePath::new(path).unwrap(), GetOptions::default()).await.unwrap() {
        Got::File { bytes, .. } => Some(serde_json::from_slice(&bytes).unwrap()),
        _ => None,
    }
}

pub async fn read_bytes(drive: &MemoryDrive, path: &str) -> Option<Vec<u8>> {
    match drive.get(DrivePath::new(path).unwrap(), GetOptions::default()).await.unwrap() {
        Got::File { bytes, .. } => Some(bytes),
        _ => None,
    }
}

pub async fn write(drive: &MemoryDrive, path: &str, value: Value) {
    write_bytes(drive, path, value.to_string().as_bytes()).await;
}

pub async fn write_bytes(drive: &MemoryDrive, path: &str, bytes: &[u8]) {
    drive.put(DrivePath::new(path).unwrap(), bytes.to_vec(), Condition::Any).await.unwrap();
}

pub async fn remove(drive: &MemoryDrive, path: &str) {
    drive.delete(DrivePath::new(path).unwrap(), Condition::Any).await.unwrap();
}

/// All changes that count.
pub async fn log(drive: &MemoryDrive) -> Vec<(String, String)> {
    let last = read(drive, "meta.json").await.and_then(|m| m["lastChange"].as_u64()).unwrap_or(0);
    let mut all = Vec::new();
    for index in 0..last.div_ceil(100) {
        let window = read(drive, &format!("changes/{index}.json")).await.expect("a file of the log is missing");
        for entry in window.as_array().unwrap() {
            all.push((entry["_id"].as_str().unwrap().to_owned(), entry["action"].as_str().unwrap().to_owned()));
        }
    }
    all.truncate(last as usize);
    all
}

/// A whole push of one document, as an old client that has read everything makes it.
pub async fn push(drive: &MemoryDrive, name: &str, doc: Option<Value>, rev: u64) {
    let path = format!("docs/{name}.json");
    let action = match doc {
        Some(doc) => {
            write(drive, &path, json!({"doc": doc, "_rev": rev})).await;
            "put"
        }
        None => {
            remove(drive, &path).await;
            "delete"
        }
    };
    announce(drive, name, action, rev).await;
}

/// The log and the count only.
pub async fn announce(drive: &MemoryDrive, name: &str, action: &str, rev: u64) {
    let mut meta = read(drive, "meta.json").await.unwrap_or_else(|| json!({}));
    let last = meta["lastChange"].as_u64().unwrap_or(0);
    let path = format!("changes/{}.json", last / 100);
    let window = if last % 100 == 0 { json!([]) } else { read(drive, &path).await.unwrap() };
    let mut entries: Vec<Value> = window.as_array().unwrap().iter().take((last % 100) as usize).cloned().collect();
    entries.push(json!({"_id": name, "_rev": rev, "action": action}));
    write(drive, &path, Value::Array(entries)).await;
    meta["lastChange"] = json!(last + 1);
    write(drive, "meta.json", meta).await;
}

pub fn note(name: &str, text: &str) -> Value {
    json!({"_id": name, "text": text})
}

/// The text that a host has under a name.
pub fn text_of(notes: &super::Notes, name: &str) -> Option<String> {
    let docs = notes.0.lock().unwrap();
    let (_, body) = docs.get(&id(name))?;
    serde_json::from_slice::<Value>(body).unwrap()["text"].as_str().map(str::to_owned)
}

//! A file or folder.

use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Instant};

#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) id: String,
    /// The folder that it is in; none of the root.
    pub(super) parent: Option<String>,
    pub(super) name: String,
    /// Moves with everything.
    pub(super) etag: u64,
    /// How often the tag moves by itself yet.
    pub(super) moves: u32,
    /// None of a folder.
    pub(super) file: Option<File>,
    /// It is found by its path from then on.
    pub(super) found_from: Option<Instant>,
}

#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) bytes: Arc<Vec<u8>>,
    /// What it held before.
    pub(super) before: Arc<Vec<u8>>,
    /// Moves with the content.
    pub(super) ctag: u64,
    pub(super) hash: String,
    /// What the address of its content ends with. It is a secret.
    pub(super) key: String,
}

impl Item {
    pub(super) fn etag(&self) -> String {
        format!("\"{{{}}},{}\"", self.id, self.etag)
    }

    fn ctag(&self) -> Option<String> {
        self.file.as_ref().map(|file| format!("\"c:{{{}}},{}\"", self.id, file.ctag))
    }

    /// Whether a condition names the item as it is: by either tag. A tag that moves by itself moves now.
    pub(super) fn matches(&mut self, condition: Option<&str>) -> bool {
        if self.moves > 0 {
            self.moves -= 1;
            self.etag += 1000;
        }
        condition.is_none_or(|tag| tag == "*" || tag == self.etag() || self.ctag().as_deref() == Some(tag))
    }

    /// Returns what is told of it.
    pub(super) fn described(&self, host: &str, children: usize, has_hash: bool) -> Value {
        let mut item = json!({
            "id": self.id,
            "name": self.name,
            "eTag": self.etag(),
            "createdDateTime": "2026-01-01T00:00:00Z",
            "lastModifiedDateTime": "2026-01-01T00:00:00Z",
            "parentReference": {"driveId": "drive", "driveType": "personal", "id": self.parent},
        });
        match &self.file {
            None => {
                item["folder"] = json!({"childCount": children});
                item["size"] = json!(0);
            }
            Some(file) => {
                item["cTag"] = json!(self.ctag());
                item["size"] = json!(file.bytes.len());
                let hashes = if has_hash { json!({"quickXorHash": file.hash}) } else { json!({}) };
                item["file"] = json!({"mimeType": "application/octet-stream", "hashes": hashes});
                item["@microsoft.graph.downloadUrl"] = json!(format!("http://{host}/download/{}?tempauth=canary", file.key));
            }
        }
        item
    }
}

/// Leaves what was asked for, if anything was.
pub(super) fn selected(item: Value, select: Option<&str>) -> Value {
    let (Some(select), Value::Object(fields)) = (select, &item) else { return item };
    let asked: Vec<&str> = select.split(',').collect();
    Value::Object(
        fields.iter().filter(|(name, _)| asked.contains(&name.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect::<Map<_, _>>(),
    )
}

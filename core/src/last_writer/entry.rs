//! A change as the log and the queue spell it, with whatever else its writer has put into it.

use crate::Action;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeMap;

/// One change.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    json: Box<RawValue>,
    id: String,
    revision: Option<Box<RawValue>>,
    /// None: a change of a kind that is not known, to be passed over.
    action: Option<Action>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "_id")]
    id: Box<RawValue>,
    #[serde(rename = "_rev", default)]
    revision: Option<Box<RawValue>>,
    #[serde(default)]
    action: String,
}

impl Entry {
    /// Reads a change.
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<Box<RawValue>>(text).and_then(Self::new)
    }

    fn new(json: Box<RawValue>) -> Result<Self, serde_json::Error> {
        let Head { id, revision, action } = serde_json::from_str(json.get())?;
        let action = match action.as_str() {
            "put" => Some(Action::Put),
            "delete" => Some(Action::Delete),
            _ => None,
        };
        Ok(Self { id: text_of(&id), json, revision, action })
    }

    /// A document that a listing has named: nothing is known of it but its name.
    pub(super) fn listed(name: &str) -> Result<Self, serde_json::Error> {
        #[derive(Serialize)]
        struct Listed<'a> {
            action: &'a str,
            #[serde(rename = "_id")]
            id: &'a str,
        }
        to_raw_value(&Listed { action: "put", id: name }).and_then(Self::new)
    }

    /// Returns the JSON text.
    pub(super) fn json(&self) -> &str {
        self.json.get()
    }

    /// Returns the id as a file name has it: a number as JavaScript writes it.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn revision(&self) -> Option<&RawValue> {
        self.revision.as_deref()
    }

    pub(super) fn action(&self) -> Option<Action> {
        self.action
    }

    /// Whether this says the same.
    pub(super) fn says(&self, other: &Self) -> bool {
        let revision = |entry: &Self| entry.revision.as_ref().map(|revision| revision.get().to_owned());
        self.id == other.id && self.action == other.action && revision(self) == revision(other)
    }
}

/// Keeps the last change of each document, at the place of the first.
pub(super) fn merged(changes: Vec<Entry>) -> Vec<Entry> {
    let mut merged: Vec<Entry> = Vec::with_capacity(changes.len());
    let mut places = BTreeMap::new();
    for change in changes {
        let place = *places.entry(change.id.clone()).or_insert(merged.len());
        match merged.get_mut(place) {
            Some(before) => *before = change,
            None => merged.push(change),
        }
    }
    merged
}

/// The text that JavaScript makes of a string or a number.
fn text_of(value: &RawValue) -> String {
    serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Box::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

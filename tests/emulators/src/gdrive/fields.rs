//! Field masks: `id,files(id,name),a/b`.

use super::reply;
use crate::server::Reply;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What is asked for, by name; without anything below, all of it.
#[derive(Debug, Default)]
pub(super) struct Mask(BTreeMap<String, Mask>);

impl Mask {
    pub(super) fn parse(text: &str) -> Result<Self, Reply> {
        let mut rest = text;
        let mask = Self::read(&mut rest).ok_or_else(|| reply::invalid_field(text))?;
        if rest.is_empty() { Ok(mask) } else { Err(reply::invalid_field(rest)) }
    }

    fn read(rest: &mut &str) -> Option<Self> {
        let mut mask = Self::default();
        loop {
            let end = rest.find([',', '(', ')', '/']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if name.is_empty() {
                return None;
            }
            *rest = after;
            let below = if let Some(inner) = rest.strip_prefix('(') {
                *rest = inner;
                let below = Self::read(rest)?;
                *rest = rest.strip_prefix(')')?;
                below
            } else if let Some(inner) = rest.strip_prefix('/') {
                let end = inner.find([',', ')']).unwrap_or(inner.len());
                let (mut path, after) = inner.split_at(end);
                *rest = after;
                Self::read(&mut path)?
            } else {
                Self::default()
            };
            mask.0.entry(name.trim().to_owned()).or_default().0.extend(below.0);
            match rest.strip_prefix(',') {
                Some(more) => *rest = more,
                None => return Some(mask),
            }
        }
    }

    /// Keeps what is asked for. `known` are the names that there are, whether or not this value has them.
    pub(super) fn keep(&self, value: &Value, known: &[&str]) -> Result<Value, Reply> {
        if self.0.is_empty() || self.0.contains_key("*") {
            return Ok(value.clone());
        }
        match value {
            Value::Array(items) => items.iter().map(|item| self.keep(item, known)).collect::<Result<_, _>>().map(Value::Array),
            Value::Object(fields) => {
                let mut kept = Map::new();
                for (name, below) in &self.0 {
                    match fields.get(name) {
                        Some(value) => drop(kept.insert(name.clone(), below.keep(value, known)?)),
                        None if known.contains(&name.as_str()) => {}
                        None => return Err(reply::invalid_field(name)),
                    }
                }
                Ok(Value::Object(kept))
            }
            other => Ok(other.clone()),
        }
    }
}

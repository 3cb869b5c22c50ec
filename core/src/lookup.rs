//! A map that finds, and cannot be listed: so the order of its hashes, which is another in each process, never shows.

#![allow(clippy::disallowed_types, reason = "what cannot be listed has no order")]

use std::{borrow::Borrow, collections::HashMap, fmt, hash::Hash};

/// Finds values by key in constant time. Long keys with the same beginning, as ids often have, cost no more than others.
#[derive(Clone)]
pub(crate) struct Lookup<K, V>(HashMap<K, V>);

impl<K: Hash + Eq, V> Lookup<K, V> {
    /// Makes an empty one with room for so many values.
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self(HashMap::with_capacity(count))
    }

    /// Returns the value of a key.
    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key)
    }

    /// Whether the key has a value.
    pub(crate) fn has<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }

    /// Sets the value of a key, and returns the one before.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0.insert(key, value)
    }

    /// Takes the value of a key out.
    pub(crate) fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.0.remove(key)
    }

    /// Returns the value of a key, made now if there is none.
    pub(crate) fn get_or_insert_with(&mut self, key: K, value: impl FnOnce() -> V) -> &mut V {
        self.0.entry(key).or_insert_with(value)
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl<K, V> Default for Lookup<K, V> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<K: Hash + Eq, V> Extend<(K, V)> for Lookup<K, V> {
    fn extend<T: IntoIterator<Item = (K, V)>>(&mut self, all: T) {
        self.0.extend(all);
    }
}

impl<K: Hash + Eq, V> FromIterator<(K, V)> for Lookup<K, V> {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(all: T) -> Self {
        Self(all.into_iter().collect())
    }
}

impl<K, V> fmt::Debug for Lookup<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lookup of {}", self.0.len())
    }
}

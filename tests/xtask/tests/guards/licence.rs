//! Every dependency comes from the one public registry, under a licence we can ship, and none is banned.

use crate::cargo;
use serde::Deserialize;
use std::collections::BTreeSet;

const ALLOWED: &[&str] = &[
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "BSL-1.0",
    "CC0-1.0",
    "Unlicense",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    // Of data: the list of certificate authorities, on systems that keep none for programs.
    "CDLA-Permissive-2.0",
    // Weak copyleft on its own files only; the binding generator has it.
    "MPL-2.0",
];

/// Crates that must not come in, with the reason.
const BANNED: &[(&str, &str)] = &[
    ("openssl-sys", "rustls needs no system library"),
    ("native-tls", "rustls needs no system library"),
    ("async-std", "no longer maintained"),
    ("instant", "no longer maintained"),
];

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

fn packages() -> Vec<Package> {
    let text = cargo(&["metadata", "--locked", "--format-version", "1", "--all-features"]);
    serde_json::from_str::<Metadata>(&text).unwrap().packages
}

/// Whether a licence expression can be satisfied from the allow list. `/` is an old spelling of `OR`.
fn allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    any(&words, &mut at) && at == words.len()
}

fn any(words: &[&str], at: &mut usize) -> bool {
    let mut holds = all(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        holds |= all(words, at);
    }
    holds
}

fn all(words: &[&str], at: &mut usize) -> bool {
    let mut holds = one(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        holds &= one(words, at);
    }
    holds
}

fn one(words: &[&str], at: &mut usize) -> bool {
    let word = words.get(*at).copied().unwrap_or_default();
    *at += 1;
    if word == "(" {
        let holds = any(words, at);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return holds && closed;
    }
    if words.get(*at) == Some(&"WITH") {
        let whole = format!("{word} WITH {}", words.get(*at + 1).copied().unwrap_or_default());
        *at += 2;
        return ALLOWED.contains(&whole.as_str());
    }
    ALLOWED.contains(&word)
}

#[test]
fn every_licence_is_on_the_list() {
    let refused: Vec<String> = packages()
        .into_iter()
        .filter(|p| !p.license.as_deref().is_some_and(allowed))
        .map(|p| format!("{} {}: {:?}", p.name, p.version, p.license))
        .collect();
    assert_eq!(refused, Vec::<String>::new());
}

#[test]
fn every_source_is_the_one_registry() {
    let packages = packages();
    let sources: BTreeSet<&str> = packages.iter().filter_map(|p| p.source.as_deref()).collect();
    assert!(sources.iter().all(|s| s.starts_with("registry+https://")), "{sources:?}");
    assert!(sources.len() <= 1, "{sources:?}");
    let ours = packages.iter().filter(|p| p.source.is_none());
    for package in ours {
        assert!(package.name.starts_with("kitestring") || package.name == "xtask", "{} has no source", package.name);
    }
}

#[test]
fn no_banned_crate_is_used() {
    for package in packages() {
        let ban = BANNED.iter().find(|(name, _)| *name == package.name);
        assert!(ban.is_none(), "{}: {}", package.name, ban.map_or("", |(_, why)| why));
    }
}

#[test]
fn expressions_are_read_as_licences_are_meant() {
    for good in ["MIT", "MIT OR GPL-3.0", "MIT/GPL-3.0", "(MIT OR GPL-3.0) AND Unicode-3.0", "Apache-2.0 WITH LLVM-exception OR GPL-2.0"] {
        assert!(allowed(good), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "GPL-3.0 OR (MIT AND AGPL-3.0)", "", "MIT MIT", "(MIT", "Apache-2.0 WITH Other-exception"] {
        assert!(!allowed(bad), "{bad}");
    }
}

//! Searches: the part of the query language that drives use.

use super::{
    account::{Account, FIELDS, File},
    fields::Mask,
    reply,
};
use crate::server::{Asked, Reply};
use serde_json::{Value, json};

/// A condition.
enum Term {
    Name(String),
    NamePrefix(String),
    Mime(String),
    NotMime(String),
    In(String),
    Trashed(bool),
    /// Several, of which one is enough.
    Any(Vec<Term>),
}

impl Term {
    fn is_met_by(&self, account: &Account, file: &File) -> bool {
        match self {
            Self::Name(name) => file.name == *name,
            // Only the beginning of a word is found.
            Self::NamePrefix(prefix) => file.name.split_whitespace().any(|word| word.starts_with(prefix)),
            Self::Mime(mime) => file.mime == *mime,
            Self::NotMime(mime) => file.mime != *mime,
            Self::In(folder) => file.parents.contains(&account.resolve(folder)),
            Self::Trashed(trashed) => file.trashed == *trashed,
            Self::Any(terms) => terms.iter().any(|term| term.is_met_by(account, file)),
        }
    }
}

/// Lists files.
pub(super) fn list(account: &Account, asked: &Asked) -> Result<Value, Reply> {
    let terms = terms(asked.param("q").unwrap_or_default())?;
    let spaces = asked.param("spaces").unwrap_or("drive");
    if !["drive", "appDataFolder"].contains(&spaces) {
        return Err(reply::invalid("Invalid Value", "spaces"));
    }
    let size: usize = asked.param("pageSize").map_or(Ok(100), str::parse).map_err(|_| reply::invalid("Invalid Value", "pageSize"))?;
    if !(1..=1000).contains(&size) {
        return Err(reply::invalid("Invalid value. Values must be within the range: [1, 1000]", "pageSize"));
    }
    let from = match asked.param("pageToken") {
        None => 0,
        Some(token) => {
            token.strip_prefix("~!!~").and_then(|at| at.parse().ok()).ok_or_else(|| reply::invalid("Invalid Value", "pageToken"))?
        }
    };
    let is_asked =
        |file: &&File| account.is_hidden(file) == (spaces == "appDataFolder") && terms.iter().all(|term| term.is_met_by(account, file));
    let found: Vec<&File> = account.known().into_iter().filter(is_asked).collect();
    let files: Vec<Value> = found.iter().skip(from).take(size).map(|file| file.v3()).collect();
    let mut page = json!({"kind": "drive#fileList", "incompleteSearch": false, "files": files});
    if from + size < found.len() {
        page["nextPageToken"] = json!(format!("~!!~{}", from + size));
    }
    let mask = Mask::parse(asked.param("fields").unwrap_or("kind,incompleteSearch,nextPageToken,files(kind,id,name,mimeType)"))?;
    mask.keep(&page, &[&["nextPageToken"], FIELDS].concat())
}

fn terms(q: &str) -> Result<Vec<Term>, Reply> {
    let bad = || reply::invalid("Invalid Value", "q");
    let mut rest = q.trim();
    let mut terms = Vec::new();
    while !rest.is_empty() {
        let (term, after) = term(rest).ok_or_else(bad)?;
        terms.push(term);
        rest = after.trim_start();
        if !rest.is_empty() {
            rest = rest.strip_prefix("and ").ok_or_else(bad)?.trim_start();
        }
    }
    Ok(terms)
}

fn term(text: &str) -> Option<(Term, &str)> {
    if let Some(mut rest) = text.strip_prefix('(') {
        let mut terms = Vec::new();
        loop {
            let (term, after) = term(rest.trim_start())?;
            terms.push(term);
            match after.trim_start().strip_prefix(')') {
                Some(after) => return Some((Term::Any(terms), after)),
                None => rest = after.trim_start().strip_prefix("or ")?,
            }
        }
    }
    if text.starts_with('\'') {
        let (folder, rest) = quoted(text)?;
        return Some((Term::In(folder), rest.trim_start().strip_prefix("in parents")?));
    }
    let (name, rest) = text.split_once(' ')?;
    let (operator, rest) = rest.trim_start().split_once(' ')?;
    let rest = rest.trim_start();
    if name == "trashed" {
        let value = rest.split([' ', ')']).next()?;
        return Some((Term::Trashed(value.parse().ok()?), rest.strip_prefix(value)?));
    }
    let (value, rest) = quoted(rest)?;
    let term = match (name, operator) {
        ("name", "=") => Term::Name(value),
        ("name", "contains") => Term::NamePrefix(value),
        ("mimeType", "=") => Term::Mime(value),
        ("mimeType", "!=") => Term::NotMime(value),
        _ => return None,
    };
    Some((term, rest))
}

/// Reads a text in quotes.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.strip_prefix('\'')?.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => return Some((value, text.get(at + 2..)?)),
            '\\' => value.push(chars.next()?.1),
            other => value.push(other),
        }
    }
    None
}

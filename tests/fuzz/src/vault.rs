//! A healthy vault: the golden one, as this library writes it.

use std::collections::BTreeMap;

macro_rules! golden {
    ($($path:literal),+ $(,)?) => {
        [$(($path, include_bytes!(concat!("../../../spec/vectors/classic/vault/", $path)).as_slice())),+]
    };
}

/// The ids of its documents.
pub(crate) const IDS: [&str; 3] = ["Milk", "lists/Saturday.md", "milk"];

/// Returns its files.
pub(crate) fn golden() -> BTreeMap<String, Vec<u8>> {
    let files = golden![
        "meta.json",
        "kitestring.json",
        "changes/0.json",
        "docs/milk.json",
        "docs/%4D%69%6C%6B.json",
        "docs/lists%2FSaturday.md.json",
    ];
    files.into_iter().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect()
}

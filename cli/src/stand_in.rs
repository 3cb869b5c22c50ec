//! Stands in for the journal layout while the core has only its name: the classic files, beside a `vault` that tells
//! them from a classic dataset and holds the strategy.

use crate::layout::{Layout, Telltale};
use kitestring::{ErrorKind, Result, Strategy};
use std::{fs, path::Path};

const VAULT: &str = "vault";

/// Returns what a client is opened with. Then: `kitestring::Layout::Journal(JournalOptions { strategy })`.
pub(crate) fn layout(_strategy: Option<Strategy>) -> kitestring::Layout {
    Layout::Classic.for_client(None)
}

/// Makes the vault in the folder of a dataset, unless it is there. Then: nothing, the core does it.
pub(crate) fn make_vault(dataset: &Path, strategy: Option<Strategy>) -> Result<()> {
    if dataset.join(VAULT).exists() {
        return Ok(());
    }
    let code = strategy.unwrap_or(Strategy::CompareAndSwap).code();
    let made = fs::create_dir_all(dataset).and_then(|()| fs::write(dataset.join(VAULT), code));
    made.map_err(|e| kitestring::Error::new(ErrorKind::Unavailable, "open", format!("the vault cannot be made: {e}")))
}

/// Returns what a watch looks at. Then: the head's file under compare-and-swap, the folder of the slots, or that of the
/// records (`Folder("j")`) where they are listed.
pub(crate) fn telltale(_strategy: Option<Strategy>) -> Telltale {
    Layout::Classic.telltale(None)
}

/// Returns the strategy of the vault in this folder. Then: `Status::strategy`.
pub(crate) fn strategy(dataset: &Path) -> Option<Strategy> {
    let code = fs::read_to_string(dataset.join(VAULT)).ok()?;
    Strategy::ALL.into_iter().find(|s| s.code() == code)
}

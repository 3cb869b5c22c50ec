//! That keys of a vault were closed.

use crate::server::journal::PieceName;
use serde::{Deserialize, Serialize};

/// That keys were closed, because somebody has them who was revoked (E43).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Closing {
    /// How many times that was done.
    pub(crate) number: u32,
    /// The checkpoint that has all that counts of what was sealed with these keys; none if there was nothing.
    pub(crate) root: Option<PieceName>,
}

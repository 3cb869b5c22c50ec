//! The classic layout: the files of db-to-cloud 0.8, byte for byte where its clients look.

mod format;

pub use format::{Decode, Decoded, Encode, Encoded, Format, JsonFormat};

use std::{fmt, sync::Arc};

/// What a host chooses for the classic layout.
#[derive(Clone)]
pub struct ClassicOptions {
    /// How bodies become JSON documents.
    pub format: Arc<dyn Format>,
    /// Whether ids and revisions of new documents are spelled as JSON numbers where their text is one.
    pub numbers: bool,
}

impl Default for ClassicOptions {
    fn default() -> Self {
        Self { format: Arc::new(JsonFormat), numbers: false }
    }
}

impl fmt::Debug for ClassicOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClassicOptions").field("numbers", &self.numbers).finish_non_exhaustive()
    }
}

//! Whether the caller still waits: a blocking call outlives the future that started it.

use std::sync::{Arc, Weak};

/// Held by the future; when it is dropped, [`Alive::ended`] becomes true.
#[derive(Debug)]
pub(super) struct Caller(Arc<()>);

/// Asked by the blocking call before it makes anything visible.
#[derive(Debug, Clone)]
pub(super) struct Alive(Weak<()>);

impl Caller {
    pub(super) fn new() -> Self {
        Self(Arc::new(()))
    }

    pub(super) fn alive(&self) -> Alive {
        Alive(Arc::downgrade(&self.0))
    }
}

impl Alive {
    pub(super) fn ended(&self) -> bool {
        self.0.strong_count() == 0
    }
}

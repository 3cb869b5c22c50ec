//! Stores for a client's own small memory: one folder and one feature each.

#[cfg(feature = "state-file")]
pub mod file;
#[cfg(feature = "state-sqlite")]
pub mod hold;
#[cfg(feature = "state-sqlite")]
pub mod sqlite;

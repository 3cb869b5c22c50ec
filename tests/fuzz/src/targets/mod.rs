//! The targets, one file each.

pub(crate) mod documents;
pub(crate) mod drive_files;
pub(crate) mod file_format;
pub(crate) mod ids;
pub(crate) mod inspect;
pub(crate) mod journal;
pub(crate) mod keyring;
pub(crate) mod lock;
pub(crate) mod names;
pub(crate) mod sealed_file;
pub(crate) mod sealed_names;
pub(crate) mod state;
pub(crate) mod vault;

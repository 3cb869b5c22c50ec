//! What `kite watch` is made of: noticing changes, and saying what happened.

mod bell;
mod drive;
mod folder;
mod said;

pub(crate) use drive::DriveWatch;
pub(crate) use folder::FolderWatch;
pub(crate) use said::Said;

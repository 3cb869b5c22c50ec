//! Drives: one folder and one feature each.

#[cfg(feature = "dropbox")]
pub mod dropbox;
#[cfg(feature = "fs")]
pub mod fs;
#[cfg(feature = "gdrive")]
pub mod gdrive;
#[cfg(feature = "github")]
pub mod github;
#[cfg(feature = "onedrive")]
pub mod onedrive;
#[cfg(feature = "s3")]
pub mod s3;
#[cfg(feature = "webdav")]
pub mod webdav;

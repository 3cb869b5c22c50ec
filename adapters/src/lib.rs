//! Drives, state stores and the native runtime for [`kitestring`]: what the ports of the core meet in the real world.
//!
//! | feature | what it brings | default |
//! |-|-|-|
//! | `fs` | [`drives::fs::FsDrive`]: a local folder | yes |
//! | `state-sqlite` | [`state::sqlite::SqliteState`]: the client's own memory in an SQLite file | yes |
//! | `runtime` | [`runtime::NativeRuntime`]: clock, timer and randomness of the operating system | yes |
//! | `dropbox` | [`drives::dropbox::Dropbox`]: a folder of Dropbox | no |
//! | `gdrive` | [`drives::gdrive::GDrive`]: the app's hidden folder in Google Drive, or one that people see | no |
//! | `github` | [`drives::github::GitHub`]: a branch of a repository of GitHub | no |
//! | `onedrive` | [`drives::onedrive::OneDrive`]: the app's folder in OneDrive, or one that people see | no |
//! | `s3` | [`drives::s3::S3`]: a bucket of Amazon S3 or of a store that speaks like it | no |
//! | `webdav` | [`drives::webdav::WebDav`]: a folder on a WebDAV server | no |
//! | `http` | [`http::Http`]: the port for requests, and what every drive over HTTP needs above it | no |
//! | `http-native` | [`http::NativeHttp`]: sends requests from a native program, with TLS | no |
//! | `oauth` | [`oauth::RefreshingTokens`]: signing in to services, and tokens that stay fresh | no |
//! | `state-file` | [`state::file::FileState`]: the same in a file without SQLite | no |
//! | `watch` | [`layers::Watched`]: notices changes of a drive in a local folder | no |
//! | `test-support` | `layers::SlowDrive`: any drive, as slow as a network | no |
//!
//! Each feature compiles alone; no adapter knows another one. Always there: [`layers::Within`], a folder of a drive as a
//! drive of its own, and [`layers::Asked`], which notices changes of a drive without notices by asking.
//!
//! How to add an adapter is told in the README of this crate.
//!
//! Blocking calls go through the `blocking` crate, never directly into an `async fn`: the host chooses the executor,
//! and several requests must be able to run at once.

pub mod drives;
#[cfg(feature = "http")]
pub mod http;
pub mod layers;
#[cfg(feature = "oauth")]
pub mod oauth;
#[cfg(feature = "runtime")]
pub mod runtime;
pub mod state;

#[cfg(feature = "dropbox")]
pub use drives::dropbox::Dropbox;
#[cfg(feature = "fs")]
pub use drives::fs::FsDrive;
#[cfg(feature = "gdrive")]
pub use drives::gdrive::GDrive;
#[cfg(feature = "github")]
pub use drives::github::GitHub;
#[cfg(feature = "onedrive")]
pub use drives::onedrive::OneDrive;
#[cfg(feature = "s3")]
pub use drives::s3::S3;
#[cfg(feature = "webdav")]
pub use drives::webdav::WebDav;
#[cfg(feature = "runtime")]
pub use runtime::NativeRuntime;
#[cfg(feature = "state-file")]
pub use state::file::FileState;
#[cfg(feature = "state-sqlite")]
pub use state::hold::Hold;
#[cfg(feature = "state-sqlite")]
pub use state::sqlite::SqliteState;

#[cfg(all(doctest, feature = "runtime"))]
#[doc = include_str!("../../README.md")]
struct Readme;

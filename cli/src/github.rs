//! Drives in repositories of GitHub: how their addresses are typed, and with which token they are opened.
//!
//! A token is never part of an address: it is written into files, and shown in lists of processes.

use crate::{
    connections::{AccessToken, GITHUB_TOKEN},
    gdrive::RECORDS,
    layout::Layout,
    notes::FileNotes,
};
use async_io::block_on;
use kitestring::{Drive as _, DrivePath, Error, ErrorKind, Result};
use kitestring_adapters::{
    GitHub, NativeRuntime,
    drives::github::Place,
    http::{FixedToken, NativeHttp, Secret},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::{fmt, path::Path, sync::Arc};

/// What stands before the repository.
pub(crate) const SCHEME: &str = "github";

/// The notes of the drive, beside the state. They may be lost.
const NOTES: &str = "github.json";

/// What a folder or a branch needs encoded to be part of a URL.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

const HOW: &str =
    "a repository of GitHub is written github:owner/repository, with /folder and #branch behind it if they are not the usual ones";

/// A branch of a repository, or a folder in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository(Place);

impl Repository {
    /// Takes what was typed, without a query.
    ///
    /// # Errors
    /// `invalid_input` if it is no place.
    pub(crate) fn parse(typed: &str) -> Result<Self> {
        let rest = typed.get(SCHEME.len() + 1..).unwrap_or_default();
        let (path, branch) = rest.split_once('#').map_or((rest, None), |(path, branch)| (path, Some(branch)));
        let mut parts = path.splitn(3, '/');
        let (Some(owner), Some(repository)) = (parts.next(), parts.next()) else { return Err(invalid(HOW)) };
        let folder = parts.next().map(decoded).transpose()?.map(|folder| folder.trim_matches('/').to_owned());
        let place = Place {
            owner: decoded(owner)?,
            repository: decoded(repository)?,
            branch: branch.map(decoded).transpose()?,
            folder: folder.filter(|folder| !folder.is_empty()),
        };
        if place.owner.is_empty() || place.repository.is_empty() {
            return Err(invalid(HOW));
        }
        let repository = Self(place);
        // What is wrong with it is known before anything is asked for.
        repository.drive(Secret::new("nobody")).map(|_| repository)
    }

    /// Takes what was typed, of which nothing else is known.
    ///
    /// # Errors
    /// As [`Repository::parse`].
    pub(crate) fn parse_typed(typed: &str) -> Result<Self> {
        Self::parse(if typed.starts_with("github:") { typed.to_owned() } else { format!("{SCHEME}:{typed}") }.as_str())
    }

    /// Opens the place, and makes the branch if `make` is set. Otherwise nothing is sent. `own` is where the notes are.
    ///
    /// # Errors
    /// `unauthorized` if there is no token; as [`GitHub::make_root`].
    pub(crate) fn open(&self, make: bool, layout: Layout, own: Option<&Path>) -> Result<GitHub> {
        let token = match AccessToken::given()? {
            None => AccessToken::kept(&self.name())?,
            given => given,
        };
        let none = || {
            let detail =
                format!("there is no token for {}: run `kite connect github {}`, or set {}", self.name(), self.name(), how_to_sign_in());
            Error::new(ErrorKind::Unauthorized, "sign-in", detail)
        };
        let drive = self.drive(token.ok_or_else(none)?.into_secret())?;
        let drive = match layout {
            Layout::Journal => drive.with_one_writer_in(RECORDS),
            Layout::Classic => drive,
        };
        let drive = match own {
            Some(own) => drive.with_notes(Arc::new(FileNotes::at(own.join(NOTES)))),
            None => drive,
        };
        if make {
            block_on(drive.make_root())?;
        }
        Ok(drive)
    }

    /// Makes sure that GitHub accepts a token, and that it sees the repository.
    ///
    /// # Errors
    /// `unauthorized` if it is not accepted; `not_found` if there is no such repository; `unavailable`.
    pub(crate) fn check(&self, token: &AccessToken) -> Result<()> {
        if block_on(self.drive(token.clone().into_secret())?.has_repository())? {
            return Ok(());
        }
        let detail = format!(
            "GitHub has no repository {}, or the token does not see it: make it first, or give the token access to it",
            self.name()
        );
        Err(Error::new(ErrorKind::NotFound, "sign-in", detail))
    }

    fn drive(&self, token: Secret) -> Result<GitHub> {
        let (http, runtime) = (Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()));
        let tokens = Arc::new(FixedToken::new(token));
        match AccessToken::emulator()? {
            None => GitHub::new(http, runtime, &self.0, tokens),
            Some(service) => GitHub::emulated(&service, http, runtime, &self.0, tokens),
        }
    }

    /// Returns the repository, for which a token is kept.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.0.owner, self.0.repository)
    }

    /// Whether the branch is there.
    ///
    /// # Errors
    /// What GitHub answers.
    pub(crate) fn exists(&self) -> Result<bool> {
        block_on(self.open(false, Layout::Journal, None)?.has_root())
    }

    /// Lets go of the history of the branch, and returns of how many commits.
    ///
    /// # Errors
    /// As [`GitHub::squash`].
    pub(crate) async fn squash(&self) -> Result<u64> {
        let drive = self.open(false, Layout::Journal, None)?;
        let commits = drive.commits().await?;
        drive.squash().await.map(|()| commits)
    }

    /// Returns the layout of the dataset in this place, if there is one.
    ///
    /// # Errors
    /// What GitHub answers.
    pub(crate) fn layout(&self, folder: &DrivePath) -> Result<Option<Layout>> {
        let drive = self.open(false, Layout::Journal, None)?;
        block_on(async {
            if !drive.has_root().await? {
                return Ok(None);
            }
            let entries = drive.list_dir(folder.clone(), None).await?.entries;
            Ok(Layout::told_by(|name| entries.iter().any(|entry| !entry.is_dir && entry.name == name)))
        })
    }
}

fn decoded(text: &str) -> Result<String> {
    Ok(percent_decode_str(text).decode_utf8().map_err(|_| invalid("the drive's URL is no text"))?.into_owned())
}

fn invalid(detail: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, "open", detail)
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}:{}", self.name())?;
        self.0.folder.iter().try_for_each(|folder| write!(f, "/{}", utf8_percent_encode(folder, ENCODED)))?;
        self.0.branch.iter().try_for_each(|branch| write!(f, "#{}", utf8_percent_encode(branch, ENCODED)))
    }
}

/// Says how to sign in, for a token that is refused.
pub(crate) fn how_to_sign_in() -> String {
    format!("{GITHUB_TOKEN}=TOKEN")
}

/// Whether the error came from GitHub.
pub(crate) fn met_by(error: &Error) -> bool {
    error.detail().starts_with("GitHub at ")
}

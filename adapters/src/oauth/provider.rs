//! What is known of each service before anybody signs in.

use crate::http::address;
use kitestring::{Error, ErrorKind, Result};
use url::Url;

/// How a service brings the code back to the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirect {
    /// To any port of this machine (RFC 8252, 7.3).
    Loopback,
    /// The same, by the name `localhost`: the only one that some services take with any port.
    Localhost,
    /// It shows the code, and the person types it in. A port of this machine works only if the app has registered that very
    /// port.
    ShownCode,
}

/// How tokens are given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocation {
    /// The refresh token in a form (RFC 7009), at this address.
    Form(String),
    /// A request of the service's own, at this address, signed with the access token; the refresh token ends with it.
    Signed(String),
    /// They cannot be: the person ends the access of the app on the service's own page.
    ByHand(&'static str),
}

/// A service that gives tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// The word that is typed for it.
    pub name: &'static str,
    /// What people call it.
    pub service: &'static str,
    /// Where a person signs in.
    pub authorize: String,
    /// Where the program gets tokens.
    pub token: String,
    /// How they are given back.
    pub revocation: Revocation,
    /// What the program asks to be allowed.
    pub scopes: &'static [&'static str],
    /// What else the address for the person holds.
    pub parameters: &'static [(&'static str, &'static str)],
    /// How the code comes back.
    pub redirect: Redirect,
    /// Whether a refresh token may be used once only. A refresh whose answer is lost is not repeated at once then.
    pub rotates: bool,
}

impl Provider {
    /// Dropbox (its OAuth guide, "PKCE" and "offline access"): access tokens for four hours, refresh tokens that stay the same.
    pub fn dropbox() -> Self {
        Self {
            name: "dropbox",
            service: "Dropbox",
            authorize: "https://www.dropbox.com/oauth2/authorize".to_owned(),
            token: "https://api.dropboxapi.com/oauth2/token".to_owned(),
            revocation: Revocation::Signed("https://api.dropboxapi.com/2/auth/token/revoke".to_owned()),
            scopes: &["files.content.read", "files.content.write", "files.metadata.read"],
            parameters: &[("token_access_type", "offline")],
            redirect: Redirect::ShownCode,
            rotates: false,
        }
    }

    /// Google Drive ("OAuth 2.0 for Mobile & Desktop Apps"): access to the app's own hidden folder, and to the files that it
    /// has made itself. A desktop app has a secret, which is none, and must send it.
    pub fn gdrive() -> Self {
        Self {
            name: "gdrive",
            service: "Google Drive",
            authorize: "https://accounts.google.com/o/oauth2/v2/auth".to_owned(),
            token: "https://oauth2.googleapis.com/token".to_owned(),
            revocation: Revocation::Form("https://oauth2.googleapis.com/revoke".to_owned()),
            scopes: &["https://www.googleapis.com/auth/drive.appdata", "https://www.googleapis.com/auth/drive.file"],
            parameters: &[("access_type", "offline"), ("prompt", "consent")],
            redirect: Redirect::Loopback,
            rotates: false,
        }
    }

    /// OneDrive, with the folder of the app only (the Microsoft identity platform, "authorization code flow" with PKCE, as a
    /// mobile and desktop app). Each refresh gives another refresh token; nothing says how long the one before still counts.
    pub fn onedrive() -> Self {
        Self {
            name: "onedrive",
            service: "OneDrive",
            authorize: "https://login.microsoftonline.com/common/oauth2/v2.0/authorize".to_owned(),
            token: "https://login.microsoftonline.com/common/oauth2/v2.0/token".to_owned(),
            revocation: Revocation::ByHand("https://account.live.com/consent/Manage or https://myapps.microsoft.com"),
            scopes: &["Files.ReadWrite.AppFolder", "offline_access"],
            parameters: &[],
            redirect: Redirect::Localhost,
            rotates: true,
        }
    }

    /// The same with all files of the account, for a drive in a folder that people see.
    pub fn onedrive_files() -> Self {
        Self { scopes: &["Files.ReadWrite", "offline_access"], ..Self::onedrive() }
    }

    /// Sends everything to another server that stands in for the service, with the same paths.
    ///
    /// # Errors
    /// As [`address`].
    pub fn at(mut self, server: &str) -> Result<Self> {
        let server = address(server)?;
        let moved = |url: &str| {
            let mut to = server.clone();
            to.set_path(parsed(url)?.path());
            Ok::<_, Error>(to.into())
        };
        (self.authorize, self.token) = (moved(&self.authorize)?, moved(&self.token)?);
        self.revocation = match &self.revocation {
            Revocation::Form(url) => Revocation::Form(moved(url)?),
            Revocation::Signed(url) => Revocation::Signed(moved(url)?),
            Revocation::ByHand(page) => Revocation::ByHand(page),
        };
        Ok(self)
    }

    /// Where tokens are given back, if they can be.
    pub(super) fn revoke(&self) -> Option<&str> {
        match &self.revocation {
            Revocation::Form(url) | Revocation::Signed(url) => Some(url),
            Revocation::ByHand(_) => None,
        }
    }
}

pub(super) fn parsed(url: &str) -> Result<Url> {
    Url::parse(url).map_err(|e| Error::new(ErrorKind::InvalidInput, "sign-in", format!("an address of the service is no URL: {e}")))
}

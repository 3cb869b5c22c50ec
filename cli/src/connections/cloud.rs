//! The services at which the user signs in by a browser.

use super::{dir, invalid, variable};
use kitestring::Result;
use kitestring_adapters::{
    NativeRuntime,
    http::{NativeHttp, Secret},
    oauth::{App, Endpoint, FileTokens, Grant, Provider},
};
use std::sync::Arc;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cloud {
    /// Dropbox.
    Dropbox,
    /// Google Drive.
    Gdrive,
}

impl Cloud {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::Dropbox, Self::Gdrive];

    fn provider(self) -> Provider {
        match self {
            Self::Dropbox => Provider::dropbox(),
            Self::Gdrive => Provider::gdrive(),
        }
    }

    /// The word that is typed for it.
    pub(crate) fn name(self) -> &'static str {
        self.provider().name
    }

    /// What people call it.
    pub(crate) fn service(self) -> &'static str {
        self.provider().service
    }

    /// Where its tokens are kept.
    ///
    /// # Errors
    /// `state` if there is no place for them.
    pub(crate) fn file(self) -> Result<FileTokens> {
        Ok(FileTokens::at(dir()?.join(format!("{}.json", self.name()))))
    }

    /// The service, or the emulator that the environment puts in its place.
    ///
    /// # Errors
    /// `invalid_input` if the emulator is not on this machine: nobody who can set a variable shall send tokens elsewhere.
    pub(crate) fn endpoint(self) -> Result<Endpoint> {
        let name = match self {
            Self::Dropbox => "KITE_DROPBOX_EMULATOR",
            Self::Gdrive => "KITE_GDRIVE_EMULATOR",
        };
        let provider = match variable(name)? {
            None => self.provider(),
            Some(server) => {
                let elsewhere = || invalid(&format!("{name} is an address of plain http on this machine, or not set"));
                Some(&server)
                    .filter(|server| server.starts_with("http://"))
                    .and_then(|server| self.provider().at(server).ok())
                    .ok_or_else(elsewhere)?
            }
        };
        Endpoint::new(provider, Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()))
    }

    /// The app that signs in: as typed, from the environment, or the one of the sign-in before.
    ///
    /// # Errors
    /// `invalid_input` if there is none.
    pub(crate) fn app(self, typed: Option<&str>, before: Option<&Grant>) -> Result<App> {
        let (id, secret) = match self {
            Self::Dropbox => ("KITE_DROPBOX_APP_KEY", None),
            Self::Gdrive => ("KITE_GDRIVE_CLIENT_ID", Some("KITE_GDRIVE_CLIENT_SECRET")),
        };
        let given = match typed {
            Some(typed) => Some(typed.to_owned()),
            None => variable(id)?,
        };
        let before = before.map(|grant| &grant.app);
        let secret_given = secret.map(variable).transpose()?.flatten().map(Secret::new);
        let Some(id_given) = given.or_else(|| before.map(|app| app.id.clone())) else {
            let lacking =
                format!("{} knows kite as an app of yours: register one, and set {id}, as the README of kite says", self.service());
            return Err(invalid(&lacking));
        };
        let of_before = || before.filter(|app| app.id == id_given)?.secret.clone();
        match (secret, secret_given.or_else(of_before)) {
            (Some(name), None) => Err(invalid(&format!("{} wants the secret of a desktop app too: set {name}", self.service()))),
            (_, secret) => Ok(App { id: id_given, secret }),
        }
    }
}

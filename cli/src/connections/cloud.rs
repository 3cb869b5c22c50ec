//! The services at which the user signs in by a browser.

use super::{dir, invalid, variable};
use kitestring::{Error, Result};
use kitestring_adapters::{
    NativeRuntime,
    http::{FixedToken, NativeHttp, Secret, TokenSource},
    oauth::{App, Endpoint, FileTokens, Grant, Provider, RefreshingTokens, detached},
};
use std::sync::Arc;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cloud {
    /// Dropbox.
    Dropbox,
    /// Google Drive.
    Gdrive,
    /// OneDrive.
    Onedrive,
}

impl Cloud {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Dropbox, Self::Gdrive, Self::Onedrive];

    fn provider(self) -> Provider {
        match self {
            Self::Dropbox => Provider::dropbox(),
            Self::Gdrive => Provider::gdrive(),
            Self::Onedrive => Provider::onedrive(),
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

    /// The token that the environment gives, or those of the sign-in that is kept, which renew themselves.
    ///
    /// # Errors
    /// `state` if there is no place for them; `invalid_input` as [`Cloud::endpoint`]. That nobody is signed in is told by the
    /// first request.
    pub(crate) fn tokens(self) -> Result<Arc<dyn TokenSource>> {
        if let Some(token) = variable(self.token())? {
            return Ok(Arc::new(FixedToken::new(Secret::new(token.trim()))));
        }
        let way_out = format!("run `kite connect {}`", self.name());
        let runtime = Arc::new(NativeRuntime::new());
        Ok(Arc::new(RefreshingTokens::new(self.endpoint()?, Arc::new(self.file()?), runtime, detached(), way_out)))
    }

    fn token(self) -> &'static str {
        match self {
            Self::Dropbox => "KITE_DROPBOX_TOKEN",
            Self::Gdrive => "KITE_GDRIVE_TOKEN",
            Self::Onedrive => "KITE_ONEDRIVE_TOKEN",
        }
    }

    /// The address of another service in the place of this one, for tests.
    ///
    /// # Errors
    /// `invalid_input` if it is not of plain http: nobody who can set a variable shall send tokens elsewhere. Whether it is on
    /// this machine is for whoever takes it to look at.
    pub(crate) fn emulator(self) -> Result<Option<String>> {
        let given = variable(self.emulator_name())?;
        if given.as_ref().is_some_and(|server| !server.starts_with("http://")) {
            return Err(self.elsewhere());
        }
        Ok(given)
    }

    fn emulator_name(self) -> &'static str {
        match self {
            Self::Dropbox => "KITE_DROPBOX_EMULATOR",
            Self::Gdrive => "KITE_GDRIVE_EMULATOR",
            Self::Onedrive => "KITE_ONEDRIVE_EMULATOR",
        }
    }

    fn elsewhere(self) -> Error {
        invalid(&format!("{} is an address of plain http on this machine, or not set", self.emulator_name()))
    }

    /// The service that an error tells of, if it is of one of these drives.
    pub(crate) fn met_by(error: &Error) -> Option<Self> {
        Self::ALL.into_iter().find(|cloud| error.detail().contains(cloud.service()))
    }

    /// Says how to sign in, for when a token is not accepted, and then to run a command again.
    pub(crate) fn how_to_sign_in(self, command: &str) -> String {
        match variable(self.token()) {
            Ok(None) => format!("kite connect {}", self.name()),
            _ => format!("{}=TOKEN {command}", self.token()),
        }
    }

    /// The service, or the emulator that the environment puts in its place.
    ///
    /// # Errors
    /// `invalid_input` if the emulator is not on this machine: nobody who can set a variable shall send tokens elsewhere.
    pub(crate) fn endpoint(self) -> Result<Endpoint> {
        self.endpoint_of(self.provider())
    }

    /// The same, with another sign-in of the service.
    ///
    /// # Errors
    /// As [`Cloud::endpoint`].
    pub(crate) fn endpoint_of(self, provider: Provider) -> Result<Endpoint> {
        let provider = match self.emulator()? {
            None => provider,
            Some(server) => provider.at(&server).map_err(|_| self.elsewhere())?,
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
            Self::Onedrive => ("KITE_ONEDRIVE_CLIENT_ID", None),
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

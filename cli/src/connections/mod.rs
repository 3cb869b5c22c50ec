//! Where the user is signed in: one file for each service, for this user only, in the user's state directory. Never in a
//! folder, which may be copied, backed up or shared.

mod access_keys;
mod access_token;
mod cloud;
mod login;
mod private;

pub(crate) use access_keys::{AccessKeys, KEY, SECRET};
pub(crate) use access_token::{AccessToken, TOKEN as GITHUB_TOKEN};
pub(crate) use cloud::Cloud;
pub(crate) use login::{Login, PASSWORD, USER};

use crate::state_dir::state_dir;
use kitestring::{Error, ErrorKind, Result};
use std::{env, path::PathBuf};

fn dir() -> Result<PathBuf> {
    let none = || Error::new(ErrorKind::State, "sign-in", "there is no state directory: set HOME or XDG_STATE_HOME");
    Ok(state_dir().ok_or_else(none)?.join("credentials"))
}

/// Takes a variable of the environment, if it is set and not empty.
fn variable(name: &str) -> Result<Option<String>> {
    let given = env::var_os(name).filter(|value| !value.is_empty());
    given.map(|value| value.into_string().map_err(|_| invalid(&format!("{name} is no text")))).transpose()
}

fn invalid(detail: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, "sign-in", detail)
}

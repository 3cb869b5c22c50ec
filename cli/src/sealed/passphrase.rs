//! Passphrases, from the environment or from the terminal. They never come as arguments, which every process may read.

use kitestring::{Encryption, Error, ErrorKind, Result};
use std::{
    env, fmt,
    io::{self, IsTerminal as _},
};
use zeroize::Zeroizing;

/// What has the passphrase of a vault, for programs.
const VARIABLE: &str = "KITE_PASSPHRASE";
/// What has another one, for `kite key add`.
const NEW_VARIABLE: &str = "KITE_NEW_PASSPHRASE";

/// A passphrase. It shows nothing, and is wiped when it is dropped.
pub(crate) struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes the one that the environment has, if it has one.
    ///
    /// # Errors
    /// `invalid_input` if it is not text.
    pub(crate) fn given() -> Result<Option<Self>> {
        Self::of_variable(VARIABLE)
    }

    /// Takes the one that the environment has for another way into the vault.
    ///
    /// # Errors
    /// As `given`.
    pub(crate) fn given_anew() -> Result<Option<Self>> {
        Self::of_variable(NEW_VARIABLE)
    }

    fn of_variable(name: &str) -> Result<Option<Self>> {
        match env::var(name) {
            Ok(text) if text.is_empty() => Ok(None),
            Ok(text) => Ok(Some(Self(Zeroizing::new(text)))),
            Err(env::VarError::NotPresent) => Ok(None),
            Err(env::VarError::NotUnicode(_)) => Err(invalid(format!("{name} is not UTF-8"))),
        }
    }

    /// Asks on the terminal.
    ///
    /// # Errors
    /// `cancelled` if whoever is asked stops the command; `invalid_input` if there is no answer.
    pub(crate) fn ask(question: &str) -> Result<Self> {
        let answer = rpassword::prompt_password(format!("{question}: ")).map_err(|e| match e.kind() {
            io::ErrorKind::Interrupted => Error::new(ErrorKind::Cancelled, "open", "stopped; nothing was changed"),
            _ => invalid(format!("the passphrase could not be asked for: {e}")),
        })?;
        Ok(Self(Zeroizing::new(answer)))
    }

    /// Asks for one that is made now, until it was typed twice in the same way.
    ///
    /// # Errors
    /// As `ask`.
    pub(crate) fn ask_twice(question: &str) -> Result<Self> {
        loop {
            let first = Self::ask(question)?;
            if first.0.is_empty() {
                return Err(invalid("the passphrase is empty: nothing was changed"));
            }
            if *Self::ask("The same once more")?.0 == *first.0 {
                return Ok(first);
            }
            crate::output::note("These were not the same; again, please.");
        }
    }

    /// What the core takes.
    ///
    /// # Errors
    /// `invalid_input` if it is empty.
    pub(crate) fn encryption(&self) -> Result<Encryption> {
        Encryption::passphrase(&self.0)
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase")
    }
}

/// Whether somebody can be asked.
pub(crate) fn is_somebody_here() -> bool {
    io::stdin().is_terminal()
}

fn invalid(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, "open", detail)
}

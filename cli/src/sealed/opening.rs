//! How a command opens its folder. What opens the vault is looked for in this order: the key file that was typed, the
//! environment, what was kept, the terminal. What was found is used for as long as the command runs, so a watch asks once.

use super::{KeyFile, Passphrase, Sealed, is_somebody_here};
use crate::{
    args::{Args, Unlock},
    config::Config,
    layout::Layout,
    output::{NOTICE, note, quote::shell, styled},
    session::Session,
};
use kitestring::{Encryption, Error, ErrorKind, Result, VaultKey};
use std::{
    cell::{Cell, RefCell},
    path::PathBuf,
};
use zeroize::Zeroizing;

/// How often somebody may mistype.
const TRIES: u32 = 3;

/// How one command opens its folder.
#[derive(Debug)]
pub(crate) struct Opening {
    /// Whether what happens is written to stderr.
    pub verbose: bool,
    folder: PathBuf,
    typed: Unlock,
    found: RefCell<Option<Found>>,
    asked: Cell<u32>,
}

/// What is taken to open the vault.
#[derive(Debug, Clone)]
struct Found {
    encryption: Encryption,
    source: Source,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    KeyFile,
    Environment,
    Kept,
    Terminal,
}

/// What goes on after a vault did not open.
#[derive(Debug)]
pub(crate) enum Next {
    /// The command is run once more, with something else.
    Again,
    /// It has failed, and this says why.
    Failed(Error),
}

impl Opening {
    /// Takes what was typed.
    pub(crate) fn new(args: &Args) -> Self {
        let (folder, typed) = (args.command.subject().map(|(subject, _)| subject.to_owned()).unwrap_or_default(), args.command.unlock());
        Self { verbose: args.verbose, folder, typed, found: RefCell::default(), asked: Cell::default() }
    }

    /// Finds what opens the vault, for a sync: if it is not known to be sealed and nothing says that it is to be, there is
    /// nothing to find.
    ///
    /// # Errors
    /// `wrong_key` if there is nothing, and nobody to ask; those of key files and passphrases.
    pub(crate) fn for_sync(&self, config: &Config) -> Result<Option<Encryption>> {
        if config.sealed.is_none() && !self.typed.seals() && self.found.borrow().is_none() {
            return Ok(None);
        }
        if self.look(config)?.is_none() {
            // A folder that is missing is a disk that is not mounted, unless it may still be made.
            let is_there = || config.drive.dataset().is_none_or(|dataset| dataset.is_dir());
            self.ask(config.drive.layout()?.is_none() && (config.drive_is_new || is_there()))?;
        }
        Ok(self.now())
    }

    /// Finds what opens the vault, for a command that may do without.
    ///
    /// # Errors
    /// Those of key files and passphrases.
    pub(crate) fn for_local_work(&self, config: &Config) -> Result<Option<Encryption>> {
        // What was typed is for the place to which the vault goes.
        if config.layout == Layout::Classic {
            return Ok(None);
        }
        if config.sealed.is_none() && !self.typed.seals() && self.typed.last_key_file.is_none() {
            return Ok(self.now());
        }
        self.look(config)
    }

    fn now(&self) -> Option<Encryption> {
        self.found.borrow().as_ref().map(|found| found.encryption.clone())
    }

    fn source(&self) -> Option<Source> {
        self.found.borrow().as_ref().map(|found| found.source)
    }

    fn take(&self, encryption: Encryption, source: Source) {
        *self.found.borrow_mut() = Some(Found { encryption, source });
    }

    /// Looks everywhere but on the terminal.
    fn look(&self, config: &Config) -> Result<Option<Encryption>> {
        if self.found.borrow().is_some() {
            return Ok(self.now());
        }
        let may_use_kept = self.may_use_kept(config)?;
        let key_file = |path: &PathBuf| Ok::<_, Error>(Encryption::key(*KeyFile::at(path).read_existing()?));
        if let Some(path) = &self.typed.key_file {
            self.take(key_file(path)?, Source::KeyFile);
        } else if let Some(passphrase) = Passphrase::given()? {
            self.take(passphrase.encryption()?, Source::Environment);
        } else if let Some(key) = config.sealed.as_ref().filter(|_| may_use_kept).map(Sealed::kept).transpose()?.flatten() {
            self.take(VaultKey::new(*key).into(), Source::Kept);
        } else if let Some(path) = &self.typed.last_key_file {
            self.take(key_file(path)?, Source::KeyFile);
        }
        Ok(self.now())
    }

    /// Whether what was kept will do. In a new vault it would become a key of its own, and the passphrase would be none.
    fn may_use_kept(&self, config: &Config) -> Result<bool> {
        let makes_another = self.typed.anew && config.drive.layout()?.is_none();
        Ok(!self.typed.ask && !makes_another)
    }

    fn ask(&self, is_new: bool) -> Result<()> {
        if !is_somebody_here() {
            let what = if is_new { "is to be sealed" } else { "is sealed" };
            let detail = format!("the vault {what}, and nobody is here to ask for its passphrase: {}", self.ways());
            return Err(Error::new(ErrorKind::WrongKey, "open", detail));
        }
        self.asked.set(self.asked.get() + 1);
        let passphrase = if is_new {
            note(
                "The drive has no vault yet; it will be sealed. Whoever loses its passphrase, and every other key, loses what is on the drive.",
            );
            Passphrase::ask_twice("A passphrase for the new vault")?
        } else {
            Passphrase::ask("The passphrase of the vault")?
        };
        self.take(passphrase.encryption()?, Source::Terminal);
        Ok(())
    }

    /// Decides what to do about a vault that did not open.
    ///
    /// # Errors
    /// Those of asking.
    pub(crate) fn after(&self, error: Error) -> Result<Next> {
        // Nobody is here, and that was said.
        if error.operation() == "open" {
            return Ok(Next::Failed(error));
        }
        let source = self.source();
        // Nothing said that this vault is sealed, so nothing was looked for.
        if source.is_none()
            && let Some(passphrase) = Passphrase::given()?
        {
            self.take(passphrase.encryption()?, Source::Environment);
            return Ok(Next::Again);
        }
        let can_ask = matches!(source, None | Some(Source::Kept | Source::Terminal)) && self.asked.get() < TRIES && is_somebody_here();
        if can_ask {
            if let Some(source) = source {
                note(if source == Source::Kept {
                    "What was kept does not open the vault any longer."
                } else {
                    "That does not open the vault."
                });
            }
            self.ask(false)?;
            return Ok(Next::Again);
        }
        let detail = match source {
            None => format!("the vault is sealed: {}", self.ways()),
            Some(Source::KeyFile) => "this key file does not open the vault; another device may have changed its keys".to_owned(),
            Some(Source::Environment) => "KITE_PASSPHRASE does not open the vault; another device may have changed it".to_owned(),
            Some(Source::Kept) => format!("what was kept does not open the vault any longer, its keys were changed: {}", self.ways()),
            Some(Source::Terminal) => error.detail().to_owned(),
        };
        Ok(Next::Failed(Error::new(ErrorKind::WrongKey, error.operation(), detail)))
    }

    /// Whether something may open a vault for which nothing was given yet.
    ///
    /// # Errors
    /// Those of passphrases.
    pub(crate) fn may_find_more(&self) -> Result<bool> {
        Ok(self.source().is_none() && (is_somebody_here() || Passphrase::given()?.is_some()))
    }

    fn ways(&self) -> String {
        let folder = shell(&self.folder.to_string_lossy());
        format!("run `kite sync {folder}` in a terminal, which asks for the passphrase, set KITE_PASSPHRASE, or add --key-file PATH")
    }

    /// Makes sure that the vault is opened with something else than what was kept, because that is about to be removed.
    ///
    /// # Errors
    /// `invalid_input` if nobody is here to ask, or if something else was given already.
    pub(crate) fn with_another(&self) -> Result<()> {
        if self.source() == Some(Source::Kept) && is_somebody_here() {
            note("This folder opens the vault with that key, so with another one first.");
            return self.ask(false);
        }
        let detail = "the vault was opened with that key: open it with another one, by KITE_PASSPHRASE or --key-file PATH, then remove it";
        Err(Error::new(ErrorKind::InvalidInput, "key", detail))
    }

    /// Keeps what has opened the vault, or forgets it if it is to be asked for each time. A vault that was not made yet has
    /// nothing to keep. If it cannot be kept, so it is said: what was done is done.
    ///
    /// # Errors
    /// `state` if the configuration cannot be written.
    pub(crate) fn keep(&self, session: &Session) -> Result<()> {
        let (config, Some(key)) = (&session.config, session.client.vault_key()) else { return Ok(()) };
        let ask = self.typed.ask || !self.typed.encrypt && config.sealed.as_ref().is_some_and(|sealed| sealed.ask);
        let before = config.sealed.clone().map_or_else(Sealed::new, Ok)?;
        let sealed = Sealed { ask, ..before };
        if config.sealed.as_ref() != Some(&sealed) {
            Config { sealed: Some(sealed.clone()), ..config.clone() }.write(&self.folder)?;
        }
        let key = Zeroizing::new(*key.bytes());
        let kept = match ask {
            true => sealed.forget(),
            false if sealed.kept().is_ok_and(|kept| kept.as_ref() == Some(&key)) => Ok(()),
            false => sealed.keep(&key),
        };
        if let Err(e) = &kept {
            note(format_args!("{} {}", styled(NOTICE, "kite:"), e.detail()));
        }
        // A watch goes on with this, which takes no half second.
        self.asked.set(0);
        self.take(VaultKey::new(*key).into(), if ask || kept.is_err() { Source::Terminal } else { Source::Kept });
        Ok(())
    }
}

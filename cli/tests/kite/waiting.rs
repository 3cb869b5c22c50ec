//! `kite connect` while it waits for the browser.

use crate::world::Ran;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, Command, Stdio},
};
use url::Url;

/// A `kite connect` that waits for the code, and the address that it shows.
pub struct Waiting {
    child: Child,
    err: BufReader<std::process::ChildStderr>,
    said: String,
    pub page: Url,
}

impl Waiting {
    /// Starts it, and reads the address.
    pub fn begin(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("code_challenge") {
            assert!(err.read_line(&mut said).unwrap() > 0, "{said}");
        }
        let page = Url::parse(said.lines().last().unwrap().trim()).unwrap();
        Self { child, err, said, page }
    }

    /// Pastes the code, or the address that the browser came to.
    pub fn paste(mut self, text: &str) -> Ran {
        writeln!(self.child.stdin.take().unwrap(), "{text}").unwrap();
        self.end()
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ran {
        self.err.read_to_string(&mut self.said).unwrap();
        let output = self.child.wait_with_output().unwrap();
        silent(Ran { code: output.status.code(), out: String::from_utf8(output.stdout).unwrap(), err: self.said })
    }
}

/// Makes sure that nothing secret was said.
pub fn silent(ran: Ran) -> Ran {
    assert!(!ran.out.contains("canary") && !ran.err.contains("canary"), "{ran:#?}");
    ran
}

/// The code in the address that the browser is sent to.
pub fn code_of(back: &Url) -> String {
    back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}

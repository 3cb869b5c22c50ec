//! Watches what a sealed device lets out. Each document that is put on one, its id included, each passphrase and each key is a
//! *canary*. None of them may be found in what the device writes to the drive, in whatever spelling; neither contents nor
//! secrets in what it says, in log lines, errors and reports (documents and files may be named there); no secret in its
//! state. That is looked at when the device is dropped: so every test of sealed vaults is one of this too.

pub use kitestring_canary::{Kind, leak, mind};

use crate::{Notes, TestRuntime, recording::Recording};
use futures::FutureExt as _;
use kitestring::*;
use std::{
    collections::BTreeSet,
    error::Error as _,
    fmt::Debug,
    sync::{Arc, Mutex},
};

/// What came out of one device.
pub struct Canary {
    notes: Arc<Notes>,
    state: Arc<MemoryState>,
    runtime: Arc<TestRuntime>,
    drive: Arc<Recording>,
    said: Arc<Mutex<Vec<String>>>,
}

impl Canary {
    pub fn new(notes: &Arc<Notes>, state: &Arc<MemoryState>, runtime: &Arc<TestRuntime>, drive: Arc<dyn Drive>) -> Self {
        let (notes, state, runtime) = (notes.clone(), state.clone(), runtime.clone());
        Self { notes, state, runtime, drive: Recording::new(drive), said: Arc::default() }
    }

    /// The drive, watched.
    pub fn drive(&self) -> Arc<Recording> {
        self.drive.clone()
    }

    /// A log that is watched.
    pub fn log(&self) -> Log {
        let said = self.said.clone();
        Log::new(move |_, line| said.lock().unwrap().push(line.to_owned()))
    }

    /// What was said so far.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// Takes the result of a call.
    pub fn hear<T: Debug>(&self, result: &Result<T>) {
        let mut said = self.said.lock().unwrap();
        match result {
            Ok(value) => said.push(format!("{value:?}")),
            Err(error) => {
                said.push(format!("{error} {error:?} {error:#?}"));
                let mut next = error.source();
                while let Some(cause) = next {
                    said.push(format!("{cause} {cause:?} {cause:#?}"));
                    next = cause.source();
                }
            }
        }
    }

    /// Learns the documents and the keys that the device has by now. A key is drawn as 32 bytes at once, as the salt of a file
    /// is: what became no salt is taken for a key.
    pub fn learn(&self, key: Option<VaultKey>) {
        for (id, (_, body)) in &*self.notes.0.lock().unwrap() {
            mind(Kind::Id, id.as_str().as_bytes());
            mind(Kind::Content, body);
        }
        if let Some(key) = key {
            mind(Kind::Secret, key.bytes());
        }
        let written = self.drive.written.lock().unwrap();
        let addresses: Vec<Vec<u8>> = written.iter().filter_map(|(path, bytes)| sealed_address(path, bytes)).collect();
        let files = written.iter().map(|(_, bytes)| bytes).chain(&addresses);
        let salts: BTreeSet<&[u8]> = files.filter_map(|bytes| salt(bytes)).collect();
        let drawn = self.runtime.drawn.lock().unwrap();
        drawn.iter().filter(|drawn| !salts.contains(drawn.as_slice())).for_each(|drawn| mind(Kind::Secret, drawn));
    }

    /// What was found where it must not be.
    pub fn leaks(&self) -> Vec<String> {
        let (mut leaks, written) = (Vec::new(), self.drive.written.lock().unwrap());
        let mut look = |least: Kind, bytes: &[u8], place: &dyn Fn() -> String| {
            leaks.extend(leak(least, bytes).map(|found| format!("{found:?} in {}", place())));
        };
        for (path, bytes) in &*written {
            look(Kind::Id, path.as_bytes(), &|| format!("the name {path}"));
            look(Kind::Id, &without_salt(bytes), &|| format!("the file {path}"));
        }
        for line in &*self.said.lock().unwrap() {
            look(Kind::Content, line.as_bytes(), &|| format!("what was said: {line}"));
        }
        let stored = self.state.scan(String::new(), None, u32::MAX).now_or_never().unwrap().unwrap();
        for StateRecord { key, value } in stored {
            look(Kind::Secret, key.as_bytes(), &|| format!("the key {key} of the state"));
            look(Kind::Secret, &value.unwrap_or_default(), &|| format!("the record {key} of the state"));
        }
        let unsealed = written.iter().filter(|(path, bytes)| !is_open(path) && salt(bytes).is_none());
        leaks.extend(unsealed.map(|(path, _)| format!("nothing in {path}, which is not sealed")));
        leaks
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.learn(None);
        let leaks = self.leaks();
        assert!(leaks.is_empty(), "a sealed device let something out: {leaks:#?}");
    }
}

/// Whether it is a file that is not sealed: the marker, the ids and the keyrings.
fn is_open(path: &str) -> bool {
    path == "vault" || ["v/", "k/"].iter().any(|folder| path.starts_with(folder))
}

/// What is sealed in the marker of a vault that was moved.
fn sealed_address(path: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let (_, digits) = std::str::from_utf8(bytes).ok().filter(|_| path == "vault")?.split_once("\"sealed_to\":\"")?;
    let pairs = digits.split_once('"')?.0.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// The salt of a sealed file.
pub fn salt(file: &[u8]) -> Option<&[u8]> {
    file.strip_prefix(b"kites\x01")?.get(8..40)
}

/// What is drawn in every write has a place in each sealed file, and is no secret there.
fn without_salt(file: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    if salt(&file).is_some() {
        file.drain(14..46);
    }
    file
}

//! Who is measured, and where.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A program that syncs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Peer {
    /// Ours, in Rust.
    Rust,
    /// Ours, by its npm package.
    Node,
    /// npm's `db-to-cloud`.
    DbToCloud,
    /// npm's `PouchDB`, with batches of so many.
    PouchDb(u32),
    /// `rclone bisync`.
    Rclone,
    /// The crate `bothy`.
    Bothy,
}

/// Where its two devices meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// The memory of one process.
    Memory,
    /// A folder of this machine.
    Folder,
    /// A server over HTTP.
    Http,
}

/// One row of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Who.
    pub peer: Peer,
    /// Where.
    pub place: Place,
}

const fn side(peer: Peer, place: Place) -> Side {
    Side { peer, place }
}

impl Side {
    /// All of them, by place.
    pub const ALL: [Self; 13] = [
        side(Peer::Rust, Place::Memory),
        side(Peer::Node, Place::Memory),
        side(Peer::DbToCloud, Place::Memory),
        side(Peer::Rust, Place::Folder),
        side(Peer::Node, Place::Folder),
        side(Peer::DbToCloud, Place::Folder),
        side(Peer::Bothy, Place::Folder),
        side(Peer::Rust, Place::Http),
        side(Peer::Node, Place::Http),
        side(Peer::DbToCloud, Place::Http),
        side(Peer::PouchDb(100), Place::Http),
        side(Peer::PouchDb(1000), Place::Http),
        side(Peer::Rclone, Place::Http),
    ];

    /// Returns the name for tables.
    pub fn name(self) -> String {
        let place = match (self.peer, self.place) {
            (_, Place::Memory) => "memory",
            (_, Place::Folder) => "folder",
            (Peer::PouchDb(_), Place::Http) => "its own server",
            (_, Place::Http) => "WebDAV",
        };
        format!("{}, {place}", self.peer.name())
    }

    /// Whether it is part of the short run, which leaves out what waits (`rclone`, disks) and what is built for long runs only.
    pub fn is_quick(self) -> bool {
        match self.peer {
            Peer::Rust | Peer::PouchDb(_) => self.place != Place::Folder,
            Peer::Node | Peer::DbToCloud => self.place == Place::Memory,
            Peer::Rclone | Peer::Bothy => false,
        }
    }
}

impl Peer {
    /// Returns the name.
    pub fn name(self) -> String {
        match self {
            Self::Rust => "kitestring (Rust)".to_owned(),
            Self::Node => "kitestring (Node)".to_owned(),
            Self::DbToCloud => "db-to-cloud".to_owned(),
            Self::PouchDb(batch) => format!("PouchDB, batches of {batch}"),
            Self::Rclone => "rclone bisync".to_owned(),
            Self::Bothy => "bothy".to_owned(),
        }
    }

    /// Whether it is ours.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Rust | Self::Node)
    }
}

impl Place {
    /// Returns the word that a client is told.
    pub fn word(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Folder => "folder",
            Self::Http => "url",
        }
    }
}

/// Where the programs of a run are.
#[derive(Debug, Clone)]
pub struct Programs {
    /// This very one.
    pub own: PathBuf,
    /// Cargo's target folder.
    pub target: PathBuf,
}

impl Programs {
    /// The folder of this crate.
    pub fn sources() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    /// The npm package of ours.
    pub fn package(&self) -> PathBuf {
        self.target.join("npm/kitestring")
    }

    /// `rclone`, as the servers' tests install it.
    pub fn rclone(&self) -> PathBuf {
        self.target.join("servers/bin/rclone")
    }

    /// Returns the words that start a client for `count` documents: what comes before FOLDER, and what comes at the end.
    pub fn command(&self, peer: Peer, count: u64) -> (Vec<PathBuf>, Option<String>) {
        let script = |name: &str| vec![PathBuf::from("node"), Self::sources().join("node").join(name)];
        match peer {
            Peer::Rust => (vec![self.own.clone(), "client".into(), count.to_string().into()], None),
            Peer::Node => (script("kitestring.mjs"), None),
            Peer::DbToCloud => (script("db-to-cloud.mjs"), None),
            Peer::PouchDb(batch) => (script("pouchdb.mjs"), Some(batch.to_string())),
            Peer::Rclone => {
                let program = self.rclone().to_string_lossy().into_owned();
                (vec!["python3".into(), Self::sources().join("rclone.py")], Some(program))
            }
            Peer::Bothy => (vec![self.target.join("peers-bothy/release/kitestring-peers-bothy")], None),
        }
    }
}

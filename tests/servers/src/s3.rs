//! Stores that speak like Amazon S3.

use crate::{
    Server,
    start::{free_port, target, words},
};
use async_io::block_on;
use kitestring::{Error, ErrorKind, Result, Runtime};
use kitestring_adapters::{
    NativeRuntime, S3,
    drives::s3::{Keys, Place, Style},
    http::{Http, Method, NativeHttp, Request, Secret},
};
use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};
use std::{
    fs,
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    thread::sleep,
    time::{Duration, Instant},
};

/// The access key that all of them know.
pub const KEY: &str = "kite-tests";
/// Its secret.
pub const SECRET: &str = "a secret only of tests";
/// How long a store may take until it makes a bucket.
const PATIENCE: Duration = Duration::from_secs(120);

/// The stores that the tests know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// SeaweedFS: conditions hold, also in races; it checks signatures.
    SeaweedFs,
    /// moto, a store for tests: conditions hold.
    Moto,
    /// `rclone serve s3`: conditions are ignored; it checks signatures.
    Rclone,
}

impl Store {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::SeaweedFs, Self::Moto, Self::Rclone];

    /// Starts one.
    ///
    /// # Panics
    /// If it is not installed, or does not answer in time.
    pub fn start(self) -> Server {
        let name = format!("{self:?}");
        match self {
            Self::SeaweedFs => Server::launch(&name, seaweedfs),
            Self::Moto => Server::launch(&name, |_, port| program("moto_server", &["-H", "127.0.0.1", "-p", &port.to_string()])),
            Self::Rclone => Server::launch(&name, rclone),
        }
    }

    /// Returns the one store of this kind that the tests of a process share, and starts it at the first call.
    pub fn shared(self) -> &'static Server {
        static SERVERS: [OnceLock<Server>; 3] = [const { OnceLock::new() }; 3];
        SERVERS.get(self as usize).unwrap().get_or_init(|| {
            let server = self.start();
            make_bucket(&server, BUCKET);
            server
        })
    }

    /// Returns an empty folder of the shared store.
    pub fn empty_folder(self) -> Place {
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        let folder = format!("folder-{}/drive", FOLDERS.fetch_add(1, Relaxed));
        Place { folder, ..place(self.shared(), BUCKET) }
    }

    /// Returns a new bucket of the shared store, which can be deleted.
    pub fn empty_bucket(self) -> Place {
        static BUCKETS: AtomicU32 = AtomicU32::new(0);
        let name = format!("bucket-{}", BUCKETS.fetch_add(1, Relaxed));
        make_bucket(self.shared(), &name);
        place(self.shared(), &name)
    }
}

/// The bucket in which the tests have their folders.
const BUCKET: &str = "drives";

/// Returns a bucket of a store as a place.
pub fn place(server: &Server, bucket: &str) -> Place {
    let endpoint = Some(server.address().trim_end_matches('/').to_owned());
    Place { bucket: bucket.to_owned(), endpoint, style: Style::Usual, ..Place::default() }
}

/// Makes a bucket, as soon as the store makes any.
///
/// # Panics
/// If it does not within two minutes.
pub fn make_bucket(server: &Server, name: &str) {
    let (begun, mut last) = (Instant::now(), String::new());
    while begun.elapsed() < PATIENCE {
        let url = bucket(&place(server, name)).create_bucket(&credentials()).sign(Duration::from_secs(60));
        match block_on(NativeHttp::new().unwrap().send(Request::new(Method::Put, url))) {
            Ok(response) if response.status == 200 => return,
            Ok(response) => last = format!("{} {}", response.status, String::from_utf8_lossy(&response.body)),
            Err(e) => last = e.to_string(),
        }
        sleep(Duration::from_millis(100));
    }
    panic!("the store makes no bucket: {last}");
}

/// Deletes a bucket with all that is in it, behind the back of the drive. Only moto lets go of one that is not empty.
///
/// # Errors
/// If the store does not.
pub fn delete_bucket(place: &Place) -> std::io::Result<()> {
    let url = bucket(place).delete_bucket(&credentials()).sign(Duration::from_secs(60));
    let files = block_on(files(place)).map_err(std::io::Error::other)?;
    for (key, _) in files {
        let url = bucket(place).delete_object(Some(&credentials()), &key).sign(Duration::from_secs(60));
        block_on(NativeHttp::new().unwrap().send(Request::new(Method::Delete, url))).map_err(std::io::Error::other)?;
    }
    let response = block_on(NativeHttp::new().unwrap().send(Request::new(Method::Delete, url))).map_err(std::io::Error::other)?;
    if response.status < 300 { Ok(()) } else { Err(std::io::Error::other(format!("answered {}", response.status))) }
}

/// Returns the keys of all files of a bucket, and how many bytes each has.
///
/// # Errors
/// What the store answers.
pub async fn files(place: &Place) -> Result<Vec<(String, u64)>> {
    use kitestring::{Drive as _, DrivePath};
    let drive = open(&Place { folder: String::new(), ..place.clone() })?;
    let (mut folders, mut files) = (vec![DrivePath::root()], Vec::new());
    while let Some(folder) = folders.pop() {
        let mut cursor = None;
        loop {
            let page = drive.list_dir(folder.clone(), cursor).await?;
            for entry in page.entries {
                let path = folder.join(&entry.name)?;
                match entry.is_dir {
                    true => folders.push(path),
                    false => files.push((path.as_str().to_owned(), entry.size.unwrap_or_default())),
                }
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    Ok(files)
}

fn bucket(place: &Place) -> Bucket {
    let endpoint = place.endpoint.as_deref().unwrap_or_default().parse().unwrap();
    Bucket::new(endpoint, UrlStyle::Path, place.bucket.clone(), "us-east-1").unwrap()
}

fn credentials() -> Credentials {
    Credentials::new(KEY, secret())
}

/// The secret without spaces, as stores want it.
pub fn secret() -> String {
    SECRET.replace(' ', "-")
}

/// Returns the keys of the tests.
pub fn keys() -> Keys {
    Keys { id: KEY.to_owned(), secret: Secret::new(secret()), session: None }
}

/// Opens a place by a network that works.
///
/// # Errors
/// As [`S3::new`].
pub fn open(place: &Place) -> Result<S3> {
    S3::new(Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()), place, keys())
}

/// Opens a place by another network.
///
/// # Errors
/// As [`S3::new`].
pub fn open_over(http: Arc<dyn Http>, runtime: Arc<dyn Runtime>, place: &Place) -> Result<S3> {
    S3::new(http, runtime, place, keys())
}

/// Writes a place of a shared store as one word, for another process.
pub fn written(place: &Place) -> String {
    format!("{} {} {}", place.endpoint.as_deref().unwrap_or_default(), place.bucket, place.folder)
}

/// Reads it.
///
/// # Errors
/// `invalid_input` if it is none.
pub fn read(written: &str) -> Result<Place> {
    let mut words = written.splitn(3, ' ').map(str::to_owned);
    let mut next = || words.next().ok_or_else(|| Error::new(ErrorKind::InvalidInput, "open", "this is no place of a store"));
    Ok(Place { endpoint: Some(next()?), bucket: next()?, folder: next()?, ..Place::default() })
}

fn program(name: &str, arguments: &[&str]) -> Vec<String> {
    let program = target().join("servers/bin").join(name).to_string_lossy().into_owned();
    std::iter::once(program).chain(arguments.iter().map(|argument| (*argument).to_owned())).collect()
}

fn seaweedfs(home: &Path, port: u16) -> Vec<String> {
    let config = home.join("own/s3.json");
    let text = serde_json::json!({ "identities": [{
        "name": "kite",
        "credentials": [{ "accessKey": KEY, "secretKey": secret() }],
        "actions": ["Admin", "Read", "Write", "List"],
    }] });
    fs::write(&config, text.to_string()).unwrap();
    let ports = [("master.port", free_port()), ("volume.port", free_port()), ("filer.port", free_port()), ("s3.port", port)];
    let grpc = ["master.port.grpc", "volume.port.grpc", "filer.port.grpc", "s3.port.grpc"].map(|name| (name, free_port()));
    let mut command = program(
        "weed",
        &["server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", "-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=30"],
    );
    command.extend(ports.into_iter().chain(grpc).map(|(name, port)| format!("-{name}={port}")));
    command.extend(words([
        "-master.volumeSizeLimitMB=1024",
        &format!("-dir={}", home.join("files").display()),
        &format!("-s3.config={}", config.display()),
    ]));
    command
}

fn rclone(home: &Path, port: u16) -> Vec<String> {
    let (files, keys) = (home.join("files"), format!("{KEY},{}", secret()));
    let address = format!("127.0.0.1:{port}");
    let config = home.join("own/rclone.conf");
    let (files, config) = (files.to_string_lossy(), config.to_string_lossy());
    program("rclone", &["--config", &config, "serve", "s3", "--addr", &address, "--auth-key", &keys, &files])
}

/// Returns a place as rclone names it.
pub fn rclone_remote(place: &Place) -> String {
    let (endpoint, secret) = (place.endpoint.as_deref().unwrap_or_default(), secret());
    let Place { bucket, folder, .. } = place;
    format!(":s3,provider=SeaweedFS,access_key_id={KEY},secret_access_key={secret},endpoint='{endpoint}':{bucket}/{folder}")
}

/// Copies a folder by rclone, and returns how long that took.
///
/// # Panics
/// If it fails.
pub fn rclone_copy(from: &str, to: &str) -> Duration {
    let command = program("rclone", &["--config", "", "copy", from, to]);
    let (program, arguments) = command.split_first().unwrap();
    let began = Instant::now();
    let done = std::process::Command::new(program).args(arguments).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    began.elapsed()
}

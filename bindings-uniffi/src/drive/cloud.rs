//! Drives on servers. `service` is the address of an emulator, or of another server that stands in for the service.

use super::Drive;
use crate::{
    KiteError,
    contain::contained,
    http::{Http, sending},
};
use kitestring::Result;
use kitestring_adapters::NativeRuntime;
use std::sync::Arc;

#[cfg(feature = "webdav")]
use crate::tokens::Credentials;
#[cfg(any(feature = "dropbox", feature = "gdrive", feature = "onedrive"))]
use crate::tokens::Tokens;
#[cfg(feature = "dropbox")]
use kitestring_adapters::Dropbox;
#[cfg(feature = "gdrive")]
use kitestring_adapters::GDrive;
#[cfg(feature = "onedrive")]
use kitestring_adapters::OneDrive;
#[cfg(feature = "webdav")]
use kitestring_adapters::WebDav;

/// Makes a drive of one that can make its root.
macro_rules! with_root {
    ($made:expr) => {{
        let drive = Arc::new($made);
        let root = drive.clone();
        let make = move || -> kitestring::BoxFuture<'static, kitestring::Result<()>> {
            let root = root.clone();
            Box::pin(async move { root.make_root().await })
        };
        Ok(Arc::new($crate::Drive { drive, makes_root: Some(Arc::new(make)) }))
    }};
}
#[cfg(any(feature = "github", feature = "s3"))]
pub(super) use with_root;

fn runtime() -> Arc<NativeRuntime> {
    Arc::new(NativeRuntime::new())
}

#[cfg(feature = "webdav")]
fn webdav(url: &str, credentials: Option<Arc<Credentials>>, http: Option<Arc<dyn Http>>) -> Result<WebDav> {
    let credentials = credentials.map_or(kitestring_adapters::http::Credentials::None, |given| given.0.clone());
    WebDav::new(sending(http)?, runtime(), url, credentials)
}

#[cfg(feature = "webdav")]
#[uniffi::export]
impl Drive {
    /// Takes a folder on a WebDAV server, for the journal layout. Nothing is sent.
    #[uniffi::constructor(default(credentials = None, http = None))]
    pub fn webdav(url: &str, credentials: Option<Arc<Credentials>>, http: Option<Arc<dyn Http>>) -> Result<Arc<Self>, KiteError> {
        contained("open", || with_root!(webdav(url, credentials, http)?))
    }

    /// The same for the classic layout, whose lock db-to-cloud takes in its own way.
    #[uniffi::constructor(default(credentials = None, http = None))]
    pub fn webdav_classic(url: &str, credentials: Option<Arc<Credentials>>, http: Option<Arc<dyn Http>>) -> Result<Arc<Self>, KiteError> {
        contained("open", || with_root!(webdav(url, credentials, http)?.claiming_create()))
    }
}

#[cfg(feature = "dropbox")]
#[uniffi::export]
impl Drive {
    /// Takes a folder of Dropbox, as `/notes`. Nothing is sent.
    #[uniffi::constructor(default(http = None, service = None))]
    pub fn dropbox(
        folder: &str,
        tokens: Arc<Tokens>,
        http: Option<Arc<dyn Http>>,
        service: Option<String>,
    ) -> Result<Arc<Self>, KiteError> {
        contained("open", || {
            let (http, tokens) = (sending(http)?, tokens.0.clone());
            with_root!(match service {
                Some(service) => Dropbox::emulated(&service, http, runtime(), folder, tokens),
                None => Dropbox::new(http, runtime(), folder, tokens),
            }?)
        })
    }
}

#[cfg(feature = "onedrive")]
#[uniffi::export]
impl Drive {
    /// Takes a folder of OneDrive, as `/notes`; without `folder`, that of the app. Nothing is sent.
    #[uniffi::constructor(default(folder = None, http = None, service = None))]
    pub fn onedrive(
        tokens: Arc<Tokens>,
        folder: Option<String>,
        http: Option<Arc<dyn Http>>,
        service: Option<String>,
    ) -> Result<Arc<Self>, KiteError> {
        contained("open", || {
            let (http, tokens) = (sending(http)?, tokens.0.clone());
            with_root!(match (service, folder) {
                (Some(service), folder) => OneDrive::emulated(&service, http, runtime(), folder.as_deref(), tokens),
                (None, Some(folder)) => OneDrive::in_folder(http, runtime(), &folder, tokens),
                (None, None) => OneDrive::in_app_folder(http, runtime(), tokens),
            }?)
        })
    }
}

/// The folders of the journal layout in which each file has one writer.
#[cfg(feature = "gdrive")]
const RECORDS: &[&str] = &["j", "p", "c", "k", "v"];

#[cfg(feature = "gdrive")]
fn gdrive(tokens: &Tokens, folder: Option<String>, http: Option<Arc<dyn Http>>, service: Option<String>) -> Result<GDrive> {
    let (http, tokens) = (sending(http)?, tokens.0.clone());
    match (service, folder) {
        (Some(service), folder) => GDrive::emulated(&service, http, runtime(), folder.as_deref(), tokens),
        (None, Some(folder)) => GDrive::in_folder(http, runtime(), &folder, tokens),
        (None, None) => GDrive::in_app_data(http, runtime(), tokens),
    }
}

#[cfg(feature = "gdrive")]
#[uniffi::export]
impl Drive {
    /// Takes a folder of Google Drive, for the journal layout; without `folder`, the hidden one of the app. Nothing is sent.
    #[uniffi::constructor(default(folder = None, http = None, service = None))]
    pub fn gdrive(
        tokens: Arc<Tokens>,
        folder: Option<String>,
        http: Option<Arc<dyn Http>>,
        service: Option<String>,
    ) -> Result<Arc<Self>, KiteError> {
        contained("open", || with_root!(gdrive(&tokens, folder, http, service)?.with_one_writer_in(RECORDS)))
    }

    /// The same for the classic layout, in the root of the folder.
    #[uniffi::constructor(default(folder = None, http = None, service = None))]
    pub fn gdrive_classic(
        tokens: Arc<Tokens>,
        folder: Option<String>,
        http: Option<Arc<dyn Http>>,
        service: Option<String>,
    ) -> Result<Arc<Self>, KiteError> {
        contained("open", || with_root!(gdrive(&tokens, folder, http, service)?.with_classic_layout_in(&kitestring::DrivePath::root())?))
    }
}

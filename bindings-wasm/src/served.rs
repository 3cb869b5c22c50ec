//! A drive of the adapters as the plain object that the client's module takes: the two are modules of their own.

use crate::{
    convert::{Parsed, answers, read, write},
    http::JsHttp,
    input, promise,
    runtime::JsRuntime,
};
use js_sys::Promise;
use kitestring::{DrivePath, Result, Runtime};
use kitestring_adapters::http::Http;
use std::sync::Arc;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[cfg(feature = "dropbox")]
use kitestring_adapters::Dropbox as Service;
#[cfg(feature = "gdrive")]
use kitestring_adapters::GDrive as Service;
#[cfg(feature = "github")]
use kitestring_adapters::GitHub as Service;
#[cfg(feature = "onedrive")]
use kitestring_adapters::OneDrive as Service;
#[cfg(feature = "s3")]
use kitestring_adapters::S3 as Service;
#[cfg(feature = "webdav")]
use kitestring_adapters::WebDav as Service;

/// The drive of this module.
#[wasm_bindgen]
pub struct Served(Arc<Service>);

type Ports = (Arc<dyn Http>, Arc<dyn Runtime>);

fn ports(setup: &JsValue) -> Result<Ports> {
    let http = input("open", read::required(setup, "http", |http| JsHttp::new(http.clone())))?;
    Ok((Arc::new(http), Arc::new(JsRuntime)))
}

#[cfg(any(feature = "dropbox", feature = "github", feature = "s3", feature = "webdav"))]
fn text(setup: &JsValue, name: &'static str) -> Result<String> {
    input("open", read::required(setup, name, read::text))
}

#[cfg(feature = "s3")]
fn service(setup: &JsValue) -> Result<Service> {
    use kitestring_adapters::{
        drives::s3::{Keys, Place, Style},
        http::Secret,
    };
    let (http, runtime) = ports(setup)?;
    let given = |name: &'static str| input("open", read::optional(setup, name, read::text));
    let style = match given("style")?.as_deref() {
        None => Style::Usual,
        Some("path") => Style::Path,
        Some("host") => Style::Host,
        Some(_) => return Err(kitestring::Error::new(kitestring::ErrorKind::InvalidInput, "open", "style is \"path\" or \"host\"")),
    };
    let folder = given("folder")?.unwrap_or_default();
    let place = Place { bucket: text(setup, "bucket")?, folder, endpoint: given("endpoint")?, region: given("region")?, style };
    let secret = Secret::new(text(setup, "secretAccessKey")?);
    let keys = Keys { id: text(setup, "accessKeyId")?, secret, session: given("sessionToken")?.map(Secret::new) };
    let service = Service::new(http, runtime, &place, keys)?;
    // For a store that lets two writes pass that come at once.
    let without = input("open", read::optional(setup, "withoutConditions", read::flag))?.unwrap_or_default();
    Ok(if without { service.without_conditions() } else { service })
}

#[cfg(feature = "webdav")]
fn service(setup: &JsValue) -> Result<Service> {
    use kitestring_adapters::http::{Credentials, Secret};
    let (http, runtime) = ports(setup)?;
    let credentials = match input("open", read::optional(setup, "user", read::text))? {
        Some(user) => Credentials::Basic { user, password: Secret::new(text(setup, "password")?) },
        None => Credentials::None,
    };
    let service = Service::new(http, runtime, &text(setup, "url")?, credentials)?;
    // What db-to-cloud takes its lock with.
    Ok(if is_classic(setup)? { service.claiming_create() } else { service })
}

/// Whether a vault of the classic layout is meant: a drive in Dropbox or OneDrive serves both alike.
#[cfg(any(feature = "gdrive", feature = "github", feature = "webdav"))]
fn is_classic(setup: &JsValue) -> Result<bool> {
    let layout = input("open", read::optional(setup, "layout", read::text))?;
    match layout.as_deref() {
        None | Some("journal") => Ok(false),
        Some("classic") => Ok(true),
        Some(_) => input("open", Err("`layout` must be \"journal\" or \"classic\"".into())),
    }
}

#[cfg(any(feature = "dropbox", feature = "gdrive", feature = "github", feature = "onedrive"))]
fn tokens(setup: &JsValue) -> Result<Arc<dyn kitestring_adapters::http::TokenSource>> {
    let tokens = input("open", read::required(setup, "tokens", |tokens| crate::http::JsTokens::new(tokens.clone())))?;
    Ok(Arc::new(tokens))
}

#[cfg(feature = "dropbox")]
fn service(setup: &JsValue) -> Result<Service> {
    let ((http, runtime), folder, tokens) = (ports(setup)?, text(setup, "folder")?, tokens(setup)?);
    match input("open", read::optional(setup, "service", read::text))? {
        Some(emulator) => Service::emulated(&emulator, http, runtime, &folder, tokens),
        None => Service::new(http, runtime, &folder, tokens),
    }
}

#[cfg(feature = "gdrive")]
fn service(setup: &JsValue) -> Result<Service> {
    let ((http, runtime), tokens) = (ports(setup)?, tokens(setup)?);
    let folder = input("open", read::optional(setup, "folder", read::text))?;
    let service = match (input("open", read::optional(setup, "service", read::text))?, folder) {
        (Some(emulator), folder) => Service::emulated(&emulator, http, runtime, folder.as_deref(), tokens),
        (None, Some(folder)) => Service::in_folder(http, runtime, &folder, tokens),
        (None, None) => Service::in_app_data(http, runtime, tokens),
    }?;
    if is_classic(setup)? { service.with_classic_layout_in(&DrivePath::root()) } else { Ok(service) }
}

#[cfg(feature = "github")]
fn service(setup: &JsValue) -> Result<Service> {
    /// Where each file of the journal layout has one writer.
    const RECORDS: &[&str] = &["j", "p", "c", "k", "v"];
    let ((http, runtime), tokens) = (ports(setup)?, tokens(setup)?);
    let given = |name: &'static str| input("open", read::optional(setup, name, read::text));
    let place = kitestring_adapters::drives::github::Place {
        owner: text(setup, "owner")?,
        repository: text(setup, "repository")?,
        branch: given("branch")?,
        folder: given("folder")?,
    };
    let service = match given("service")? {
        Some(emulator) => Service::emulated(&emulator, http, runtime, &place, tokens),
        None => Service::new(http, runtime, &place, tokens),
    }?;
    Ok(if is_classic(setup)? { service } else { service.with_one_writer_in(RECORDS) })
}

#[cfg(feature = "onedrive")]
fn service(setup: &JsValue) -> Result<Service> {
    let ((http, runtime), tokens) = (ports(setup)?, tokens(setup)?);
    let folder = input("open", read::optional(setup, "folder", read::text))?;
    match (input("open", read::optional(setup, "service", read::text))?, folder) {
        (Some(emulator), folder) => Service::emulated(&emulator, http, runtime, folder.as_deref(), tokens),
        (None, Some(folder)) => Service::in_folder(http, runtime, &folder, tokens),
        (None, None) => Service::in_app_folder(http, runtime, tokens),
    }
}

#[wasm_bindgen]
impl Served {
    /// Takes where and as whom. Nothing is sent.
    pub fn open(setup: JsValue) -> Promise {
        promise(async move { Ok(Self(Arc::new(service(&setup)?)).into()) })
    }

    /// Makes the folder, if it is not there.
    #[wasm_bindgen(js_name = makeRoot)]
    pub fn make_root(&self) -> Promise {
        let drive = self.0.clone();
        promise(async move { drive.make_root().await.map(|()| JsValue::UNDEFINED) })
    }

    /// Says what the drive can do.
    pub fn capabilities(&self) -> JsValue {
        answers::capabilities(&self.drive().capabilities())
    }

    /// Reads a file.
    pub fn get(&self, path: JsValue, options: JsValue) -> Promise {
        let drive = self.drive();
        promise(async move {
            let options = input("get", answers::read_get_options(&options))?;
            Ok(answers::got(&drive.get(input("get", path_of(&path))?, options).await?))
        })
    }

    /// Writes a file.
    pub fn put(&self, path: JsValue, bytes: JsValue, condition: JsValue) -> Promise {
        let drive = self.drive();
        promise(async move {
            let (path, bytes) = (input("put", path_of(&path))?, input("put", read::bytes(&bytes))?);
            let condition = input("put", answers::read_condition(&condition))?;
            Ok(drive.put(path, bytes, condition).await?.as_str().into())
        })
    }

    /// Deletes a file.
    pub fn delete(&self, path: JsValue, condition: JsValue) -> Promise {
        let drive = self.drive();
        promise(async move {
            let condition = input("delete", answers::read_condition(&condition))?;
            drive.delete(input("delete", path_of(&path))?, condition).await.map(|()| JsValue::UNDEFINED)
        })
    }

    /// Lists a page of a folder.
    #[wasm_bindgen(js_name = listDir)]
    pub fn list_dir(&self, dir: JsValue, cursor: JsValue) -> Promise {
        let drive = self.drive();
        promise(async move {
            let cursor = input("list_dir", read::if_given(&cursor, read::text))?;
            Ok(answers::listing(&drive.list_dir(input("list_dir", path_of(&dir))?, cursor).await?))
        })
    }

    /// Writes several files, and answers for each with its version or what went wrong.
    #[wasm_bindgen(js_name = putMany)]
    pub fn put_many(&self, all: JsValue) -> Promise {
        let drive = self.drive();
        promise(async move {
            let all = input("put", read::list(&all, answers::read_put_file))?;
            Ok(write::list(&drive.put_many(all).await, answers::put_answer))
        })
    }

    fn drive(&self) -> Arc<dyn kitestring::Drive> {
        self.0.clone()
    }
}

fn path_of(value: &JsValue) -> Parsed<DrivePath> {
    DrivePath::new(read::text(value)?).map_err(|e| e.detail().to_owned())
}

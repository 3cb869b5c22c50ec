//! A plain JavaScript object as the port [`Drive`].

use crate::{
    convert::{Parsed, files, read, write},
    host::{Host, arguments},
};
use futures::stream::{self, StreamExt as _};
use kitestring::{
    Drive, DrivePath, Error, ErrorKind, Result, apply,
    drive::{Capabilities, Condition, GetOptions, Got, Listing, PutFile, Version},
    port,
};
use wasm_bindgen::prelude::{JsCast as _, JsValue};

pub(crate) struct JsDrive {
    host: Host,
    capabilities: Capabilities,
}

impl JsDrive {
    /// Takes an object with `get`, `put`, `delete` and `listDir`; what its `capabilities` do not claim, it cannot do.
    pub(crate) fn new(object: JsValue) -> Parsed<Self> {
        let capabilities = read::optional(&object, "capabilities", files::read_capabilities)?.unwrap_or(Capabilities::NONE);
        let host = Host::new(object, "drive", ErrorKind::Unavailable, &["get", "put", "delete", "listDir"])?;
        Ok(Self { host, capabilities })
    }
}

#[apply(port!)]
impl Drive for JsDrive {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        let asked = arguments(&[path.as_str().into(), files::get_options(&options)]);
        self.host.ask_for("get", asked, files::read_got).await.map_err(|e| about(e, &path))
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        let asked = arguments(&[path.as_str().into(), write::bytes(&bytes), files::condition(&condition)]);
        drop(bytes);
        self.host.ask_for("put", asked, files::read_version).await.map_err(|e| about(e, &path))
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        let asked = arguments(&[path.as_str().into(), files::condition(&condition)]);
        self.host.ask("delete", asked).await.map(drop).map_err(|e| about(e, &path))
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        let asked = arguments(&[dir.as_str().into(), cursor.map_or(JsValue::UNDEFINED, JsValue::from)]);
        self.host.ask_for("listDir", asked, files::read_listing).await.map_err(|e| about(e, &dir))
    }

    async fn put_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        if !self.host.has("putMany") {
            let puts = files.into_iter().map(|f| self.put(f.path, f.bytes, f.condition));
            return stream::iter(puts).buffered(self.capabilities.parallel.max(1) as usize).collect().await;
        }
        let paths: Vec<DrivePath> = files.iter().map(|file| file.path.clone()).collect();
        let asked = arguments(&[write::list(&files, files::put_file)]);
        drop(files);
        match self.host.ask_list("putMany", asked, |answer| Ok(answer.clone())).await {
            Ok(answers) if answers.len() == paths.len() => {
                answers.into_iter().zip(&paths).map(|(answer, path)| self.put_answer(answer).map_err(|e| about(e, path))).collect()
            }
            Ok(_) => {
                paths.iter().map(|path| Err(about(self.host.mistyped("putMany", "must have one entry for each file"), path))).collect()
            }
            // Whatever it was, it may be true of each of them.
            Err(e) => paths.iter().map(|path| Err(about(again(&e), path))).collect(),
        }
    }
}

impl JsDrive {
    fn put_answer(&self, answer: JsValue) -> Result<Version> {
        if answer.is_instance_of::<js_sys::Error>() {
            return Err(self.host.thrown("putMany", answer));
        }
        files::read_version(&answer).map_err(|detail| self.host.mistyped("putMany", &detail))
    }
}

/// An error is not copied: what it says is.
fn again(error: &Error) -> Error {
    Error::new(error.kind.clone(), error.operation(), error.detail()).with_retry(error.retry)
}

fn about(error: Error, path: &DrivePath) -> Error {
    error.about(path.as_str())
}

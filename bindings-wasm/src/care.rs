//! Care for a vault: more methods of the client, and what makes a vault of an export.

use crate::{
    cancel::Cancel,
    client::Client,
    convert::care,
    drive::JsDrive,
    input, promise,
    runtime::JsRuntime,
    transfer::{JsSink, JsSource},
};
use js_sys::Promise;
use kitestring::{
    DoctorOptions, MigrateOptions, MoveOptions,
    transfer::{self, ExportOptions, ImportOptions},
};
use std::sync::Arc;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen]
impl Client {
    /// Reads the whole vault and says what is the matter.
    pub fn doctor(&self, options: JsValue, cancel: &Cancel) -> Promise {
        let (client, cancel) = (self.0.clone(), Some(cancel.0.clone()));
        promise(async move {
            let (repair, progress) = input("doctor", care::look(&options))?;
            Ok(care::diagnosis(&client.doctor(DoctorOptions { cancel, progress, repair }).await?))
        })
    }

    /// Looks at the lock on the drive.
    #[wasm_bindgen(js_name = heldLock)]
    pub fn held_lock(&self) -> Promise {
        let client = self.0.clone();
        promise(async move { Ok(client.held_lock().await?.as_ref().map_or(JsValue::UNDEFINED, care::lock)) })
    }

    /// Removes a lock as it was shown.
    #[wasm_bindgen(js_name = breakLock)]
    pub fn break_lock(&self, seen: JsValue) -> Promise {
        let client = self.0.clone();
        promise(async move { client.break_lock(input("lock", care::read_lock(&seen))?).await.map(|()| JsValue::UNDEFINED) })
    }

    /// Hands over every file of the vault.
    #[wasm_bindgen(js_name = exportVault)]
    pub fn export_vault(&self, sink: JsValue, options: JsValue, cancel: &Cancel) -> Promise {
        let (client, cancel) = (self.0.clone(), Some(cancel.0.clone()));
        promise(async move {
            let sink = Arc::new(input("export", JsSink::new(sink))?);
            let progress = input("export", care::watched(&options))?;
            Ok(care::transferred(&client.export(sink, ExportOptions { cancel, progress }).await?))
        })
    }

    /// Moves the vault to another drive.
    #[wasm_bindgen(js_name = moveTo)]
    pub fn move_to(&self, drive: JsValue, options: JsValue, cancel: &Cancel) -> Promise {
        let (client, cancel) = (self.0.clone(), Some(cancel.0.clone()));
        promise(async move {
            let (address, progress) = input("move", care::way(&options))?;
            let drive = Arc::new(input("move", JsDrive::new(drive))?);
            Ok(care::moved(&client.move_to(drive, MoveOptions { address, cancel, progress }).await?))
        })
    }

    /// Brings a vault from the classic layout to the journal layout.
    pub fn migrate(&self, drive: JsValue, options: JsValue, cancel: &Cancel) -> Promise {
        let (client, cancel) = (self.0.clone(), Some(cancel.0.clone()));
        promise(async move {
            let options = input("migrate", care::migration(&options))?;
            let drive = Arc::new(input("migrate", JsDrive::new(drive))?);
            Ok(care::migrated(&client.migrate(drive, MigrateOptions { cancel, ..options }).await?))
        })
    }

    /// Follows a vault that was moved to this drive.
    pub fn follow(&self, drive: JsValue) -> Promise {
        let client = self.0.clone();
        promise(async move { client.follow(Arc::new(input("follow", JsDrive::new(drive))?)).await.map(|()| JsValue::UNDEFINED) })
    }
}

/// Imports a vault into an empty place, as it was exported.
#[wasm_bindgen(js_name = importVault)]
pub fn import_vault(drive: JsValue, source: JsValue, options: JsValue, cancel: &Cancel) -> Promise {
    let cancel = Some(cancel.0.clone());
    promise(async move {
        let (drive, source) = (Arc::new(input("import", JsDrive::new(drive))?), Arc::new(input("import", JsSource::new(source))?));
        let progress = input("import", care::watched(&options))?;
        let options = ImportOptions { cancel, progress, ..ImportOptions::new(Arc::new(JsRuntime)) };
        Ok(care::transferred(&transfer::import(drive, source, options).await?))
    })
}

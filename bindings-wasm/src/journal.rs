//! What only the journal layout has: more methods of the client.

use crate::{
    cancel::Cancel,
    client::{Client, with_cancel},
    convert::{from_host, journal, to_host, write},
    input, promise, setup,
};
use js_sys::Promise;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen]
impl Client {
    /// Puts the drive in order.
    pub fn compact(&self, options: JsValue, cancel: &Cancel) -> Promise {
        let (client, options) = (self.0.clone(), with_cancel("compact", setup::sync_options(&options), cancel));
        promise(async move { Ok(client.compact(options?).await?.into()) })
    }

    /// Lists what a document was and is.
    pub fn history(&self, id: JsValue) -> Promise {
        let client = self.0.clone();
        promise(async move { Ok(write::list(&client.history(input("history", from_host::id(&id))?).await?, journal::old_version)) })
    }

    /// Makes a document what it was at a revision.
    pub fn restore(&self, id: JsValue, revision: JsValue) -> Promise {
        let client = self.0.clone();
        promise(async move {
            client.restore(input("restore", from_host::id(&id))?, input("restore", from_host::revision(&revision))?).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Lists versions that lost and that nobody has decided about.
    #[wasm_bindgen(js_name = leftVersions)]
    pub fn left_versions(&self) -> Promise {
        let client = self.0.clone();
        promise(async move { Ok(write::list(&client.left_versions().await?, journal::left_version)) })
    }

    /// Takes such a version up, as a conflict of this client.
    pub fn claim(&self, left: JsValue) -> Promise {
        let client = self.0.clone();
        promise(async move { Ok(to_host::conflict(&client.claim(input("claim", journal::read_left_version(&left))?).await?)) })
    }

    /// Lists the devices that have written to the vault.
    pub fn devices(&self) -> Promise {
        let client = self.0.clone();
        promise(async move { Ok(write::list(&client.devices().await?, journal::device)) })
    }

    /// Says which vault this is and how far it was read, for a new device.
    #[wasm_bindgen(js_name = pairingCode)]
    pub fn pairing_code(&self) -> Promise {
        let client = self.0.clone();
        promise(async move { Ok(client.pairing_code().await?.to_string().into()) })
    }

    /// Lowers the strategy by which the vault's records are found.
    pub fn lower(&self, strategy: JsValue) -> Promise {
        let client = self.0.clone();
        promise(async move {
            client.lower(input("lower", journal::strategy(&strategy))?).await?;
            Ok(JsValue::UNDEFINED)
        })
    }
}

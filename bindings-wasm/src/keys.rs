//! What opens a sealed vault: more methods of the client.

use crate::{
    cancel::Cancel,
    client::{Client, with_cancel},
    convert::{read, sealing, write},
    input, promise, setup,
};
use js_sys::Promise;
use kitestring::Error;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen]
impl Client {
    /// Gives what opens this vault as the passphrase or key does that the client was opened with.
    #[wasm_bindgen(js_name = vaultKey)]
    pub fn vault_key(&self) -> Promise {
        let client = self.0.clone();
        promise(async move { Ok(client.vault_key().map_or(JsValue::UNDEFINED, |key| write::bytes(key.bytes()))) })
    }

    /// Opens the keyring as it is on the drive now.
    #[wasm_bindgen(js_name = lookForKeys)]
    pub fn look_for_keys(&self) -> Promise {
        let client = self.0.clone();
        promise(async move { client.look_for_keys().await.map(|()| JsValue::UNDEFINED) })
    }

    /// Lists the passphrases and keys that open the vault.
    pub fn keys(&self) -> Promise {
        let client = self.0.clone();
        promise(async move { Ok(write::list(&client.keys()?, sealing::slot)) })
    }

    /// Lets another passphrase or key open the vault.
    #[wasm_bindgen(js_name = addKey)]
    pub fn add_key(&self, label: JsValue, encryption: JsValue) -> Promise {
        let client = self.0.clone();
        promise(async move {
            let label = input("key", read::text(&label))?;
            Ok(sealing::slot(&client.add_key(&label, input("key", sealing::encryption(&encryption))?).await?))
        })
    }

    /// Lets a passphrase or key open the vault no longer.
    #[wasm_bindgen(js_name = removeKey)]
    pub fn remove_key(&self, id: JsValue) -> Promise {
        let client = self.0.clone();
        promise(async move { client.remove_key(&input("key", read::text(&id))?).await.map(|()| JsValue::UNDEFINED) })
    }

    /// Seals with a new key from now on.
    #[wasm_bindgen(js_name = rotateKey)]
    pub fn rotate_key(&self, keep: JsValue) -> Promise {
        let client = self.0.clone();
        promise(async move {
            let keep = input("key", read::if_given(&keep, |keep| read::list(keep, sealing::encryption)))?;
            client.rotate_key(keep.unwrap_or_default()).await.map(|()| JsValue::UNDEFINED)
        })
    }

    /// Revokes a device.
    pub fn revoke(&self, revocation: JsValue, options: JsValue, cancel: &Cancel) -> Promise {
        let (client, options) = (self.0.clone(), with_cancel("key", setup::sync_options(&options), cancel));
        promise(async move {
            let revocation = input("key", sealing::revocation(&revocation))?;
            Ok::<_, Error>(sealing::slot(&client.revoke(revocation, options?).await?))
        })
    }
}

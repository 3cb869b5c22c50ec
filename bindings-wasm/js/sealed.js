// The client for sealed vaults and others.
import * as glue from "./sealed_bg.js";
import { CALL, CALL_WITH_SIGNAL } from "./client.js";
import { journalOver } from "./journal.js";
import { Module } from "./load.js";

const module = new Module(glue, "sealed", () => new URL("./sealed_bg.wasm", import.meta.url));

export class Client extends journalOver(module) {
  vaultKey() {
    return this[CALL](inner => inner.vaultKey());
  }

  lookForKeys() {
    return this[CALL](inner => inner.lookForKeys());
  }

  keys() {
    return this[CALL](inner => inner.keys());
  }

  addKey(label, encryption) {
    return this[CALL](inner => inner.addKey(label, encryption));
  }

  removeKey(id) {
    return this[CALL](inner => inner.removeKey(id));
  }

  rotateKey(keep) {
    return this[CALL](inner => inner.rotateKey(keep));
  }

  revoke(revocation, options) {
    return this[CALL_WITH_SIGNAL](options, (inner, cancel) => inner.revoke(revocation, options, cancel));
  }
}
export { KiteError } from "./error.js";
export { Drive, State } from "./memory.js";

// The client that opens sealed vaults and others.
import { CALL, CALL_WITH_SIGNAL } from "./client.js";
import { journalOver } from "./journal.js";

/** Makes the class `Client` over a module that can seal. */
export function sealedOver(module) {
  return class Client extends journalOver(module) {
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
  };
}

// The client in the journal layout.
import { CALL, CALL_WITH_SIGNAL, clientOver } from "./client.js";

/** Makes the class `Client` over a module that has this layout. */
export function journalOver(module) {
  return class Client extends clientOver(module) {
    compact(options) {
      return this[CALL_WITH_SIGNAL](options, (inner, cancel) => inner.compact(options, cancel));
    }

    leftVersions() {
      return this[CALL](inner => inner.leftVersions());
    }

    claim(left) {
      return this[CALL](inner => inner.claim(left));
    }

    history(id) {
      return this[CALL](inner => inner.history(id));
    }

    restore(id, revision) {
      return this[CALL](inner => inner.restore(id, revision));
    }

    devices() {
      return this[CALL](inner => inner.devices());
    }

    pairingCode() {
      return this[CALL](inner => inner.pairingCode());
    }

    lower(strategy) {
      return this[CALL](inner => inner.lower(strategy));
    }
  };
}

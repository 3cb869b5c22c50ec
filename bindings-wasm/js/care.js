// The client that also takes care of vaults: looks at them, breaks locks, exports, imports, moves and migrates.
import * as glue from "./care_bg.js";
import { CALL, CALL_WITH_SIGNAL, cancellable } from "./client.js";
import { Module } from "./load.js";
import { sealedOver } from "./sealing.js";

const module = new Module(glue, "care", () => new URL("./care_bg.wasm", import.meta.url));

/** The files that `files()` gives, one at a time, and again from the first. */
class Source {
  #files;
  #at;

  constructor(files) {
    this.#files = files;
  }

  async rewind() {
    await this.#at?.return?.();
    const files = this.#files();
    this.#at = files[Symbol.asyncIterator]?.() ?? files[Symbol.iterator]();
  }
  async next() {
    const { done, value } = await this.#at.next();
    return done ? undefined : value;
  }
}

/** Imports a vault into an empty place, as it was exported. */
export function importVault(drive, files, options) {
  return cancellable(module, options?.signal, cancel => glue.importVault(drive, new Source(files), options, cancel));
}

export class Client extends sealedOver(module) {
  doctor(options) {
    return this[CALL_WITH_SIGNAL](options, (inner, cancel) => inner.doctor(options, cancel));
  }

  heldLock() {
    return this[CALL](inner => inner.heldLock());
  }

  breakLock(seen) {
    return this[CALL](inner => inner.breakLock(seen));
  }

  exportVault(take, options) {
    return this[CALL_WITH_SIGNAL](options, (inner, cancel) => inner.exportVault({ take }, options, cancel));
  }

  moveTo(drive, options) {
    return this[CALL_WITH_SIGNAL](options, (inner, cancel) => inner.moveTo(drive, options, cancel));
  }

  migrate(drive, options) {
    return this[CALL_WITH_SIGNAL](options, (inner, cancel) => inner.migrate(drive, options, cancel));
  }

  follow(drive) {
    return this[CALL](inner => inner.follow(drive));
  }
}
export { KiteError } from "./error.js";
export { Drive, State } from "./memory.js";

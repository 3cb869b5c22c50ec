// Loads one WebAssembly module, and notices when it has died: whatever it was doing then is rejected, and every later call.
import { KiteError } from "./error.js";

/** Reads a file of this package: in Node from the disk, elsewhere as the page does. */
async function bytesOf(url) {
  if (url.protocol === "file:") {
    // Not imported: a bundler would look for it, and a service worker may not import later.
    return globalThis.process.getBuiltinModule("node:fs/promises").readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new KiteError("unavailable", "open", `the module cannot be loaded: ${response.status}`, { subject: url.href });
  return response.arrayBuffer();
}

/** What an exported function answers that was not carried out: no error, as the glue reads it. */
const NOTHING = Object.freeze([0, 0, 0]);

/** Errors are made inside of the module, where there is no such class. */
function typed(error) {
  return error?.name === "KiteError" ? Object.setPrototypeOf(error, KiteError.prototype) : error;
}

/**
 * One module: `glue` is what wasm-bindgen wrote, `NAME_bg.js`; `address` says where the code is, once it is wanted. Whoever
 * makes one spells it out, `() => new URL("./NAME_bg.wasm", import.meta.url)`: by that a bundler finds the file.
 */
export class Module {
  #glue;
  #name;
  #address;
  #started;
  #death;
  #open = new Set();

  constructor(glue, name, address) {
    this.#glue = glue;
    this.#name = name;
    this.#address = address;
  }

  /** Loads it once; who asks again is given the same. A failed attempt is made again. */
  load() {
    this.#started ??= this.#start().catch(error => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  async #start() {
    const bytes = await bytesOf(this.#address());
    const { instance } = await WebAssembly.instantiate(bytes, { [`./${this.#name}_bg.js`]: this.#glue });
    this.#glue.__wbg_set_wasm(this.#guarded(instance.exports));
    instance.exports.__wbindgen_start?.();
    return this.#glue;
  }

  /** What leaves an exported function by throwing has left the module in the middle of something. */
  #guarded(exports) {
    const guarded = {};
    for (const [name, value] of Object.entries(exports)) {
      guarded[name] = typeof value === "function" ? (...given) => this.#enter(value, given) : value;
    }
    return guarded;
  }

  #enter(exported, given) {
    if (this.#death) return NOTHING;
    try {
      return exported(...given);
    } catch (error) {
      this.#die(error);
      return NOTHING;
    }
  }

  #die(cause) {
    this.#death = cause;
    for (const reject of this.#open) reject(this.#dead());
    this.#open.clear();
  }

  #dead() {
    const detail = `the module has stopped after a fault of this library: load the page or the program again (${this.#death})`;
    return new KiteError("internal", "call", detail, { cause: this.#death });
  }

  /** Makes a call that returns a promise. */
  call(work) {
    return new Promise((resolve, reject) => {
      if (this.#death) return reject(this.#dead());
      this.#open.add(reject);
      const done = settle => value => {
        this.#open.delete(reject);
        settle(value);
      };
      try {
        const answer = work();
        if (!this.#death) answer.then(done(resolve), done(error => reject(typed(error))));
      } catch (error) {
        done(reject)(this.#death ? this.#dead() : error);
      }
    });
  }

  /** Does something that returns at once; a module that has died does nothing. */
  now(work) {
    if (!this.#death) work();
  }
}

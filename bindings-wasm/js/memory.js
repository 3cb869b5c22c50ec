// A state and a drive that are gone with the program: for tests and first tries.
import { KiteError } from "./error.js";
import { Records } from "./records.js";

class MemoryState {
  #records = new Records();

  read(keys) {
    return keys.map(key => this.#records.get(key));
  }
  scan(prefix, after, limit) {
    return this.#records.page(prefix, after, limit);
  }
  write(batch) {
    this.#records.write(batch);
  }
}

class MemoryDrive {
  capabilities = { create: true, replace: true, versions: true, exact: true, consistent: true, parallel: 8 };
  #files = new Map();
  #writes = 0;

  get(path, { range, unless } = {}) {
    const file = this.#files.get(path);
    if (!file || file.version !== unless) {
      return file && { version: file.version, bytes: range ? file.bytes.slice(range.start, range.end) : file.bytes.slice() };
    }
    return "unchanged";
  }
  put(path, bytes, condition) {
    this.#check("put", path, condition);
    const version = String(++this.#writes);
    this.#files.set(path, { bytes: bytes.slice(), version });
    return version;
  }
  delete(path, condition) {
    this.#check("delete", path, condition);
    this.#files.delete(path);
  }
  listDir(dir) {
    const under = dir === "" ? "" : `${dir}/`;
    const entries = new Map();
    for (const [path, { bytes }] of this.#files) {
      if (!path.startsWith(under)) continue;
      const [name, ...below] = path.slice(under.length).split("/");
      entries.set(name, below.length > 0 ? { name, isDir: true } : { name, isDir: false, size: bytes.length });
    }
    return { entries: [...entries.values()] };
  }

  #check(operation, path, condition) {
    const version = this.#files.get(path)?.version;
    const holds = condition === "any" || (condition === "absent" ? version === undefined : version === condition.matches);
    if (!holds) throw new KiteError("condition", operation, "the file is another by now", { subject: path, retryAfterMs: 0 });
  }
}

export const State = { memory: () => new MemoryState() };
export const Drive = { memory: () => new MemoryDrive() };

// A state and a drive that are gone with the program: for tests and first tries.
import { KiteError } from "./error.js";

/** The keys of a map that `scan` may list, in order. */
export function page(keys, prefix, after, limit) {
  const wanted = [...keys].filter(key => key.startsWith(prefix) && (after === undefined || key > after));
  return wanted.sort((a, b) => (a < b ? -1 : 1)).slice(0, limit);
}

/** Carries out a batch on a map. */
export function carryOut(records, batch) {
  for (const { key, value } of batch) {
    if (value === undefined) records.delete(key);
    else records.set(key, value);
  }
}

class MemoryState {
  #records = new Map();

  read(keys) {
    return keys.map(key => this.#records.get(key));
  }
  scan(prefix, after, limit) {
    return page(this.#records.keys(), prefix, after, limit).map(key => ({ key, value: this.#records.get(key) }));
  }
  write(batch) {
    carryOut(this.#records, batch);
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

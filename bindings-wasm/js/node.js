// For Node: a drive in a folder, and the client's own memory in one, a file to which each batch is appended, and synced.
import { createHash } from "node:crypto";
import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { FolderDrive } from "./folder.js";
import { Records } from "./records.js";

/** A drive in a folder of this machine. */
export const Drive = { folder: path => FolderDrive.open(path) };

const HEADER = 4 + 8;
/** Below this many bytes, the file is not written anew. */
const SMALL = 1 << 20;
const REMOVED = 0xffffffff;

function number(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

const check = payload => createHash("sha256").update(payload).digest().subarray(0, 8);

/** One batch: its length, its check, and each record with the lengths of its key and its value. */
function encode(batch) {
  const parts = batch.flatMap(({ key, value }) =>
    value === undefined
      ? [number(key.length), number(REMOVED), Buffer.from(key, "latin1")]
      : [number(key.length), number(value.length), Buffer.from(key, "latin1"), value],
  );
  const payload = Buffer.concat(parts);
  return Buffer.concat([number(payload.length), check(payload), payload]);
}

function decode(payload) {
  const batch = [];
  for (let at = 0; at < payload.length; ) {
    const [keyBytes, valueBytes] = [payload.readUInt32LE(at), payload.readUInt32LE(at + 4)];
    const key = payload.toString("latin1", at + 8, at + 8 + keyBytes);
    at += 8 + keyBytes;
    if (valueBytes === REMOVED) batch.push({ key });
    else batch.push({ key, value: new Uint8Array(payload.subarray(at, at + valueBytes)) });
    at += valueBytes === REMOVED ? 0 : valueBytes;
  }
  return batch;
}

/** Reads every whole batch, and returns where the last one ends: behind it lies what was being written when power failed. */
function replay(bytes, records) {
  let at = 0;
  while (at + HEADER <= bytes.length) {
    const payload = bytes.subarray(at + HEADER, at + HEADER + bytes.readUInt32LE(at));
    const whole = payload.length === bytes.readUInt32LE(at) && check(payload).equals(bytes.subarray(at + 4, at + HEADER));
    if (!whole) break;
    records.write(decode(payload));
    at += HEADER + payload.length;
  }
  return at;
}

async function syncFolder(folder) {
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}

/** A state in a folder of its own. One client of one process at a time. */
export class FileState {
  #folder;
  #file;
  #end = 0;
  #records = new Records();
  /** Writes come one after the other. */
  #turn = Promise.resolve();

  /** Opens the folder, and makes it if it is not there. */
  static async open(folder) {
    await mkdir(folder, { recursive: true });
    const state = new FileState();
    state.#folder = folder;
    state.#file = await open(state.#path("state"), "a+");
    const bytes = await state.#file.readFile();
    state.#end = replay(bytes, state.#records);
    if (state.#end < bytes.length) await state.#file.truncate(state.#end);
    await syncFolder(folder);
    return state;
  }

  #path(name) {
    return join(this.#folder, name);
  }

  async read(keys) {
    return keys.map(key => this.#records.get(key));
  }

  async scan(prefix, after, limit) {
    return this.#records.page(prefix, after, limit);
  }

  write(batch) {
    const written = this.#turn.then(() => this.#append(batch));
    this.#turn = written.catch(() => {});
    return written;
  }

  async #append(batch) {
    const bytes = encode(batch);
    if ((await this.#file.stat()).size !== this.#end) throw new Error(`${this.#folder} was changed by somebody else`);
    try {
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
    } catch (error) {
      // Half of it must not stay in front of the next one.
      await this.#file.truncate(this.#end);
      throw error;
    }
    this.#end += bytes.length;
    this.#records.write(batch);
    if (this.#end > SMALL) await this.#shrink();
  }

  /** Writes the file anew, if half of it is no longer needed. */
  async #shrink() {
    const all = encode(this.#records.all());
    if (all.length > this.#end / 2) return;
    const fresh = await open(this.#path("state.new"), "w+");
    try {
      await fresh.writeFile(all);
      await fresh.sync();
    } finally {
      await fresh.close();
    }
    await rename(this.#path("state.new"), this.#path("state"));
    await syncFolder(this.#folder);
    await this.#file.close();
    this.#file = await open(this.#path("state"), "a+");
    this.#end = all.length;
  }

  /** Closes the file, once what is being written is written. */
  close() {
    return this.#turn.then(() => this.#file.close());
  }
}

// A drive in a folder of this machine, for Node, beside `kite` and other programs that use this drive there.
//
// Node has no lock that a program's death releases. So a file is created once only, by a hard link, which is exact; to replace
// one version by another is not claimed, and whoever writes last has written.
import { createHash } from "node:crypto";
import { link, mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { LOCK, fault, isMissing, isOurs, isReserved, kindOf, openFile, stage, syncFolder, temporary } from "./disk.js";
import { KiteError } from "./error.js";

const BUFFER = 128 << 10;
/** How many hexadecimal digits of a digest make a version. */
const DIGITS = 40;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const versionOf = hash => hash.digest("hex").slice(0, DIGITS);
const identityOf = ({ dev, ino }) => `${dev} ${ino}`;

export class FolderDrive {
  #root;
  #identity;
  /** Folders whose own name is known to be on the disk. */
  #durable = new Set();
  #isMarked = false;
  capabilities;

  /** Opens a folder, which may be a link, and makes it if it is not there, but no folder above it. */
  static async open(folder) {
    if (process.platform === "win32") throw new KiteError("unsupported", "open", "this drive is for Linux and macOS");
    const drive = new FolderDrive();
    drive.#root = resolve(folder);
    try {
      const made = await mkdir(drive.#root).then(() => true, error => {
        if (error.code !== "EEXIST") throw error;
        return false;
      });
      if (made) await syncFolder(dirname(drive.#root));
      const found = await stat(drive.#root);
      if (!found.isDirectory()) throw new KiteError("invalid_input", "open", "this is no folder", { subject: folder });
      drive.#identity = identityOf(found);
    } catch (error) {
      if (!isMissing(error)) throw fault(error, "open", folder);
      throw new KiteError("not_found", "open", "there is no folder above it: is the disk mounted?", { subject: folder, cause: error });
    }
    drive.capabilities = { create: await drive.#hasLinks(), versions: true, consistent: true, parallel: 8 };
    return drive;
  }

  /** Whether the disk has hard links. One that cannot be written now says so when it is written. */
  async #hasLinks() {
    const [from, to] = [temporary(), temporary()].map(name => join(this.#root, name));
    try {
      await (await open(from, "wx")).close();
      await link(from, to);
      await unlink(to);
      return true;
    } catch (error) {
      return !["EPERM", "ENOTSUP", "ENOSYS", "EOPNOTSUPP"].includes(error?.code);
    } finally {
      await unlink(from).catch(() => {});
    }
  }

  get(path, { range, unless } = {}) {
    return this.#on("get", path, async () => {
      const place = await this.#place("get", path);
      if (!place) return undefined;
      const handle = await openFile(place).catch(error => (isMissing(error) ? undefined : Promise.reject(error)));
      if (!handle) return undefined;
      try {
        const found = await handle.stat();
        if (found.isDirectory()) return undefined;
        if (!found.isFile()) throw this.#noFile("get", path);
        const read = await this.#read(handle, range);
        return read.version === unless ? "unchanged" : read;
      } finally {
        await handle.close();
      }
    });
  }

  /** Reads a whole file, for its version, and keeps the wanted bytes. */
  async #read(handle, { start = 0, end = Infinity } = {}) {
    const [hash, kept, buffer] = [createHash("sha256"), [], Buffer.alloc(BUFFER)];
    for (let at = 0; ; ) {
      const { bytesRead } = await handle.read(buffer, 0, BUFFER, at);
      if (bytesRead === 0) break;
      const part = buffer.subarray(0, bytesRead);
      hash.update(part);
      const [from, to] = [Math.max(0, start - at), Math.min(bytesRead, end - at)];
      if (from < to) kept.push(Buffer.from(part.subarray(from, to)));
      at += bytesRead;
    }
    return { bytes: new Uint8Array(Buffer.concat(kept)), version: versionOf(hash) };
  }

  put(path, bytes, condition) {
    return this.#on("put", path, async () => {
      if (path === "") throw new KiteError("invalid_input", "put", "this is the drive's root, not a file");
      const place = await this.#place("put", path, true);
      const creates = condition === "absent" && this.capabilities.create;
      if (!creates) await this.#target("put", path, place);
      const staged = await stage(dirname(place), bytes);
      try {
        if (creates) await link(staged, place);
        else await rename(staged, place);
      } catch (error) {
        if (error.code === "EEXIST") throw new KiteError("condition", "put", "the file is not as expected", { subject: path, retryAfterMs: 0 });
        throw error;
      } finally {
        if (creates) await unlink(staged);
        else await unlink(staged).catch(() => {});
      }
      await this.#sync(dirname(place));
      return versionOf(createHash("sha256").update(bytes));
    });
  }

  delete(path, condition) {
    return this.#on("delete", path, async () => {
      const place = path === "" ? undefined : await this.#place("delete", path);
      const isThere = place !== undefined && (await this.#target("delete", path, place));
      if (condition === "absent") {
        if (isThere && this.capabilities.create) throw new KiteError("condition", "delete", "the file is there", { subject: path, retryAfterMs: 0 });
        return;
      }
      if (!isThere) return;
      await unlink(place).catch(error => (isMissing(error) ? undefined : Promise.reject(error)));
      await syncFolder(dirname(place));
    });
  }

  listDir(dir) {
    return this.#on("list", dir, async () => {
      const place = dir === "" ? this.#root : await this.#place("list", dir);
      const found = place && (await kindOf(place));
      if (dir !== "" && found?.isSymbolicLink()) throw fault({ code: "ELOOP" }, "list", dir);
      if (dir !== "" && !found?.isDirectory()) return { entries: [] };
      const entries = [];
      for (const entry of await readdir(place, { withFileTypes: true, encoding: "buffer" })) {
        const name = decoded(entry.name);
        if (name === undefined || !(entry.isFile() || entry.isDirectory()) || (await isOurs(place, name))) continue;
        entries.push({ name, isDir: entry.isDirectory() });
      }
      return { entries };
    });
  }

  async #on(operation, path, work) {
    try {
      await this.#isThere(operation);
      return await work();
    } catch (error) {
      throw fault(error, operation, path);
    }
  }

  /** Makes sure that the root is still the drive: an empty mount point must not pass for the drive whose disk was pulled out. */
  async #isThere(operation) {
    const found = await stat(this.#root).catch(error => (isMissing(error) ? undefined : Promise.reject(error)));
    if (found?.isDirectory() && identityOf(found) === this.#identity) return;
    if (!found?.isDirectory() || !(await kindOf(join(this.#root, LOCK)))?.isFile()) {
      throw new KiteError("unavailable", operation, `the drive folder is gone: is the disk mounted? (${this.#root})`);
    }
    this.#identity = identityOf(found);
    this.#durable.clear();
  }

  /** Where a file is, if the folders above it are there. None of them may be a link. */
  async #place(operation, path, make = false) {
    const names = path.split("/");
    if (names.some(isReserved)) throw new KiteError("invalid_input", operation, "this name is reserved for the drive's own files", { subject: path });
    let at = this.#root;
    for (const name of names.slice(0, -1)) {
      at = join(at, name);
      let found = await kindOf(at);
      if (!found && make) {
        await mkdir(at).catch(error => (error.code === "EEXIST" ? undefined : Promise.reject(error)));
        found = await kindOf(at);
      }
      if (found?.isSymbolicLink()) throw fault({ code: "ELOOP" }, operation, path);
      if (!found?.isDirectory()) {
        if (make) throw fault({ code: "ENOTDIR" }, operation, path);
        return undefined;
      }
    }
    return join(at, names.at(-1));
  }

  /** Whether there is a file where one is to be written or deleted. */
  async #target(operation, path, place) {
    const found = await kindOf(place);
    if (!found || found.isFile()) return Boolean(found);
    if (found.isSymbolicLink()) throw fault({ code: "ELOOP" }, operation, path);
    if (!found.isDirectory()) throw this.#noFile(operation, path);
    if (operation === "delete") return false;
    throw new KiteError("invalid_input", operation, "there is a folder of that name", { subject: path });
  }

  #noFile(operation, path) {
    return new KiteError("invalid_input", operation, "what has this name on the disk is no file: a device, a pipe or a socket", { subject: path });
  }

  /** Makes the names in a folder durable, and those of the folders above it unless they are known to be. */
  async #sync(folder) {
    if (!this.#isMarked) {
      await (await open(join(this.#root, LOCK), "a")).close();
      await syncFolder(this.#root);
      this.#isMarked = true;
    }
    await syncFolder(folder);
    const above = [];
    for (let at = folder; at !== this.#root && !this.#durable.has(at); at = dirname(at)) above.push(at);
    for (const at of above) await syncFolder(dirname(at));
    for (const at of above) this.#durable.add(at);
  }
}

/** The name as text; undefined if it is none. */
function decoded(name) {
  try {
    return utf8.decode(name);
  } catch {
    return undefined;
  }
}

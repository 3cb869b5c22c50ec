// What a drive in a folder of this machine does to the disk, for Node: durable writes, reserved names, and errors.
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { KiteError } from "./error.js";

/** The file by which a drive is known again after its disk was mounted anew. `kite` locks it. */
export const LOCK = ".kite.lock";
/** After what time a file that was being written was left behind by a crash. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

export const temporary = () => `.~kite-${randomBytes(8).toString("hex")}.tmp`;
const isTemporary = name => /^\.~kite-.+\.tmp$/i.test(name);
/** Whether a drive keeps this name for itself, on file systems that fold case too. */
export const isReserved = name => name.toLowerCase() === LOCK || isTemporary(name);

const SAYS = [
  [["ENAMETOOLONG", "EILSEQ", "EINVAL", "ERR_INVALID_ARG_VALUE"], "invalid_input", "this file system cannot store a file of that name"],
  [["ENOTDIR", "EISDIR", "ENOTEMPTY"], "invalid_input", "a file and a folder on this drive want the same name"],
  [["ELOOP"], "invalid_input", "the path leads through a symbolic link, and this drive follows none"],
  [["ENOSPC", "EDQUOT", "EFBIG"], "quota_exceeded", "the disk, or this user's share of it, has no room for the file"],
  [["EACCES", "EPERM"], "unavailable", "this program has no permission for it"],
  [["EROFS"], "unavailable", "the disk is mounted for reading only"],
];

/** Says what an error of the system means to the caller. */
export function fault(error, operation, subject) {
  if (error instanceof KiteError) return error;
  const [, code, detail] = SAYS.find(([codes]) => codes.includes(error?.code)) ?? [, "unavailable", `the disk answered with an error: ${error?.message}`];
  return new KiteError(code, operation, detail, { subject, cause: error });
}

export const isMissing = error => error?.code === "ENOENT";

/** What a name stands for: nothing, or what `lstat` says. */
export async function kindOf(path) {
  try {
    return await lstat(path);
  } catch (error) {
    if (isMissing(error) || error?.code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Makes the names in a folder durable. Some network and user-space file systems cannot, and need not. */
export async function syncFolder(folder) {
  const handle = await open(folder, O_RDONLY);
  try {
    await handle.sync();
  } catch (error) {
    if (!["EINVAL", "ENOTSUP"].includes(error?.code)) throw error;
  } finally {
    await handle.close();
  }
}

/** Writes a file under a temporary name, durably, and returns that. */
export async function stage(folder, bytes) {
  const path = join(folder, temporary());
  const handle = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    await unlink(path).catch(() => {});
    throw error;
  } finally {
    await handle.close();
  }
  return path;
}

/** Opens a file for reading; never waits for the other end of a pipe. */
export const openFile = path => open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);

/** Whether a listing leaves a name out. What a crash has left is removed on the way. */
export async function isOurs(folder, name) {
  if (!isReserved(name)) return false;
  if (isTemporary(name)) {
    const path = join(folder, name);
    const found = await kindOf(path);
    if (found?.isFile() && Date.now() - found.mtimeMs > ABANDONED_MS) await unlink(path).catch(() => {});
  }
  return true;
}

// Drives of db-to-cloud: what a program makes need only have get, put, post, delete and list.

const isMissing = error => error?.code === "ENOENT" || error?.code === 404;

/** Answers nothing for what is missing. */
async function ifThere(work) {
  try {
    return await work();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

const fileMeta = {
  async getMeta() {
    return (await ifThere(() => this.get("meta.json"))) ?? {};
  },
  putMeta(meta) {
    return this.put("meta.json", meta);
  },
};

async function peekChanges(oldMeta) {
  return (await this.getMeta()).lastChange !== oldMeta.lastChange;
}

const BARE = Symbol("the drive as it was given");

/** The drive that `sync.drive()` returns: files are JSON values, and what the given one lacks is there. */
export function built(bare, fileLock) {
  const drive = Object.create(bare);
  drive[BARE] = bare;
  drive.get = async path => JSON.parse(await bare.get(path));
  drive.put = async (path, value) => bare.put(path, JSON.stringify(value));
  drive.post = async (path, value) => bare.post(path, JSON.stringify(value));
  drive.isInit = false;
  if (!bare.acquireLock) Object.assign(drive, fileLock);
  if (!bare.getMeta) Object.assign(drive, fileMeta);
  if (!bare.peekChanges) drive.peekChanges = peekChanges;
  return drive;
}

/** The count as a drive that has no place of its own for it keeps it: in a file. */
const metaFile = bare => ({
  get: () => ifThere(() => bare.get("meta.json")),
  put: text => bare.put("meta.json", text),
});

const ownMeta = drive => ({
  get: async () => JSON.stringify(await drive.getMeta()),
  put: text => drive.putMeta(JSON.parse(text)),
});

/** What was read may be half a file: the module reads it again then. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The same drive as the module takes it: files are texts, and a missing one is an answer. `meta.known` is what was read or
 * written of the count last. */
export function fileVerbs(drive, meta) {
  const bare = drive[BARE];
  const count = bare.getMeta ? ownMeta(drive) : metaFile(bare);
  return {
    async get(path) {
      const found = await (path === "meta.json" ? count.get() : ifThere(() => bare.get(path)));
      if (path === "meta.json") meta.known = found === undefined ? {} : parsed(found);
      return found === undefined ? found : String(found);
    },
    async put(path, text) {
      await (path === "meta.json" ? count.put(text) : bare.put(path, text));
      if (path === "meta.json") meta.known = JSON.parse(text);
    },
    async post(path, text) {
      try {
        await bare.post(path, text);
        return true;
      } catch (error) {
        if (error?.code !== "EEXIST") throw error;
        return false;
      }
    },
    delete: path => bare.delete(path),
    async list(path) {
      return [...((await ifThere(() => bare.list(path))) ?? [])];
    },
  };
}

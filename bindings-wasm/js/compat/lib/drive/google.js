// The hidden folder of an app in Google Drive, as db-to-cloud keeps it: a path is the whole name of a file, and whoever holds
// the lock has the oldest revision of `lock.json` behind its first one.
import { LockError } from "../lock.js";
import { RequestError, createRequest } from "../request.js";

const JSON_TYPE = "application/json; charset=UTF-8";

/** The bytes of an upload that brings its description with it, and what they are. */
function described(description, text) {
  const boundary = `part-${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`;
  const part = (type, body) => `--${boundary}\r\nContent-Type: ${type}\r\n\r\n${body}\r\n`;
  return {
    contentType: `multipart/related; boundary=${boundary}`,
    body: `${part(JSON_TYPE, JSON.stringify(description))}${part("text/plain", text)}--${boundary}--`,
  };
}

/** `service` is the address of an emulator. */
export default function google({ getAccessToken, fetch, service = "https://www.googleapis.com/" }) {
  const request = createRequest({ getAccessToken, fetch });
  /** Which file has a name. Google knows files by id. */
  const ids = new Map();
  let held;

  const at = (path, query = {}) => `${service}${path}?${new URLSearchParams(query)}`;
  const file = (id, query) => at(`drive/v3/files/${id}`, query);
  const revision = (id, number, query) => at(`drive/v3/files/${id}/revisions/${number}`, query);

  /** Every page of a listing. */
  async function pages(path, query, take) {
    let pageToken;
    do {
      const page = await request({ path: at(path, { ...query, ...(pageToken && { pageToken }) }), format: "json" });
      take(page);
      pageToken = page.nextPageToken;
    } while (pageToken);
  }

  const search = q =>
    pages("drive/v3/files", { spaces: "appDataFolder", pageSize: 1000, fields: "nextPageToken,files(id,name)", ...(q && { q }) }, page => {
      for (const { id, name } of page.files) ids.set(name, id);
    });

  async function idOf(name) {
    if (!ids.has(name)) await search(`name = '${name.replace(/[\\']/g, "\\$&")}'`);
    return ids.get(name);
  }

  async function create(name, text) {
    const query = { uploadType: "multipart", fields: "id" };
    const upload = described({ name, parents: ["appDataFolder"] }, text);
    const { id } = await request({ method: "POST", path: at("upload/drive/v3/files", query), format: "json", ...upload });
    ids.set(name, id);
    return id;
  }

  const replace = (id, text, more) =>
    request({
      method: "PATCH",
      path: at(`upload/drive/v3/files/${id}`, { uploadType: "media", fields: "headRevisionId", ...more }),
      contentType: "text/plain",
      body: text,
      format: "json",
    });

  /** Does something with a file, also if another device has made it anew under its name; nothing if there is none. */
  async function onFile(name, work) {
    for (let again = ids.has(name); ; again = false) {
      const id = await idOf(name);
      if (id === undefined) return undefined;
      try {
        return { value: await work(id) };
      } catch (error) {
        if (error.code !== 404) throw error;
        ids.delete(name);
        if (!again) return undefined;
      }
    }
  }

  const remove = path => request({ method: "DELETE", path, format: "text" });

  /** Ends older locks whose time is over, until the own one is the oldest. */
  async function outlive(id, own, numbers) {
    // The first revision is the one that the file was made with.
    for (const number of numbers.slice(1)) {
      if (number === own) return;
      const { expire } = await request({ path: revision(id, number, { alt: "media" }), format: "json" });
      if (expire > Date.now()) throw new LockError(expire);
      await remove(revision(id, number));
    }
    throw new Error("the lock was written, but is not among the revisions of its file");
  }

  return {
    name: "google",
    async init() {
      await search();
      for (const name of ["lock.json", "meta.json"]) {
        if (!ids.has(name)) await create(name, "{}");
      }
    },
    async get(name) {
      const found = await onFile(name, id => request({ path: file(id, { alt: "media" }), format: "text" }));
      if (!found) throw new RequestError(`there is no ${name}`, undefined, "ENOENT");
      return found.value;
    },
    async put(name, text) {
      if (!(await onFile(name, id => replace(id, text)))) await create(name, text);
    },
    async post(name, text) {
      if (await idOf(name)) throw new RequestError(`there is a ${name} already`, undefined, "EEXIST");
      await create(name, text);
    },
    async delete(name) {
      await onFile(name, id => remove(file(id)));
      ids.delete(name);
    },
    async list(folder) {
      await search();
      const inside = `${folder}/`;
      return [...ids.keys()].filter(name => name.startsWith(inside)).map(name => name.slice(inside.length));
    },
    async acquireLock(minutes) {
      const id = (await idOf("lock.json")) ?? (await create("lock.json", "{}"));
      const lock = JSON.stringify({ expire: Date.now() + minutes * 60_000 });
      const { headRevisionId: own } = await replace(id, lock, { keepRevisionForever: true });
      try {
        const numbers = [];
        await pages(`drive/v3/files/${id}/revisions`, { pageSize: 1000, fields: "nextPageToken,revisions(id)" }, page =>
          numbers.push(...page.revisions.map(({ id }) => id)),
        );
        await outlive(id, own, numbers);
        held = own;
      } catch (error) {
        await remove(revision(id, own));
        throw error;
      }
    },
    async releaseLock() {
      const own = held;
      held = undefined;
      if (own) await remove(revision(await idOf("lock.json"), own));
    },
  };
}

// This library's own drives over HTTP as drives of db-to-cloud.
import { KiteError } from "../error.js";
import { RequestError } from "./lib/request.js";

const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];

/** The statuses by which programs made for db-to-cloud know what went wrong. */
const STATUS = { unauthorized: 401, rate_limited: 429, quota_exceeded: 507 };

const isServiceWorker = () => globalThis.ServiceWorkerGlobalScope !== undefined && globalThis instanceof ServiceWorkerGlobalScope;

/** The class of a drive: the given one, or what `load` imports. */
export async function classOf(name, given, load) {
  if (given) return given;
  if (!isServiceWorker()) return (await load())[name];
  const detail = `a service worker imports nothing later: import \`${name}\` from \`kitestring/${name.toLowerCase()}\`, and give it with the options`;
  throw new KiteError("unsupported", "open", detail);
}

/** `open` is given a `fetch`, and returns a promise of the drive. */
export function served(name, { fetch = (...given) => globalThis.fetch(...given) }, open) {
  let opened, refused;

  /** What a service answered last that is no success is the `origin` of an error. */
  async function watched(...given) {
    const response = await fetch(...given);
    if (!response.ok) refused = response;
    return response;
  }

  /** What the program's own `fetch` or `getAccessToken` threw is thrown on as it is. */
  function told(error) {
    if (!(error instanceof KiteError)) return error;
    if (error.cause !== undefined) return error.cause;
    const told = new RequestError(error.message, refused, STATUS[error.code] ?? refused?.status ?? error.code);
    return Object.assign(told, { cause: error });
  }

  async function on(work) {
    refused = undefined;
    opened ??= open(watched);
    opened.catch(() => (opened = undefined));
    try {
      return await work(await opened);
    } catch (error) {
      throw told(error);
    }
  }

  const isThere = (file, code) => Object.assign(new RequestError(`${file}: ${code}`, undefined, code));

  return {
    name,
    init: () => on(drive => drive.makeRoot()),
    async get(file) {
      const found = await on(drive => drive.get(file));
      if (!found) throw isThere(file, "ENOENT");
      return decoder.decode(found.bytes);
    },
    async put(file, text) {
      await on(drive => drive.put(file, encoder.encode(text), "any"));
    },
    async post(file, text) {
      const write = drive => drive.put(file, encoder.encode(text), "absent");
      const made = await on(drive => write(drive).then(() => true, error => {
        if (error.code !== "condition") throw error;
        return false;
      }));
      if (!made) throw isThere(file, "EEXIST");
    },
    async delete(file) {
      await on(drive => drive.delete(file, "any"));
    },
    list: folder => on(async drive => {
      const names = [];
      for (let page = await drive.listDir(folder); ; page = await drive.listDir(folder, page.next)) {
        names.push(...page.entries.filter(entry => !entry.isDir).map(entry => entry.name));
        if (page.next === undefined) return names;
      }
    }),
  };
}

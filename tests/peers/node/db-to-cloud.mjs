// npm's db-to-cloud 0.8.1.
import { DOMParser } from "@xmldom/xmldom";
import dbToCloudModule from "db-to-cloud";
import { cost, documents, folder, follow, metered, place, w3, w4a, w4b, w6, where } from "./steps.mjs";

const { dbToCloud, drive: drives } = dbToCloudModule;

/** A drive in memory. */
function memory(files) {
  const failure = code => Object.assign(new Error(code), { code });
  return {
    name: "memory",
    async get(path) {
      if (!files.has(path)) throw failure("ENOENT");
      return files.get(path);
    },
    async put(path, data) {
      files.set(path, data);
    },
    async post(path, data) {
      if (files.has(path)) throw failure("EEXIST");
      files.set(path, data);
    },
    async delete(path) {
      files.delete(path);
    },
    async list(dir) {
      return [...files.keys()].filter(path => path.startsWith(`${dir}/`)).map(path => path.slice(dir.length + 1));
    },
  };
}

const files = new Map();
function open() {
  if (place === "memory") return memory(files);
  if (place === "folder") return drives.fsDrive({ folder: where });
  return drives.webdav({ url: where, username: "", password: "", fetch, DOMParser });
}

function device(docs) {
  let state;
  const writes = name => name === "put" || name === "post";
  const names = ["get", "put", "post", "delete", "list"];
  const [drive, count] = metered(open(), names, (name, given) => (writes(name) ? given[1] : undefined), (name, got) => (name === "get" ? got : undefined));
  const sync = dbToCloud({
    onGet: id => docs.get(id),
    onPut: doc => void docs.set(doc._id, doc),
    onDelete: id => void docs.delete(id),
    onFirstSync: () => {},
    compareRevision: (a, b) => a - b,
    getState: () => state && JSON.parse(state),
    setState: (_drive, now) => void (state = JSON.stringify(now)),
  });
  sync.use(drive);
  return { docs, count, sync, init: () => sync.init() };
}

const [a, b] = [device(new Map(documents.map(doc => [doc._id, doc]))), device(new Map())];
const set = ({ docs, sync }, edited) => {
  for (const doc of edited) docs.set(doc._id, doc);
  for (const doc of edited) sync.put(doc._id, doc._rev);
};
const syncs = ({ count, sync }) => cost(count, () => sync.syncNow());
const edited = (device, docs) => (set(device, docs), syncs(device));

await a.init();
await follow(
  {
    w1: () => cost(a.count, () => (documents.forEach(doc => a.sync.put(doc._id, doc._rev)), a.sync.syncNow())),
    w2: () => cost(b.count, async () => (await b.init(), await b.sync.syncNow())),
    w3_push: () => edited(a, w3),
    w3_pull: () => syncs(b),
    w4_first: () => (set(a, w4a), set(b, w4b), syncs(a)),
    w4_second: () => syncs(b),
    w4_third: () => syncs(a),
    w5: () => syncs(a),
    w6_save: () => {
      // The document is read by the sync only.
      for (const doc of w6) a.docs.set(doc._id, doc);
      return cost(a.count, () => {
        for (let left = 99; left >= 0; left--) for (const doc of w6) a.sync.put(doc._id, doc._rev - left * 60000);
      });
    },
    w6_push: () => syncs(a),
    w6_pull: () => syncs(b),
  },
  {
    same: () => a.docs.size === documents.length && [...a.docs].every(([id, doc]) => b.docs.get(id)?._rev === doc._rev),
    stored: place === "memory" ? () => [...files.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0) : undefined,
  },
);

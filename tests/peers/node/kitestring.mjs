// Ours, by its npm package.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cost, documents, folder, follow, metered, place, w3, w4a, w4b, w6Rounds, where } from "./steps.mjs";

const load = name => import(pathToFileURL(createRequire(join(process.env.KITESTRING, "package.json")).resolve(name)));
const { Client, Drive, State } = await load("kitestring");
const node = await load("kitestring/node");

const memory = place === "memory" ? Drive.memory() : undefined;
async function open() {
  if (memory) return memory;
  if (place === "folder") return node.Drive.folder(where);
  const { WebDav } = await load("kitestring/webdav");
  return WebDav.open({ url: where });
}
const state = name => (memory ? State.memory() : node.FileState.open(join(folder, name)));

/** The documents in a map, as an application has them. */
class Notes {
  docs = new Map();
  get(ids) {
    return ids.flatMap(id => (this.docs.has(id) ? [{ id, ...this.docs.get(id) }] : []));
  }
  apply(changes) {
    return changes.map(({ id, revision, body, expected }) => {
      if (this.docs.get(id)?.revision !== expected) return "stale";
      if (body) this.docs.set(id, { revision, body });
      else this.docs.delete(id);
      return "applied";
    });
  }
  entries(after) {
    return after === undefined ? [...this.docs].map(([id, { revision }]) => ({ id, revision })) : [];
  }
  set(docs) {
    return docs.map(doc => {
      this.docs.set(doc._id, { revision: doc._rev, body: new TextEncoder().encode(JSON.stringify(doc)) });
      return { id: doc._id, revision: doc._rev, action: "put" };
    });
  }
}

async function device(name) {
  const names = ["get", "put", "delete", "list", "listDir"];
  const [drive, count] = metered(await open(), names, (asked, given) => (asked === "put" ? given[1] : undefined), (asked, got) => (asked === "get" ? got?.bytes : undefined));
  const application = new Notes();
  const start = async () => Client.open({ application, state: await state(name), drive });
  return { application, count, start };
}

const [a, b] = [await device("a"), await device("b")];
a.client = await a.start();
const first = a.application.set(documents);
const set = ({ application, client }, docs) => client.queueChanges(application.set(docs));
const syncs = ({ client, count }) => cost(count, () => client.sync());

/** B keeps its own side, as a person might choose. */
async function settle() {
  await b.client.sync();
  const found = await b.client.conflicts();
  if (found.length !== 10) throw new Error(`${found.length} conflicts instead of ten`);
  for (const conflict of found) await b.client.resolve(conflict, "keepLocal");
  await b.client.sync();
}

await follow(
  {
    w1: () => cost(a.count, async () => (await a.client.queueChanges(first), await a.client.sync())),
    w2: () => cost(b.count, async () => ((b.client = await b.start()), await b.client.sync())),
    w3_push: async () => (await set(a, w3), syncs(a)),
    w3_pull: () => syncs(b),
    w4_first: async () => (await set(a, w4a), await set(b, w4b), syncs(a)),
    w4_second: () => cost(b.count, settle),
    w4_third: () => syncs(a),
    w5: () => syncs(a),
    w6_save: () => {
      const rounds = w6Rounds().map(docs => a.application.set(docs));
      return cost(a.count, async () => {
        for (const changes of rounds) await a.client.queueChanges(changes);
      });
    },
    w6_push: () => syncs(a),
    w6_pull: () => syncs(b),
  },
  {
    same: () => b.application.docs.size === documents.length && [...a.application.docs].every(([id, { revision }]) => b.application.docs.get(id)?.revision === revision),
    stored: undefined,
  },
);

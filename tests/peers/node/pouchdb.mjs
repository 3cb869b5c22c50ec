// npm's PouchDB 9, with its databases in memory, against a server with logic (`pouchdb-server.mjs`). The option is the size of a batch.
import memory from "pouchdb-adapter-memory";
import PouchDB from "pouchdb";
import { cost, documents, follow, option, w3, w4a, w4b, w6Rounds, where } from "./steps.mjs";

PouchDB.plugin(memory);
const [a, b] = ["a", "b"].map(name => new PouchDB(name, { adapter: "memory" }));
const options = { batch_size: Number(option) };

/** It replaces each document's revision by its own. */
const rows = docs => docs.map(({ _id, _rev, ...rest }) => ({ _id, rev: _rev, ...rest }));
async function save(db, docs) {
  const { rows: known } = await db.allDocs({ keys: docs.map(doc => doc._id) });
  const revisions = new Map(known.map(row => [row.id, row.value?.rev]));
  const failed = (await db.bulkDocs(rows(docs).map(doc => ({ ...doc, _rev: revisions.get(doc._id) })))).filter(row => row.error);
  if (failed.length > 0) throw new Error(`not saved: ${JSON.stringify(failed[0])}`);
}

async function exchange(db, ...ways) {
  for (const way of ways) {
    const { ok, errors } = await db.replicate[way](where, options);
    if (!ok || errors.length > 0) throw new Error(`not replicated: ${errors}`);
  }
}
const both = db => cost(undefined, () => exchange(db, "to", "from"));
const push = db => cost(undefined, () => exchange(db, "to"));
const pull = db => cost(undefined, () => exchange(db, "from"));

const shown = async db => JSON.stringify((await db.allDocs({ include_docs: true })).rows.map(row => row.doc));

await save(a, documents.map(({ _rev, ...doc }) => ({ ...doc, _rev })));
await follow(
  {
    w1: () => push(a),
    w2: () => pull(b),
    w3_push: async () => (await save(a, w3), push(a)),
    w3_pull: () => pull(b),
    w4_first: async () => (await save(a, w4a), await save(b, w4b), both(a)),
    w4_second: () => both(b),
    w4_third: () => both(a),
    w5: () => both(a),
    w6_save: () => {
      const rounds = w6Rounds();
      return cost(undefined, async () => {
        for (const docs of rounds) await save(a, docs);
      });
    },
    w6_push: () => push(a),
    w6_pull: () => pull(b),
  },
  { same: async () => (await shown(a)) === (await shown(b)) },
);

// Measures npm db-to-cloud 0.8.1: node peer.js DOCUMENTS.ndjson folder DRIVE | slow MILLISECONDS
const {readFileSync} = require("node:fs");
const {createRequire} = require("node:module");
const {setTimeout: pause} = require("node:timers/promises");
const {dbToCloud, drive: {fsDrive}} = createRequire(require.resolve("../interop/package.json"))("db-to-cloud");

const [file, mode, where] = process.argv.slice(2);
const documents = readFileSync(file, "utf8").trim().split("\n").map(line => JSON.parse(line));

function slowDrive(ms) {
  const files = new Map();
  const missing = () => Object.assign(new Error("missing"), {code: "ENOENT"});
  return {
    name: "slow",
    async get(path) { await pause(ms); if (!files.has(path)) throw missing(); return files.get(path); },
    async put(path, data) { await pause(ms); files.set(path, data); },
    async post(path, data) {
      await pause(ms);
      if (files.has(path)) throw Object.assign(new Error("exists"), {code: "EEXIST"});
      files.set(path, data);
    },
    async delete(path) { await pause(ms); files.delete(path); },
    async list(dir) {
      await pause(ms);
      return [...files.keys()].filter(p => p.startsWith(`${dir}/`)).map(p => p.slice(dir.length + 1));
    },
  };
}

/** Counts requests. */
function metered(drive, count) {
  const wrapped = Object.create(drive);
  for (const name of ["get", "put", "post", "delete", "list"]) {
    wrapped[name] = (...args) => { count.requests++; return drive[name](...args); };
  }
  return wrapped;
}

function client(drive, docs) {
  let state;
  const count = {requests: 0};
  const sync = dbToCloud({
    onGet: id => docs.get(id),
    onPut: doc => { docs.set(doc._id, doc); },
    onDelete: id => { docs.delete(id); },
    onFirstSync: () => {},
    compareRevision: (a, b) => a - b,
    getState: () => state,
    setState: (_drive, s) => { state = JSON.stringify(s); },
  });
  sync.use(metered(drive, count));
  return {sync, count};
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function main() {
  const drive = mode === "slow" ? slowDrive(Number(where)) : fsDrive({folder: where});
  const writer = client(drive, new Map(documents.map(d => [d._id, d])));
  await writer.sync.init();
  const push_ms = await timed(() => {
    for (const doc of documents) writer.sync.put(doc._id, doc._rev);
    return writer.sync.syncNow();
  });
  const pulled = new Map();
  const reader = client(drive, pulled);
  await reader.sync.init();
  const pull_ms = await timed(() => reader.sync.syncNow());
  if (pulled.size !== documents.length) throw new Error(`${pulled.size} of ${documents.length} documents arrived`);
  const counts = {push_requests: writer.count.requests, pull_requests: reader.count.requests};
  console.log(JSON.stringify({push_ms, pull_ms, ...counts}));
}

main().catch(error => { console.error(error); process.exitCode = 1; });

// Measures npm db-to-cloud 0.8.1: node peer.js FOLDER folder DRIVE | slow MILLISECONDS | memory TIMES-OF-W6
// FOLDER holds documents.ndjson and, for memory, edits.ndjson: what W3, W4 and W6 set, in this order.
const {readFileSync} = require("node:fs");
const {createRequire} = require("node:module");
const {join} = require("node:path");
const {setTimeout: pause} = require("node:timers/promises");
const {dbToCloud, drive: {fsDrive}} = createRequire(require.resolve("../interop/package.json"))("db-to-cloud");

const [folder, mode, argument] = process.argv.slice(2);
const read = name => readFileSync(join(folder, name), "utf8").trim().split("\n").map(line => JSON.parse(line));
const documents = read("documents.ndjson");

/** A drive in memory; `wait` comes before each request. */
function memoryDrive(files, wait) {
  const missing = () => Object.assign(new Error("missing"), {code: "ENOENT"});
  return {
    name: "memory",
    async get(path) { await wait?.(); if (!files.has(path)) throw missing(); return files.get(path); },
    async put(path, data) { await wait?.(); files.set(path, data); },
    async post(path, data) {
      await wait?.();
      if (files.has(path)) throw Object.assign(new Error("exists"), {code: "EEXIST"});
      files.set(path, data);
    },
    async delete(path) { await wait?.(); files.delete(path); },
    async list(dir) {
      await wait?.();
      return [...files.keys()].filter(p => p.startsWith(`${dir}/`)).map(p => p.slice(dir.length + 1));
    },
  };
}

const nothing = () => ({get: 0, put: 0, post: 0, delete: 0, list: 0, sent: [], received: []});

/** Counts requests, and keeps what travelled: its bytes are counted when no clock runs. */
function metered(drive, count) {
  const wrapped = Object.create(drive);
  for (const name of ["get", "put", "post", "delete", "list"]) {
    wrapped[name] = async (...args) => {
      count[name]++;
      if (name === "put" || name === "post") count.sent.push(args[1]);
      const got = await drive[name](...args);
      if (name === "get") count.received.push(got);
      return got;
    };
  }
  return wrapped;
}

function client(drive, docs) {
  let state;
  const count = nothing();
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
  return {sync, count, docs};
}

const size = texts => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);

/** What `work` of this client costs. */
async function cost(client, work) {
  Object.assign(client.count, nothing());
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  await work();
  const [wall_ms, used] = [performance.now() - start, process.cpuUsage(cpu)];
  const {get, put, post, delete: deleted, list, sent, received} = client.count;
  const requests = {get, put: put + post, delete: deleted, list};
  return {wall_ms, cpu_ms: (used.user + used.system) / 1000, ...requests, sent: size(sent), received: size(received)};
}

function edit({sync, docs}, edited) {
  for (const doc of edited) docs.set(doc._id, doc);
  for (const doc of edited) sync.put(doc._id, doc._rev);
}

/** W1 and W2. */
async function first(drive) {
  const a = client(drive, new Map(documents.map(d => [d._id, d]))), b = client(drive, new Map());
  await a.sync.init();
  const w1 = await cost(a, () => { for (const d of documents) a.sync.put(d._id, d._rev); return a.sync.syncNow(); });
  await b.sync.init();
  const w2 = await cost(b, () => b.sync.syncNow());
  if (b.docs.size !== documents.length) throw new Error(`${b.docs.size} of ${documents.length} documents arrived`);
  return {a, b, steps: {w1, w2}};
}

/** W3 to W5, then W6 as often as asked. */
async function all(times) {
  const files = new Map();
  const stored = [], store = () => stored.push(size([...files.values()]));
  const edits = read("edits.ndjson"), next = count => edits.splice(0, count);
  const {a, b, steps} = await first(memoryDrive(files));
  store();
  const sync = device => cost(device, () => device.sync.syncNow());
  edit(a, next(1));
  Object.assign(steps, {w3_push: await sync(a), w3_pull: await sync(b)});
  edit(a, next(100));
  edit(b, next(100));
  Object.assign(steps, {w4_first: await sync(a), w4_second: await sync(b), w4_third: await sync(a), w5: await sync(a)});
  store();
  for (let time = 0; time < times; time++) {
    const last = next(100);
    for (const doc of last) a.docs.set(doc._id, doc);
    const w6_push = await cost(a, () => {
      // A version is made each minute; the document is read by the sync only.
      for (let left = 99; left >= 0; left--) for (const doc of last) a.sync.put(doc._id, doc._rev - left * 60000);
      return a.sync.syncNow();
    });
    const w6_pull = await sync(b);
    if (time === 0) Object.assign(steps, {w6_push, w6_pull});
    store();
  }
  for (const [id, doc] of a.docs) if (b.docs.get(id)?._rev !== doc._rev) throw new Error("A and B differ");
  return {steps, stored};
}

async function main() {
  if (mode === "memory") return all(Number(argument));
  const drive = mode === "slow" ? memoryDrive(new Map(), () => pause(Number(argument))) : fsDrive({folder: argument});
  return {steps: (await first(drive)).steps, stored: []};
}

main().then(result => console.log(JSON.stringify(result)), error => { console.error(error); process.exitCode = 1; });

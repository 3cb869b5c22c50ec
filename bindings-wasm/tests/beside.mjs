// Costs beside npm's db-to-cloud 0.8.1, in one run: node beside.mjs DOCUMENTS [MILLISECONDS A REQUEST] [folder]
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client, Drive, State } from "kitestring";
import { Drive as Folders } from "kitestring/node";
import { old, userDrive } from "./compat-device.mjs";
import { Notes } from "./notes.mjs";

/** Counts what is asked of a drive, each after a wait. */
export function counted(drive, ms) {
  const count = { requests: 0 };
  const asked = name => async (...given) => {
    count.requests += 1;
    if (ms > 0) await pause(ms);
    return drive[name](...given);
  };
  const names = ["get", "put", "post", "delete", "list", "listDir"].filter(name => drive[name]);
  return [Object.assign(Object.create(drive), Object.fromEntries(names.map(name => [name, asked(name)]))), count];
}

async function cost(count, work) {
  const [requests, begun, cpu] = [count.requests, performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { requests: count.requests - requests, ms: performance.now() - begun, cpuMs: (user + system) / 1000 };
}

const words = number => `note ${number}: ` + "some words that say little, as many notes do ".repeat(20);

/** A first push and a first pull of so many documents by ours. */
export async function ours(documents, ms, on = Drive.memory()) {
  const [drive, count] = counted(on, ms);
  const [application, other] = [new Notes(), new Notes()];
  const client = await Client.open({ application, state: State.memory(), drive });
  const changes = [];
  for (let number = 0; number < documents; number++) {
    application.docs.set(`note-${number}`, { revision: 1, body: new TextEncoder().encode(JSON.stringify({ text: words(number) })) });
    changes.push({ id: `note-${number}`, revision: 1, action: "put" });
  }
  await client.queueChanges(changes);
  const push = await cost(count, () => client.sync());
  const second = await Client.open({ application: other, state: State.memory(), drive });
  const pull = await cost(count, () => second.sync());
  return { push, pull, arrived: other.docs.size };
}

/** The same by db-to-cloud. */
export async function theirs(documents, ms, on = userDrive()) {
  const [drive, count] = counted(on, ms);
  const client = docs => {
    let state;
    const sync = old.dbToCloud({
      onGet: id => docs.get(id),
      onPut: doc => void docs.set(doc._id, doc),
      onDelete: id => void docs.delete(id),
      onFirstSync: () => {},
      compareRevision: (a, b) => a - b,
      getState: () => state,
      setState: (_drive, now) => void (state = structuredClone(now)),
    });
    sync.use(drive);
    return sync;
  };
  const [docs, other] = [new Map(), new Map()];
  const sync = client(docs);
  await sync.init();
  for (let number = 0; number < documents; number++) {
    docs.set(`note-${number}`, { _id: `note-${number}`, _rev: 1, text: words(number) });
    sync.put(`note-${number}`, 1);
  }
  const push = await cost(count, () => sync.syncNow());
  const second = client(other);
  await second.init();
  const pull = await cost(count, () => second.syncNow());
  return { push, pull, arrived: other.size };
}

if (process.argv[1] === import.meta.filename) {
  const [documents, ms] = [Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 0)];
  const home = process.argv[4] === "folder" && (await mkdtemp(join(tmpdir(), "kitestring-beside-")));
  const a = await ours(documents, ms, ...(home ? [await Folders.folder(home + "/ours")] : []));
  const b = await theirs(documents, ms, ...(home ? [old.drive.fsDrive({ folder: home })] : []));
  for (const what of ["push", "pull"]) {
    const row = ({ requests, ms, cpuMs }) => `${requests} requests, ${ms.toFixed(0)} ms, CPU ${cpuMs.toFixed(0)} ms`;
    console.log(`${what} of ${documents}: ours ${row(a[what])}; db-to-cloud ${row(b[what])}`);
  }
}

// `kitestring/compat` does what its users know from db-to-cloud: on a folder, and on a drive that a program made itself.
import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as compat from "kitestring/compat";
import { LockError } from "kitestring/compat/lib/lock";
import { Device, json, note, userDrive } from "./compat-device.mjs";

const { dbToCloud, drive: drives } = compat;
const HOUR = 3_600_000;

const PLACES = {
  async folder(t) {
    const folder = await mkdtemp(join(tmpdir(), "kitestring-compat-"));
    t.after(() => rm(folder, { recursive: true }));
    const text = path => readFile(join(folder, path), "utf8").catch(() => undefined);
    return { open: () => drives.fsDrive({ folder }), text, names: () => readdir(folder) };
  },
  async "drive of one's own"() {
    const files = new Map();
    return { open: () => userDrive(files), text: async path => files.get(path) };
  },
};

for (const [kind, make] of Object.entries(PLACES)) {
  test(`${kind}: two programs from the first sync on, with every file and event`, async t => {
    const { open, text, names } = await make(t);
    const file = async path => JSON.parse(await text(path));
    const here = new Device(compat, open(), { docs: [note(1, 1), note(2, 1)] });
    assert.equal(here.sync.isInit(), false);
    await here.sync.init();
    assert.equal(here.sync.isInit(), true);
    // Changes before the first sync come before what the first sync queues.
    here.sync.delete(3, 1);
    here.sync.put(1, 1);
    await here.sync.syncNow();
    const changes = [
      { _id: 3, _rev: 1, action: "delete" },
      { _id: 1, _rev: 1, action: "put" },
      { _id: 2, _rev: 1, action: "put" },
    ];
    assert.deepEqual(await file("changes/0.json"), changes);
    assert.deepEqual(await file("docs/2.json"), { doc: note(2, 1), _rev: 1 });
    assert.deepEqual(await here.sync.drive().getMeta(), { lastChange: 3 });
    assert.equal(await text("lock.json"), undefined);
    assert.deepEqual(here.phases(), [
      { phase: "start" },
      ...changes.map((change, loaded) => ({ phase: "push", total: 3, loaded, change })),
      { phase: "end" },
    ]);
    assert.deepEqual([here.state.enabled, here.state.queue, here.state.lastChange], [true, [], 3]);
    if (names) assert.deepEqual((await names()).sort(), ["changes", "docs", "meta.json"]);

    const there = new Device(compat, open());
    await there.run();
    assert.deepEqual(there.all(), here.all());
    const [start, ...pulled] = there.phases();
    assert.deepEqual(start, { phase: "start" });
    assert.deepEqual(pulled.pop(), { phase: "end" });
    assert.deepEqual(pulled.map(({ phase, total, loaded }) => [phase, total, loaded]), [["pull", 2, 0], ["pull", 2, 1]]);
    assert.deepEqual(pulled.map(({ change }) => change).sort((a, b) => a._id - b._id), [{ _id: "1", action: "put" }, { _id: "2", action: "put" }]);

    there.put(note(3, 1));
    there.put(note(1, 2, "edited"));
    there.delete(2, 2);
    await there.sync.syncNow();
    await here.sync.syncNow();
    assert.deepEqual(here.all(), [note(1, 2, "edited"), note(3, 1)]);
    assert.deepEqual(there.all(), here.all());

    for (let id = 4; id < 104; id += 1) here.put(note(id, 1));
    await here.sync.syncNow();
    await there.sync.syncNow();
    assert.deepEqual(there.all(), here.all());
    assert.equal((await file("changes/0.json")).length, 100);
    assert.equal((await file("changes/1.json")).length, 6);

    // The drive is locked while a sync is under way, also for one that has nothing to push.
    let refused;
    here.onGet = async id => {
      refused = await there.sync.syncNow(false).catch(error => error);
      return here.docs.get(String(id));
    };
    here.put(note(1, 3));
    await here.sync.syncNow();
    assert.ok(refused instanceof LockError);
    assert.equal(refused.name, "LockError");
    assert.match(refused.message, /the database is locked/i);
    assert.ok(refused.expire > Date.now() + HOUR - 60_000 && refused.expire <= Date.now() + HOUR);
    for (const device of [here, there]) {
      await device.sync.uninit();
      assert.equal(device.sync.isInit(), false);
      assert.equal(device.state, null);
      assert.deepEqual(device.warnings, []);
    }
  });
}

test("ids and revisions stay what they are: numbers, text, and numbers written as text", async () => {
  const files = new Map();
  const [here, there] = [new Device(compat, userDrive(files)), new Device(compat, userDrive(files))];
  await here.run();
  await there.run();
  const revisions = { 7: 1700000000000.25, 8: 3, text: 2, 1e21: 4 };
  here.put(note(7, revisions[7]));
  here.put(note("8", revisions[8]));
  here.put(note("text", revisions.text));
  here.put(note(1e21, 4));
  await here.run();
  await there.run();
  const ids = events => events.filter(([what]) => what === "put").map(([, doc]) => doc._id);
  assert.deepEqual(ids(there.told()).sort(), [1e21, 7, "8", "text"].sort());
  assert.deepEqual(json(files, "changes/0.json").map(({ _id, _rev }) => [_id, _rev]), [[7, 1700000000000.25], ["8", 3], ["text", 2], [1e21, 4]]);
  assert.ok(files.has("docs/1e+21.json"));
  there.delete(7, 1700000000001);
  await there.run();
  here.told();
  await here.run();
  assert.deepEqual(here.told().filter(([what]) => what === "delete"), [["delete", 7, 1700000000001]]);
  // A device that joins later knows the document by the name of its file only, and yet its older edit loses.
  here.put(note(9, 5, "newer"));
  await here.run();
  const late = new Device(compat, userDrive(files), { docs: [note(9, 4, "older")] });
  late.onPut = async doc => void late.docs.set(String(doc._id), doc);
  await late.run();
  assert.equal(json(files, "docs/9.json").doc.text, "newer");
});

test("what is queued twice is pushed once, at the first place, as it is now", async () => {
  const files = new Map();
  const here = new Device(compat, userDrive(files));
  await here.run();
  here.put(note("a", 1));
  here.put(note("b", 1));
  here.put(note("a", 2));
  here.delete("c", 1);
  here.put(note("b", 3));
  await here.run();
  const log = json(files, "changes/0.json").map(({ _id, _rev, action }) => `${action} ${_id} ${_rev}`);
  assert.deepEqual(log, ["put a 2", "put b 3", "delete c 1"]);
});

test("nothing is queued before `init` and after `uninit`, and none of both needs to be called once only", async () => {
  const files = new Map();
  const here = new Device(compat, userDrive(files));
  here.sync.put(1, 1);
  here.sync.delete(1, 1);
  await assert.rejects(here.sync.syncNow(), { message: "Cannot sync now, the sync is not enabled" });
  await here.sync.uninit();
  assert.equal(here.state, undefined);
  await Promise.all([here.sync.init(), here.sync.init()]);
  await here.sync.syncNow();
  assert.equal(files.size, 0);
  await here.sync.uninit();
  here.sync.put(1, 1);
  await assert.rejects(here.sync.syncNow(), { message: "Cannot sync now, the sync is not enabled" });
  const none = dbToCloud({ getState() {}, setState() {} });
  await assert.rejects(none.init(), { message: "cloud drive is undefined" });
});

test("`onFirstSync` is called by every sync until one has succeeded, and `put` may be called in `onPut`", async () => {
  const files = new Map();
  const [here, there] = [new Device(compat, userDrive(files), { docs: [note("a", 1)] }), new Device(compat, userDrive(files))];
  const firsts = device => device.told().filter(([what]) => what === "first").length;
  here.onGet = async () => Promise.reject(new TypeError("not now"));
  await assert.rejects(here.run(), { name: "TypeError", message: "not now" });
  assert.equal(files.has("lock.json"), false, "the lock is released");
  delete here.onGet;
  await here.run();
  assert.equal(firsts(here), 2);
  await here.run();
  assert.equal(firsts(here), 0);

  there.docs.set("a", note("a", 5, "newer here"));
  there.onPut = async () => there.sync.put("a", 5);
  await there.run();
  assert.equal(json(files, "docs/a.json").doc.text, "newer here", "what `onPut` queues goes out with the same sync");
  await here.run();
  assert.equal(here.docs.get("a").text, "newer here");
});

test("syncs take turns, and a peek that finds nothing ends one", async () => {
  const files = new Map();
  const asked = [];
  const drive = userDrive(files);
  const counting = { ...drive, get: path => (asked.push(path), drive.get(path)), post: (...given) => (asked.push("post"), drive.post(...given)) };
  const here = new Device(compat, counting, { docs: [note("a", 1)] });
  await here.sync.init();
  await Promise.all([here.sync.syncNow(), here.sync.syncNow(), here.sync.syncNow()]);
  const phases = here.phases().map(({ phase }) => phase);
  assert.deepEqual(phases, ["start", "push", "end", "start", "end", "start", "end"]);
  asked.length = 0;
  await here.sync.syncNow();
  assert.deepEqual(asked, ["meta.json"]);
  asked.length = 0;
  await here.sync.syncNow(false);
  assert.deepEqual(asked, ["post", "meta.json"]);
});

test("a pull that failed is not taken for done by the next peek", async () => {
  const files = new Map();
  const [here, there] = [new Device(compat, userDrive(files)), new Device(compat, userDrive(files))];
  await here.run();
  await there.run();
  here.put(note("a", 1));
  await here.run();
  there.onPut = async () => Promise.reject(new Error("the disk is full"));
  await assert.rejects(there.sync.syncNow(), { message: "the disk is full" });
  delete there.onPut;
  await there.sync.syncNow();
  assert.deepEqual(there.all(), [note("a", 1)]);
});

test("the newer revision wins, and what loses is handed to the program, not dropped unseen", async () => {
  const files = new Map();
  const [here, there] = [new Device(compat, userDrive(files)), new Device(compat, userDrive(files))];
  for (const device of [here, there]) await device.run();
  here.put(note("a", 5, "newer"));
  here.put(note("b", 1, "older"));
  await here.run();
  there.put(note("a", 4, "older"));
  there.put(note("b", 2, "newer"));
  there.told();
  await there.run();
  assert.deepEqual(there.told().filter(([what]) => what === "put").map(([, doc]) => doc._id), ["a", "b"]);
  await here.run();
  assert.deepEqual(here.all(), [note("a", 5, "newer"), note("b", 2, "newer")]);
  assert.deepEqual(there.all(), here.all());
});

test("errors of the drive and of the program come through as they are, and the queue keeps its changes", async () => {
  const files = new Map();
  const drive = userDrive(files);
  const here = new Device(compat, drive, { docs: [note("a", 1)] });
  const refused = Object.assign(new Error("sign in again"), { code: 401, origin: { status: 401 } });
  drive.put = async () => Promise.reject(refused);
  await assert.rejects(here.run(), error => error === refused);
  assert.deepEqual(here.phases().at(-1), { phase: "end" });
  drive.put = userDrive(files).put;
  drive.list = async () => Promise.reject(Object.assign(new Error("no such folder"), { code: 404 }));
  here.state = structuredClone(here.state);
  await here.run();
  assert.ok(files.has("docs/a.json"));
  const broken = new Device(compat, userDrive(new Map([["meta.json", "{"]])));
  await assert.rejects(broken.run(), { name: "KiteError", code: "corrupt" });
});

test("a lock is waited for as long as the options say", async () => {
  const files = new Map([["lock.json", JSON.stringify({ expire: Date.now() + HOUR })]]);
  const here = new Device(compat, userDrive(files), { docs: [note("a", 1)], retryMaxAttempts: 3, retryDelay: 0.05, retryExp: 2 });
  const begun = performance.now();
  await assert.rejects(here.run(), { name: "LockError" });
  const waited = performance.now() - begun;
  assert.ok(waited >= 145 && waited < 2_000, `${waited} ms`);
  setTimeout(() => files.delete("lock.json"), 60);
  await here.run();
  assert.ok(files.has("docs/a.json"));
});

test("a lock that has ended is taken over, one's own that a crash has left at once, and another's is never removed", async () => {
  const files = new Map([["lock.json", JSON.stringify({ expire: Date.now() - 1000 })]]);
  const here = new Device(compat, userDrive(files), { docs: [note("a", 1)], lockExpire: 30 });
  let within;
  here.onGet = async id => ((within = json(files, "lock.json")), here.docs.get(id));
  await here.run();
  assert.ok(within.expire > Date.now() + HOUR / 2 - 60_000 && within.expire <= Date.now() + HOUR / 2, "30 minutes");
  // The program ends within a sync: its lock stays, and its state says so.
  here.onGet = () => new Promise(() => {});
  here.put(note("a", 2));
  void here.run();
  while (!files.has("lock.json")) await new Promise(resolve => setTimeout(resolve, 5));
  const again = new Device(compat, userDrive(files), { docs: [note("a", 2)], state: structuredClone(here.state) });
  const other = new Device(compat, userDrive(files));
  await assert.rejects(other.run(), { name: "LockError" });
  await again.run();
  assert.equal(json(files, "docs/a.json")._rev, 2);
  assert.equal(files.has("lock.json"), false);
});

test("a drive that brings its own lock, count and peek is asked for them, with what it needs", async () => {
  const [files, asked] = [new Map(), []];
  let meta = {};
  const drive = userDrive(files, {
    async init() { asked.push("init"); },
    async uninit() { asked.push("uninit"); },
    async acquireLock(minutes) { asked.push(`lock ${minutes}`); },
    async releaseLock() { asked.push("unlock"); },
    async getMeta() { return meta; },
    async putMeta(given) { meta = { ...given, mine: true }; },
    async peekChanges(known) { asked.push(`peek ${known.lastChange}`); return false; },
  });
  const here = new Device(compat, drive, { docs: [note("a", 1)], lockExpire: 5 });
  await here.sync.init();
  assert.deepEqual(asked, [], "a drive is opened when it is needed");
  await here.sync.syncNow();
  await here.sync.syncNow();
  await here.sync.uninit();
  assert.deepEqual(asked, ["init", "lock 5", "unlock", "peek 1", "uninit"]);
  assert.deepEqual(meta, { lastChange: 1, mine: true });
  assert.equal(files.has("meta.json"), false);
  assert.equal(here.sync.drive().name, "mine");
});

test("a document that makes no sense stops nothing, and one that is gone is not stored empty", async () => {
  const files = new Map();
  const [here, there] = [new Device(compat, userDrive(files), { docs: [note("seed", 1)] }), new Device(compat, userDrive(files))];
  for (const device of [here, there]) await device.run();
  for (const id of ["a", "b", "c"]) here.put(note(id, 1));
  here.sync.put("gone", 1);
  here.sync.put("nothing", 1);
  here.onGet = async id => (id === "nothing" ? null : here.docs.get(id));
  await here.run();
  delete here.onGet;
  assert.deepEqual([...files.keys()].filter(path => /gone|nothing/.test(path)), []);
  assert.deepEqual(here.warnings.map(line => line.split(" ")[0]), ["gone", "nothing"]);
  files.set("docs/a.json", '{"_rev":1}');
  files.delete("docs/b.json");
  await there.run();
  assert.deepEqual(there.all(), [note("c", 1), note("seed", 1)]);
  assert.match(there.warnings.join("\n"), /Cannot find b\. Is it deleted without updating the history\?/);
  // The author of the one repairs it by its next edit; the other was only late.
  files.set("docs/b.json", JSON.stringify({ doc: note("b", 1), _rev: 1 }));
  here.put(note("a", 2));
  await here.run();
  await there.run();
  assert.deepEqual(there.all(), [note("a", 2), note("b", 1), note("c", 1), note("seed", 1)]);
});

test("changes that arrive while a sync runs wait for the next one", async () => {
  const files = new Map();
  const here = new Device(compat, userDrive(files), { docs: [note("a", 1)] });
  here.onGet = async id => {
    delete here.onGet;
    here.put(note("late", 1));
    return here.docs.get(id);
  };
  await here.run();
  assert.equal(files.has("docs/late.json"), false);
  assert.deepEqual(here.state.queue, [{ _id: "late", _rev: 1, action: "put" }]);
  await here.run();
  assert.ok(files.has("docs/late.json"));
});

test("a log that a stalled client wrote over is mended, and nothing that was in it is lost", async () => {
  const files = new Map();
  const [here, there] = [new Device(compat, userDrive(files)), new Device(compat, userDrive(files))];
  here.put(note("x", 1));
  await here.run();
  here.put(note("x", 2));
  await here.run();
  await there.run();
  const before = new Map(files);
  there.put(note("y", 1));
  await there.run();
  // It had read before `there` wrote, and goes on with what it knew.
  for (const path of ["changes/0.json", "meta.json"]) files.set(path, before.get(path));
  files.set("docs/z.json", JSON.stringify({ doc: note("z", 1), _rev: 1 }));
  const log = json(files, "changes/0.json");
  files.set("changes/0.json", JSON.stringify([...log, { _id: "z", _rev: 1, action: "put" }]));
  files.set("meta.json", JSON.stringify({ lastChange: log.length + 1 }));
  there.put(note("w", 1));
  await there.run();
  await here.run();
  assert.deepEqual(here.all().map(doc => doc._id), ["w", "x", "y", "z"]);
  assert.deepEqual(there.all(), here.all());
});

/** A drive that fails at one of its calls, or under which the program ends there: before or after that has taken effect. */
function deadly(bare, at, { after, ends }) {
  let [calls, end] = [0];
  const ended = new Promise(resolve => (end = resolve));
  const call = name => async (...given) => {
    if (++calls !== at) return bare[name](...given);
    if (after) await bare[name](...given).catch(() => {});
    if (!ends) throw new Error("no network");
    end();
    return new Promise(() => {});
  };
  const drive = Object.fromEntries(["get", "put", "post", "delete", "list"].map(name => [name, call(name)]));
  return { drive: { name: "mine", ...drive }, ended, calls: () => calls };
}

for (const [how, ends] of [["a drive that fails", false], ["a program that ends", true]]) {
  test(`${how} at any request: the next sync goes on, loses nothing, and blocks nobody`, async () => {
    let cuts = 0;
    for (let at = 1, over = false; !over; at += 1) {
      for (const after of [false, true]) {
        const files = new Map();
        const other = new Device(compat, userDrive(files), { docs: [note("bread", 1), note("salt", 1)] });
        await other.run();
        const first = new Device(compat, userDrive(files));
        await first.run();
        other.put(note("tea", 1));
        other.delete("salt", 2);
        await other.run();
        const { drive, ended, calls } = deadly(userDrive(files), at, { after, ends });
        const here = new Device(compat, drive, { docs: first.all(), state: structuredClone(first.state) });
        await here.sync.init();
        here.put(note("milk", 1));
        here.put(note("bread", 2));
        here.delete("tea", 0);
        await new Promise(resolve => setTimeout(resolve, 2));
        await Promise.race([ended, here.run().catch(() => {})]);
        over = calls() < at;
        if (over) break;
        cuts += 1;
        const started = { docs: here.all(), state: structuredClone(here.state) };
        const again = ends ? new Device(compat, userDrive(files), started) : here;
        await again.run(false);
        await other.run();
        await again.run();
        const where = `${after ? "after" : "before"} request ${at}`;
        assert.deepEqual(other.all(), [note("bread", 2), note("milk", 1), note("tea", 1)], where);
        assert.deepEqual(again.all(), other.all(), where);
        assert.ok(!files.has("lock.json"), where);
      }
    }
    assert.ok(cuts >= 18, `only ${cuts} places were cut`);
  });
}

// `kitestring/compat` beside npm's db-to-cloud 0.8.1: on one drive, one after the other over one state, and call by call.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as compat from "kitestring/compat";
import { Device, json, note, old, userDrive } from "./compat-device.mjs";

/** Everything that a program and its drive are asked, by either of the two. */
function watched(files, from) {
  const asked = [];
  const bare = userDrive(files);
  const lockless = (path, data) => (path === "lock.json" ? "" : data);
  const drive = {
    name: "mine",
    get: path => (asked.push(`get ${path}`), bare.get(path)),
    put: (path, data) => (asked.push(`put ${path} ${lockless(path, data)}`), bare.put(path, data)),
    post: (path, data) => (asked.push(`post ${path} ${lockless(path, data)}`), bare.post(path, data)),
    delete: path => (asked.push(`delete ${path}`), bare.delete(path)),
    list: folder => (asked.push(`list ${folder}`), bare.list(folder)),
  };
  const device = new Device(from, drive);
  device.events = { push: event => asked.push(structuredClone(event)), splice: () => [] };
  return { device, asked };
}

/** What happens to two devices, of which the second is watched. */
const SCRIPTS = {
  async "a first sync of what is here, and of what is there"(other, watched, done) {
    other.put(note("there", 1));
    await other.run();
    watched.docs.set("here", note("here", 1));
    watched.docs.set("there", note("there", 2));
    await watched.run();
    await done();
  },
  async "edits and deletions in both directions"(other, watched, done) {
    for (const id of [1, 2, "three"]) other.put(note(id, 1));
    await other.run();
    await watched.run();
    await done();
    other.put(note(1, 2));
    other.delete(2, 2);
    await other.run();
    watched.put(note("three", 2));
    watched.put(note(4, 1));
    watched.put(note("three", 3));
    await watched.run();
    await done();
    await watched.run();
    await done();
    await watched.run(false);
    await done();
  },
  async "edits of one document on both sides"(other, watched, done) {
    for (const id of ["a", "b", "c"]) other.put(note(id, 1));
    await other.run();
    await watched.run();
    await done();
    for (const [id, rev] of [["a", 5], ["b", 2], ["c", 3]]) other.put(note(id, rev, "other"));
    await other.run();
    for (const [id, rev] of [["a", 4], ["b", 3], ["c", 3]]) watched.put(note(id, rev, "watched"));
    await watched.run();
    await done();
  },
  async "a log of several files"(other, watched, done) {
    for (let id = 0; id < 130; id += 1) other.put(note(id, 1));
    await other.run();
    await watched.run();
    await done();
    for (let id = 0; id < 95; id += 1) watched.put(note(id, 2));
    await watched.run();
    await done();
    for (let id = 0; id < 75; id += 1) other.put(note(id, 3));
    await other.run();
    await watched.run();
    await done();
  },
  async "a program that fails, and goes on"(other, watched, done) {
    other.put(note("a", 1));
    await other.run();
    watched.onPut = async () => Promise.reject(new Error("the disk is full"));
    await assert.rejects(watched.run(), { message: "the disk is full" });
    await done();
    delete watched.onPut;
    await watched.run(false);
    await done();
  },
};

for (const [name, script] of Object.entries(SCRIPTS)) {
  test(`the same calls in the same order: ${name}`, async () => {
    const traces = [];
    for (const from of [old, compat]) {
      const files = new Map();
      const { device, asked } = watched(files, from);
      const steps = [];
      // db-to-cloud remembers what it read of the log before; here it is read again under the lock, to see that nobody has
      // written over it.
      const done = async () => void steps.push(asked.splice(0).filter(line => !String(line).startsWith("get changes/")));
      await script(new Device(old, userDrive(files)), device, done);
      traces.push({ steps, docs: device.all(), files: Object.fromEntries(files), warnings: device.warnings });
    }
    assert.deepEqual(traces[1], traces[0]);
  });
}

test("the log is read at most once more than by db-to-cloud, and nothing else", async () => {
  for (const [from, reads] of [[old, 0], [compat, 1]]) {
    const { device, asked } = watched(new Map(), from);
    device.put(note("a", 1));
    await device.run();
    asked.length = 0;
    device.put(note("a", 2));
    await device.run();
    assert.equal(asked.filter(line => String(line).startsWith("get changes/")).length, reads);
  }
});

const KINDS = {
  async folder(t) {
    const folder = await mkdtemp(join(tmpdir(), "kitestring-compat-"));
    t.after(() => rm(folder, { recursive: true }));
    return from => from.drive.fsDrive({ folder });
  },
  async "drive of one's own"() {
    const files = new Map();
    return () => userDrive(files);
  },
};

for (const [kind, make] of Object.entries(KINDS)) {
  test(`${kind}: two of each take turns, in both directions, and nobody waits for a lock`, async t => {
    const open = await make(t);
    const devices = [old, compat, old, compat].map(from => new Device(from, open(from)));
    const expected = new Map();
    let seed = 1;
    const random = below => (seed = (seed * 48271) % 2147483647) % below;
    for (let turn = 1; turn <= 60; turn += 1) {
      const device = devices[random(4)];
      await device.run();
      for (let i = random(4); i >= 0; i -= 1) {
        const id = random(9) < 3 ? random(9) : `doc ${random(9)}`;
        if (random(5) === 0 && expected.has(String(id))) {
          device.delete(id, turn);
          expected.delete(String(id));
        } else {
          device.put(note(id, turn, `${turn}.${i}`));
          expected.set(String(id), device.docs.get(String(id)));
        }
      }
      await device.run();
    }
    for (const device of devices) await device.run(false);
    for (const device of devices) {
      assert.deepEqual(device.docs, new Map([...device.docs.keys()].map(id => [id, expected.get(id)])));
      assert.equal(device.docs.size, expected.size);
      assert.deepEqual(device.warnings, []);
    }
  });
}

test("a program goes from one to the other and back, over its state: no first sync, no change lost, none twice", async () => {
  const files = new Map();
  const other = new Device(old, userDrive(files));
  let device = new Device(old, userDrive(files), { docs: [note("a", 1)] });
  await device.run();
  for (const [step, from] of [compat, old, compat, compat, old].entries()) {
    // What is queued, and what arrives, while the program is being updated.
    device.put(note(`queued ${step}`, 1));
    await new Promise(resolve => setTimeout(resolve, 5));
    other.put(note(`arrives ${step}`, 1));
    await other.run();
    const pushed = json(files, "meta.json").lastChange;
    device = new Device(from, userDrive(files), { docs: device.all(), state: structuredClone(device.state) });
    await device.run();
    const told = device.told();
    assert.ok(!told.some(([what]) => what === "first"), "it is no first sync");
    assert.deepEqual(told.filter(([what]) => what === "put").map(([, doc]) => doc._id), [`arrives ${step}`]);
    assert.equal(json(files, "meta.json").lastChange, pushed + 1);
    assert.deepEqual(device.state.queue, []);
    await other.run();
  }
  assert.deepEqual(other.all(), device.all());
  assert.equal(other.docs.size, 11);
});

test("the state is db-to-cloud's, and one member more", async () => {
  const files = new Map();
  const [theirs, ours] = [old, compat].map(from => new Device(from, userDrive(files), { docs: [note(1, 1)] }));
  await theirs.run();
  await ours.run();
  for (const device of [theirs, ours]) {
    device.put(note(2, 5));
    device.delete("x", 3);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  const { kitestring, ...rest } = ours.state;
  assert.deepEqual({ ...rest, lastChange: 1 }, { ...theirs.state, lastChange: 1 });
  assert.equal(typeof kitestring, "object");
});

test("each waits for the other's lock", async () => {
  const files = new Map();
  const made = [old, compat].map(from => new Device(from, userDrive(files)));
  for (const [turn, holder] of made.entries()) {
    const waiter = made[1 - turn];
    await holder.run();
    holder.put(note(`turn ${turn}`, 1));
    let refused;
    holder.onGet = async id => ((refused = await waiter.run(false).catch(error => error)), holder.docs.get(id));
    await holder.run();
    assert.equal(refused.name, "LockError");
    assert.ok(refused.expire > Date.now());
    await waiter.run(false);
  }
});

test("a drive of db-to-cloud's own serves here too", async t => {
  const folder = await mkdtemp(join(tmpdir(), "kitestring-compat-"));
  t.after(() => rm(folder, { recursive: true }));
  const [theirs, ours] = [old, compat].map(from => new Device(from, old.drive.fsDrive({ folder })));
  ours.put(note("a", 1));
  await ours.run();
  await theirs.run();
  assert.deepEqual(theirs.all(), [note("a", 1)]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, Drive, KiteError, State } from "kitestring";
import { Client as SealedClient } from "kitestring/sealed";
import { Archive, Notes, bytes, text } from "./notes.mjs";

const open = (application, drive, more) => Client.open({ application, state: State.memory(), drive, ...more });

async function two() {
  const drive = Drive.memory();
  const [phone, laptop] = [new Notes(), new Notes()];
  const [onPhone, onLaptop] = await Promise.all([open(phone, drive), open(laptop, drive)]);
  return { drive, phone, laptop, onPhone, onLaptop };
}

/** Two clients whose documents `milk` differ. */
async function inConflict() {
  const all = await two();
  await all.phone.save(all.onPhone, "milk", "a-1", "1 litre");
  await all.onPhone.sync();
  await all.onLaptop.sync();
  await all.phone.save(all.onPhone, "milk", "a-2", "2 litres");
  await all.laptop.save(all.onLaptop, "milk", "b-2", "oat milk");
  await all.onPhone.sync();
  assert.equal((await all.onLaptop.sync()).conflicts.length, 1);
  return all;
}

test("what is put on one device arrives on the other, ids and revisions as they were spelled", async () => {
  const { phone, laptop, onPhone, onLaptop } = await two();
  await phone.save(onPhone, "milk", "a-1", "1 litre");
  await phone.save(onPhone, 7, 1700000000000, "seven");
  assert.equal((await onPhone.status()).queued, 2);
  assert.equal((await onPhone.sync()).pushed, 2);
  assert.equal((await onLaptop.sync()).pulled, 2);
  assert.deepEqual(laptop.shown(), phone.shown());
  assert.deepEqual(laptop.docs.get(7).revision, 1700000000000);
  phone.docs.delete(7);
  await onPhone.queueDelete(7, 1700000000001);
  await onPhone.sync();
  assert.equal((await onLaptop.sync()).deleted, 1);
  assert.deepEqual([...laptop.docs.keys()], ["milk"]);
});

test("an edit on both sides is a conflict, which is shown whole and settled once", async () => {
  const { phone, laptop, onPhone, onLaptop } = await inConflict();
  const [seen] = await onLaptop.conflicts();
  assert.deepEqual(
    { id: seen.id, kind: seen.kind, local: seen.local.revision, remote: seen.remote.revision },
    { id: "milk", kind: "edit-edit", local: "b-2", remote: "a-2" },
  );
  const { local, remote } = await onLaptop.versions("milk");
  assert.deepEqual([text(local.body), text(remote.body)], ["oat milk", "2 litres"]);
  const moved = { ...seen, local: { ...seen.local, revision: "b-1", digest: "0".repeat(64) } };
  await assert.rejects(onLaptop.resolve(moved, "keepLocal"), { name: "KiteError", code: "condition", retryAfterMs: 0 });
  await onLaptop.resolve(seen, { merged: { revision: "b-3", body: bytes("2 litres of oat milk") } });
  await onLaptop.sync();
  await onPhone.sync();
  assert.deepEqual(phone.shown(), laptop.shown());
  assert.equal(phone.shown().milk.text, "2 litres of oat milk");
});

test("an edit between the question and the apply is not overwritten", async () => {
  const { phone, laptop, onPhone, onLaptop } = await two();
  await phone.save(onPhone, "milk", "a-1", "1 litre");
  await onPhone.sync();
  let queued;
  laptop.apply = changes => {
    delete laptop.apply;
    queued = laptop.save(onLaptop, "milk", "b-1", "soy milk");
    return laptop.apply(changes);
  };
  await onLaptop.sync();
  await queued;
  await onLaptop.sync();
  assert.equal(laptop.shown().milk.text, "soy milk");
  assert.equal((await onLaptop.conflicts()).length, 1);
});

test("what a document was is listed, and comes back as a new edit", async () => {
  const { phone, laptop, onPhone, onLaptop } = await two();
  for (const [revision, words] of [["a-1", "1 litre"], ["a-2", "2 litres"]]) {
    await phone.save(onPhone, "milk", revision, words);
    await onPhone.sync();
  }
  assert.deepEqual((await onPhone.history("milk")).map(old => old.revision), ["a-2", "a-1"]);
  await onPhone.restore("milk", "a-1");
  assert.equal(phone.shown().milk.text, "1 litre");
  await onPhone.sync();
  await onLaptop.sync();
  assert.equal(laptop.shown().milk.text, "1 litre");
  await assert.rejects(onPhone.restore("milk", "a-9"), { code: "not_found" });
});

test("a large body travels in parts, to and from a host that asks for it", async () => {
  const { drive, phone, onPhone } = await two();
  const archive = new Archive();
  const onArchive = await open(archive, drive);
  await phone.save(onPhone, "log", "a-1", "x".repeat(5 << 19));
  await onPhone.sync();
  await onArchive.sync();
  assert.equal(archive.staged.get("log").length, 3);
  await archive.save(onArchive, "log", "c-1", "y".repeat(3 << 20));
  await onArchive.sync();
  await onPhone.sync();
  assert.deepEqual(phone.shown(), archive.shown());
});

test("progress is told, an observer that throws is ignored, and a deadline ends a sync with a report", async () => {
  const { phone, onPhone } = await two();
  await phone.save(onPhone, "milk", "a-1", "1 litre");
  const phases = [];
  const onProgress = ({ phase, done }) => {
    phases.push(phase);
    assert.equal(typeof done, "number");
    throw new Error("a bar that is broken");
  };
  const { stopped, nextSyncAfterMs } = await onPhone.sync({ deadlineMs: 0 });
  assert.deepEqual([stopped, nextSyncAfterMs], ["deadline", 0]);
  const report = await onPhone.sync({ onProgress });
  assert.deepEqual([report.pushed, report.nextSyncAfterMs], [1, undefined]);
  assert.ok(phases.includes("push"));
});

test("a signal ends a sync at every call of a port, and nothing is lost", async () => {
  // Counts every call of the three ports, and aborts at one of them.
  const watched = (object, at) =>
    new Proxy(object, {
      get: (from, name) => (typeof from[name] === "function" ? (...given) => (at(), from[name](...given)) : from[name]),
    });
  let cut = 0;
  for (let stop = 1, ended = new KiteError("cancelled", "", ""); ended instanceof KiteError; stop += 1) {
    const [drive, other, notes] = [Drive.memory(), new Notes(), new Notes()];
    const onOther = await open(other, drive);
    await other.save(onOther, "tea", "o-1", "green");
    await onOther.sync();
    const control = new AbortController();
    let [calls, running] = [0, false];
    const at = () => running && ++calls === stop && control.abort();
    const setup = { application: watched(notes, at), state: watched(State.memory(), at), drive: watched(drive, at) };
    const client = await Client.open(setup);
    await notes.save(client, "milk", "a-1", "1 litre");
    running = true;
    ended = await client.sync({ signal: control.signal }).catch(error => error);
    running = false;
    if (ended instanceof KiteError) {
      assert.equal(ended.code, "cancelled");
      cut += 1;
    }
    await client.sync();
    await onOther.sync();
    assert.deepEqual(other.shown(), notes.shown(), `aborted at call ${stop}`);
    assert.deepEqual(Object.keys(other.shown()).sort(), ["milk", "tea"]);
  }
  assert.ok(cut >= 20, `only ${cut} places were cut`);
});

test("a signal that is aborted already ends a sync before it begins", async () => {
  const { onPhone } = await two();
  await assert.rejects(onPhone.sync({ signal: AbortSignal.abort() }), { code: "cancelled", retryAfterMs: 0 });
});

for (const [how, get] of Object.entries({
  throws: () => { throw new TypeError("the disk is on fire"); },
  rejects: async () => { throw new TypeError("the disk is on fire"); },
  "answers nothing": () => undefined,
  "answers with no list": async () => 42,
  "answers with a revision of the wrong type": async () => [{ id: "tea", revision: {}, body: bytes("") }],
})) {
  test(`an application that ${how} is \`application\` of \`get\`, and the queue keeps its entry`, async () => {
    const { phone, laptop, onPhone, onLaptop } = await two();
    await phone.save(onPhone, "tea", "a-1", "green");
    phone.get = get;
    const error = await onPhone.sync().then(() => assert.fail("the sync must fail"), e => e);
    assert.ok(error instanceof KiteError);
    assert.deepEqual([error.name, error.code, error.operation, error.retryAfterMs], ["KiteError", "application", "get", undefined]);
    if (how === "throws" || how === "rejects") assert.ok(error.cause instanceof TypeError);
    delete phone.get;
    assert.equal((await onPhone.status()).queued, 1);
    await onPhone.sync();
    await onLaptop.sync();
    assert.deepEqual(laptop.shown(), phone.shown());
  });
}

test("a state and a drive that fail are `state` and what the drive says, and the next sync goes on", async () => {
  const [notes, state, drive] = [new Notes(), State.memory(), Drive.memory()];
  const client = await Client.open({ application: notes, state, drive });
  await notes.save(client, "tea", "a-1", "green");
  state.read = () => [undefined, new Map()];
  await assert.rejects(client.sync(), { code: "state" });
  delete state.read;
  drive.put = () => { throw new Error("no network"); };
  await assert.rejects(client.sync(), { code: "unavailable", retryAfterMs: 10_000 });
  drive.put = () => { throw new KiteError("quota_exceeded", "put", "full"); };
  await assert.rejects(client.sync(), { code: "quota_exceeded" });
  drive.put = () => { throw new KiteError("rate_limited", "put", "slowly", { retryAfterMs: 77_000 }); };
  await assert.rejects(client.sync(), { code: "rate_limited", retryAfterMs: 77_000 });
  drive.put = async () => 7;
  await assert.rejects(client.sync(), { operation: "put", detail: /the drive's `put`: must be text/ });
  delete drive.put;
  await client.sync();
  const other = new Notes();
  await (await open(other, drive)).sync();
  assert.deepEqual(other.shown(), notes.shown());
});

test("wrong arguments are `invalid_input`, as a rejected promise", async () => {
  const { drive, onPhone } = await two();
  for (const change of [{ id: "", revision: 1 }, { id: "x", revision: 1e20 }, { id: "x", revision: NaN }, { id: "x", revision: 1, action: "move" }]) {
    await assert.rejects(onPhone.queueChange({ action: "put", ...change }), { code: "invalid_input" });
  }
  await assert.rejects(onPhone.sync({ deadlineMs: "soon" }), { code: "invalid_input", detail: /deadlineMs/ });
  await assert.rejects(open({ get() {}, apply() {} }, drive), { code: "invalid_input", detail: /no method `entries`/ });
  await assert.rejects(Client.open({ application: new Notes(), drive }), { code: "invalid_input", detail: /`state` is missing/ });
  await assert.rejects(open(new Notes(), drive, { encryption: { passphrase: "x" } }), { detail: /kitestring\/sealed/ });
});

test("a sealed vault opens with its key only", async () => {
  const [drive, key] = [Drive.memory(), new Uint8Array(32).fill(7)];
  const sealed = (application, encryption) => SealedClient.open({ application, state: State.memory(), drive, encryption });
  const [notes, other] = [new Notes(), new Notes()];
  const client = await sealed(notes, { key, padded: true });
  await notes.save(client, "tea", "a-1", "green");
  await client.sync();
  await (await sealed(other, { key })).sync();
  assert.deepEqual(other.shown(), notes.shown());
  await assert.rejects((await sealed(new Notes(), { key: new Uint8Array(32) })).sync(), { code: "wrong_key" });
  await assert.rejects((await open(new Notes(), drive)).sync(), { code: "wrong_key" });
  await assert.rejects(sealed(new Notes(), { key: new Uint8Array(31) }), { code: "invalid_input" });
});

test("a closed client says `cancelled`, and ends a running sync", async () => {
  const { phone, onPhone } = await two();
  phone.entries = () => new Promise(() => {});
  const running = assert.rejects(onPhone.sync(), { code: "cancelled" });
  onPhone.close();
  onPhone.close();
  await running;
  await assert.rejects(onPhone.sync(), { code: "cancelled" });
});

// Two devices, one drive: a put, an edit on both sides, the conflict, its resolution. Run it with `../test.sh`.
import assert from "node:assert/strict";

const { Client, Drive, State } = await import(process.env.KITESTRING);

// `_id` in the document, as db-to-cloud's have it: that is where the classic layout finds how an id is spelled.
const bytes = (_id, text) => new TextEncoder().encode(JSON.stringify({ _id, text }));
const value = body => JSON.parse(new TextDecoder().decode(body));

// What a program has anyway: its documents by id, each with a revision.
class Notes {
  docs = new Map();
  revisions = new Set();

  // The three questions. They may be plain or async: `apply` is plain here, the others are not.
  async get(ids) {
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
  async entries(after) {
    return after === undefined ? [...this.docs].map(([id, { revision }]) => ({ id, revision })) : [];
  }

  // What the program does when its user saves.
  async save(client, id, revision, text) {
    this.docs.set(id, { revision, body: bytes(id, text) });
    await client.queueChange({ id, revision, action: "put" });
  }
  shown() {
    return new Map([...this.docs].sort().map(([id, { revision, body }]) => [id, { revision, text: value(body).text }]));
  }
}

// A program that does not want to hold a large body in one piece: it says so, and passes parts.
class Archive extends Notes {
  wholeBodyBytes = 1 << 20;
  staged = new Map();

  async get(ids) {
    const whole = await super.get(ids);
    return whole.map(doc => (doc.body.length > this.wholeBodyBytes ? { ...doc, body: { size: doc.body.length } } : doc));
  }
  readPart({ id, revision, offset, length }) {
    const doc = this.docs.get(id);
    return doc?.revision === revision ? doc.body.subarray(offset, offset + length) : undefined;
  }
  async stagePart({ id, offset, bytes }) {
    const parts = offset === 0 ? [] : this.staged.get(id);
    this.staged.set(id, [...parts, bytes]);
  }
  apply(changes) {
    return super.apply(changes.map(change => ({ ...change, body: this.whole(change) })));
  }
  whole({ id, body }) {
    return body?.size === undefined ? body : new Uint8Array(Buffer.concat(this.staged.get(id)));
  }
}

let passed = 0;
let failed = 0;
async function check(name, run) {
  try {
    await run();
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}

const drive = Drive.memory();
const [phone, laptop] = [new Notes(), new Notes()];
const open = application => Client.open(application, State.memory(), drive);
let onPhone, onLaptop;

await check("what is put on one device arrives on the other, ids and revisions as they were spelled", async () => {
  [onPhone, onLaptop] = await Promise.all([open(phone), open(laptop)]);
  await phone.save(onPhone, "milk", "a-1", "1 litre");
  await phone.save(onPhone, 7, 1700000000000, "seven");
  assert.equal((await onPhone.sync()).pushed, 2);
  assert.equal((await onLaptop.sync()).pulled, 2);
  assert.deepEqual(laptop.shown(), phone.shown());
  assert.deepEqual(laptop.shown().get(7), { revision: 1700000000000, text: "seven" });
});

await check("an edit on both sides is a conflict, and the local document stays as it is", async () => {
  await phone.save(onPhone, "milk", "a-2", "2 litres");
  await laptop.save(onLaptop, "milk", "b-2", "oat milk");
  await onPhone.sync();
  const report = await onLaptop.sync();
  assert.equal(report.conflicts.length, 1);
  const [seen, ...others] = await onLaptop.conflicts();
  assert.deepEqual(others, []);
  assert.deepEqual(
    { id: seen.id, kind: seen.kind, local: seen.local.revision, remote: seen.remote.revision },
    { id: "milk", kind: "edit-edit", local: "b-2", remote: "a-2" },
  );
  assert.equal(laptop.shown().get("milk").text, "oat milk");
});

await check("a conflict that moved since it was shown is refused, and may be retried at once", async () => {
  const [seen] = await onLaptop.conflicts();
  const moved = { ...seen, local: { ...seen.local, revision: "b-1", digest: "0".repeat(64) } };
  await assert.rejects(onLaptop.resolve(moved, "keepLocal"), { name: "KiteError", code: "condition", retryAfterMs: 0 });
});

await check("a merged document settles it on both devices", async () => {
  const [seen] = await onLaptop.conflicts();
  await onLaptop.resolve(seen, { merged: { revision: "b-3", body: bytes("milk", "2 litres of oat milk") } });
  assert.deepEqual(await onLaptop.conflicts(), []);
  await onLaptop.sync();
  await onPhone.sync();
  assert.deepEqual(phone.shown(), laptop.shown());
  assert.equal(phone.shown().get("milk").text, "2 litres of oat milk");
});

await check("a deletion arrives", async () => {
  phone.docs.delete(7);
  await onPhone.queueChange({ id: 7, revision: 1700000000001, action: "delete" });
  await onPhone.sync();
  assert.equal((await onLaptop.sync()).deleted, 1);
  assert.deepEqual([...laptop.docs.keys()], ["milk"]);
});

await check("an edit between the question and the apply is not overwritten", async () => {
  await phone.save(onPhone, "milk", "a-4", "3 litres");
  await onPhone.sync();
  let queued;
  laptop.apply = changes => {
    delete laptop.apply;
    queued = laptop.save(onLaptop, "milk", "b-4", "soy milk");
    return laptop.apply(changes);
  };
  await onLaptop.sync();
  await queued;
  await onLaptop.sync();
  assert.deepEqual(laptop.shown().get("milk"), { revision: "b-4", text: "soy milk" });
  const [seen] = await onLaptop.conflicts();
  await onLaptop.resolve(seen, "takeRemote");
  assert.deepEqual(laptop.shown(), phone.shown());
  await onLaptop.sync();
  assert.deepEqual(await onLaptop.conflicts(), []);
});

await check("a large body travels in parts, to and from a host that asks for it", async () => {
  const archive = new Archive();
  const onArchive = await open(archive);
  await phone.save(onPhone, "log", "a-5", "x".repeat(5 << 19));
  await onPhone.sync();
  await onArchive.sync();
  assert.equal(archive.staged.get("log").length, 3);
  assert.deepEqual(archive.shown(), phone.shown());
  await archive.save(onArchive, "log", "c-5", "y".repeat(3 << 20));
  await onArchive.sync();
  await onPhone.sync();
  assert.deepEqual(phone.shown(), archive.shown());
  await onLaptop.sync();
});

await check("what the host throws is `application`, with the original as its cause", async () => {
  const trouble = new TypeError("the disk is on fire");
  laptop.get = () => { throw trouble; };
  laptop.docs.set("tea", { revision: "b-6", body: bytes("tea", "green") });
  const error = await (async () => {
    await onLaptop.queueChange({ id: "tea", revision: "b-6", action: "put" });
    await onLaptop.sync();
  })().then(() => assert.fail("the sync must fail"), e => e);
  assert.ok(error instanceof Error);
  assert.equal(error.code, "application");
  assert.match(error.message, /the disk is on fire/);
  assert.equal(error.cause, trouble);
  assert.equal(error.retryAfterMs, undefined);
});

await check("an answer of the wrong shape is `application` and says where", async () => {
  laptop.get = async () => [{ id: "tea", revision: {}, body: bytes("tea", "") }];
  await assert.rejects(onLaptop.sync(), { code: "application", message: /\[0\] `revision` must be text or a number/ });
  delete laptop.get;
  await onLaptop.sync();
  await onPhone.sync();
  assert.deepEqual(phone.shown(), laptop.shown());
});

await check("wrong arguments are `invalid_input`, as a rejected promise", async () => {
  await assert.rejects(onPhone.queueChange({ id: "", revision: 1, action: "put" }), { code: "invalid_input" });
  await assert.rejects(onPhone.queueChange({ id: "x", revision: 1e20, action: "put" }), { code: "invalid_input" });
  await assert.rejects(onPhone.queueChange({ id: "x", revision: 1, action: "move" }), { code: "invalid_input" });
  await assert.rejects(onPhone.queueChange({ id: "x", revision: NaN, action: "put" }), { code: "invalid_input" });
  await assert.rejects(open({ get() {}, apply() {} }), { code: "invalid_input", message: /no method `entries`/ });
});

await check("a closed client says `cancelled`", async () => {
  onPhone.close();
  onPhone.close();
  await assert.rejects(onPhone.sync(), { code: "cancelled" });
});

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

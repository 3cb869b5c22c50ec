// The lock file: live, expired, without an owner, ours and theirs.
import assert from "node:assert/strict";
import {test} from "node:test";
import {Place, note} from "../place.js";

const MINUTE = 60_000;
const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

async function pending(t) {
  const place = new Place(t);
  const client = place.new();
  await client.put(note("a", 1));
  return {place, client};
}

async function refused(client, wait_ms = 300) {
  const start = Date.now();
  const error = await client.sync({wait_ms}).then(() => assert.fail("the lock was not respected"), e => e);
  assert.equal(error.code, "locked");
  assert.ok(Date.now() - start >= wait_ms - 20, "it waited");
  return error;
}

async function until(condition) {
  for (let i = 0; !condition(); i++) {
    assert.ok(i < 4000, "it never came");
    await pause(2);
  }
}

test("a live lock of an old client: wait, then `locked` with its end; the lock stays", async t => {
  const {place, client} = await pending(t);
  const expire = Date.now() + 60 * MINUTE;
  place.write("lock.json", JSON.stringify({expire}));
  assert.equal((await refused(client)).until_ms, expire);
  assert.deepEqual(place.json("lock.json"), {expire});
  assert.ok(!place.has("docs/a.json") && !place.has("meta.json"), "nothing was written");
});

test("a live lock that its holder releases while we wait", async t => {
  const {place, client} = await pending(t);
  const old = place.old();
  await old.client.init();
  await old.client.drive().init();
  await old.client.drive().acquireLock(60);
  const sync = client.sync({wait_ms: 20_000});
  await pause(500);
  assert.ok(!place.has("docs/a.json"), "nothing is written while it waits");
  await old.client.drive().releaseLock();
  assert.equal((await sync).pushed, 1);
  assert.ok(!place.has("lock.json"));
});

test("a lock that has just expired may be alive by another clock: it is respected", async t => {
  const {place, client} = await pending(t);
  const expire = Date.now() - MINUTE;
  place.write("lock.json", JSON.stringify({expire}));
  await refused(client);
  assert.deepEqual(place.json("lock.json"), {expire});
});

test("a lock that expired more than two minutes ago is taken over", async t => {
  const {place, client} = await pending(t);
  place.write("lock.json", JSON.stringify({expire: Date.now() - 3 * MINUTE}));
  assert.equal((await client.sync()).pushed, 1);
  assert.ok(!place.has("lock.json"));
  const old = place.old();
  await old.sync();
  assert.deepEqual(old.all(), [note("a", 1)]);
});

test("the lock of another kitestring client that died: respected while it lives", async t => {
  const {place, client} = await pending(t);
  const slow = place.new({delayMs: 100});
  await slow.put(note("b", 1));
  const cut = slow.sync().catch(() => {});
  await until(() => place.has("lock.json"));
  await slow.kill();
  await cut;
  const {expire} = place.json("lock.json");
  const error = await refused(client);
  assert.equal(error.until_ms, expire);
  assert.ok(error.owner, "the owner is named");

  const again = place.new({home: slow.home});
  assert.equal((await again.sync()).pushed, 1, "its own lock does not stop it");
  assert.ok(!place.has("lock.json"));
  assert.equal((await client.sync()).pushed, 1);
  const old = place.old();
  await old.sync();
  assert.deepEqual(old.all(), [note("a", 1), note("b", 1)]);
});

test("an old client respects our lock", async t => {
  const place = new Place(t);
  const [old, client] = [place.old(), place.new({delayMs: 150})];
  await client.put(note("a", 1), note("b", 1));
  old.put(note("c", 1));
  const sync = client.sync();
  await until(() => place.has("lock.json"));
  await assert.rejects(old.sync(), error => error.name === "LockError" && error.expire > Date.now());
  assert.equal((await sync).pushed, 2);
  await old.sync();
  assert.deepEqual(old.all().map(d => d._id), ["a", "b", "c"]);
});

test("a lock file that makes no sense does not stop us for ever, and is not removed at once", async t => {
  const {place, client} = await pending(t);
  place.write("lock.json", "");
  await refused(client);
  assert.ok(place.has("lock.json"));
});

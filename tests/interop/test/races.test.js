// Old and new clients at the same time: what an old client can overwrite, and many clients at once.
import assert from "node:assert/strict";
import {test} from "node:test";
import {Place, note} from "../place.js";

/** An old client that believes it holds the lock, and stands still between its pull and its push. */
function stalled(place) {
  let go, arrived;
  const [gate, there] = [new Promise(r => { go = r; }), new Promise(r => { arrived = r; })];
  const old = place.old({wrap: drive => Object.assign(Object.create(drive), {
    acquireLock: async () => {},
    releaseLock: async () => {},
    put: async (path, data) => {
      if (old.stall) { arrived(); await gate; }
      return drive.put(path, data);
    },
  })});
  return Object.assign(old, {go, there, stall: false});
}

test("an old client that lost its lock overwrites the log: every edit of ours is announced again", async t => {
  const place = new Place(t);
  const [old, client, late] = [stalled(place), place.new(), place.old()];
  for (let i = 0; i < 10; i++) old.put(note(`n${i}`, 1));
  await old.sync();
  await client.sync();

  old.put(note("theirs", 1));
  old.stall = true;
  const push = old.sync();
  await old.there;
  await client.put(note("ours1", 1), note("ours2", 1), note("n3", 2));
  assert.equal((await client.sync()).pushed, 3);
  old.go();
  await push;
  assert.deepEqual(place.log().map(c => c._id).slice(10), ["theirs"], "our three entries are gone from the log");

  for (let i = 0; i < 3; i++) await client.sync();
  old.stall = false;
  await old.sync();
  await late.sync();
  await client.sync();
  const ids = (await client.all()).map(d => d._id);
  for (const id of ["theirs", "ours1", "ours2"]) assert.ok(ids.includes(id), `${id} is here`);
  assert.deepEqual(old.all(), await client.all());
  assert.deepEqual(late.all(), await client.all());
  assert.equal((await client.all()).find(d => d._id === "n3")._rev, 2);
});

test("a file of an old client that is half written stops us, and nothing is written over it", async t => {
  const place = new Place(t);
  const [old, client] = [place.old(), place.new()];
  for (let i = 0; i < 5; i++) old.put(note(`n${i}`, 1));
  await old.sync();
  await client.sync();
  old.put(note("n1", 2));
  await old.sync();
  await client.put(note("mine", 1));
  for (const file of ["meta.json", "changes/0.json"]) {
    const whole = place.text(file);
    for (const cut of ["", whole.slice(0, -3)]) {
      place.write(file, cut);
      await assert.rejects(client.sync(), error => ["corrupt", "unavailable"].includes(error.code));
      assert.equal(place.text(file), cut);
      assert.equal((await client.all()).length, 6, "nothing is lost here");
    }
    place.write(file, whole);
  }
  assert.equal((await client.sync()).pushed, 1);
  await old.sync();
  assert.deepEqual(old.all(), await client.all());
  assert.equal(place.log().length, 7);
});

test("two old and two new clients sync at the same time: every edit reaches everybody", async t => {
  const place = new Place(t);
  const olds = [place.old(), place.old()];
  const news = [place.new(), place.new()];
  const rounds = 12;

  async function oldClient(old, name) {
    for (let round = 1; round <= rounds; round++) {
      for (let i = 0; i < 4; i++) old.put(note(`${name}-${i}`, round));
      await patiently(() => old.sync());
    }
  }
  async function newClient(client, name) {
    for (let round = 1; round <= rounds; round++) {
      await client.put(...[0, 1, 2, 3].map(i => note(`${name}-${i}`, round)));
      assert.deepEqual((await client.sync({wait_ms: 60_000})).conflicts, []);
    }
  }
  await Promise.all([
    ...olds.map((old, n) => oldClient(old, `old${n}`)),
    ...news.map((client, n) => newClient(client, `new${n}`)),
  ]);
  for (let i = 0; i < 2; i++) {
    for (const client of news) await client.sync();
    for (const old of olds) await old.sync();
  }
  const expected = ["new0", "new1", "old0", "old1"].flatMap(name => [0, 1, 2, 3].map(i => note(`${name}-${i}`, rounds)));
  for (const client of news) assert.deepEqual(await client.all(), expected);
  for (const old of olds) assert.deepEqual(old.all(), expected);
  place.log();
});

/**
 * An old client gives up when it meets a lock; its user tries again. It also fails on its own when the lock is released,
 * or is still being written, between its two looks at it.
 */
async function patiently(work) {
  const ofLock = error => error.name === "LockError" || error instanceof SyntaxError || /lock\.json/.test(error.message);
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!ofLock(error) || tries > 2000) throw error;
      await new Promise(resolve => setTimeout(resolve, 5 + Math.random() * 20));
    }
  }
}

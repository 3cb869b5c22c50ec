// Old and new clients on a WebDAV server and in Dropbox: each side reaches the drive by its own code.
import assert from "node:assert/strict";
import {test} from "node:test";
import {note} from "../place.js";
import {byId} from "../old.js";
import {Service} from "../service.js";

const MINUTE = 60_000;
const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

for (const kind of ["webdav", "dropbox"]) {
  test(`${kind}: edits and deletions arrive in both directions`, async t => {
    const service = await Service.start(t, kind);
    const [old, client] = [service.old(), service.new()];
    for (const id of ["a", "b", "two words", "ünï"]) old.put(note(id, 1));
    await old.sync();
    await client.sync();
    assert.deepEqual(await client.all(), old.all());

    await client.put(note("a", 2, "ours"), note("new one", 1));
    await client.delete("b", 2);
    await client.sync();
    await old.sync();
    assert.deepEqual(old.all(), byId([note("a", 2, "ours"), note("new one", 1), note("two words", 1), note("ünï", 1)]));

    old.put(note("new one", 2, "theirs"));
    old.put(note("ünï", 2, "theirs"));
    old.delete("a", 3);
    await old.sync();
    await client.sync();
    assert.deepEqual(await client.all(), byId([note("new one", 2, "theirs"), note("two words", 1), note("ünï", 2, "theirs")]));

    const [lateOld, lateClient] = [service.old(), service.new()]; // they join by listing
    await lateOld.sync();
    await lateClient.sync();
    assert.deepEqual(lateOld.all(), old.all());
    assert.deepEqual(await lateClient.all(), old.all());
    for (const device of [old, lateOld]) assert.deepEqual(device.warnings, []);
    assert.equal(await service.json("lock.json"), undefined, "nobody holds the lock");
  });

  test(`${kind}: each side waits for the other's lock`, async t => {
    const service = await Service.start(t, kind);
    const [old, client] = [service.old(), service.new({delayMs: 150})];
    await client.put(note("a", 1), note("b", 1));
    old.put(note("c", 1));
    const holder = await holding(old);
    const error = await client.sync({wait_ms: 300}).then(() => assert.fail("their lock was not respected"), e => e);
    assert.equal(error.code, "locked");
    assert.ok(error.until_ms > Date.now() + 50 * MINUTE, "it lasts as long as theirs do");
    assert.equal(await service.json("docs/a.json"), undefined, "nothing was written");
    const waiting = client.sync({wait_ms: 20_000});
    await pause(500);
    await holder.releaseLock();
    assert.equal((await waiting).pushed, 2);

    await client.put(note("a", 2), note("b", 2));
    const pushing = client.sync();
    while (!await service.json("lock.json")) await pause(2);
    await assert.rejects(old.sync(), e => e.name === "LockError" && e.expire > Date.now());
    assert.equal((await pushing).pushed, 2);
    await old.sync();
    await client.sync();
    assert.deepEqual(old.all(), [note("a", 2), note("b", 2), note("c", 1)]);
    assert.deepEqual(await client.all(), old.all());
  });

  test(`${kind}: a lock that an old client left is respected until it is dead, then taken over`, async t => {
    const service = await Service.start(t, kind);
    const client = service.new();
    await client.put(note("a", 1));
    await service.write("lock.json", {expire: Date.now() - MINUTE});
    await assert.rejects(client.sync(), e => e.code === "locked");
    await service.write("lock.json", {expire: Date.now() - 3 * MINUTE});
    assert.equal((await client.sync()).pushed, 1);
    assert.equal(await service.json("lock.json"), undefined);
  });

  for (const seed of [1, 2, 3]) {
    test(`${kind}: two old and two new clients take turns, nothing is lost (${seed})`, async t => {
      const service = await Service.start(t, kind);
      const devices = [service.old(), service.new(), service.old(), service.new()];
      const random = drawing(seed);
      const expected = new Map();
      for (let turn = 1; turn <= 30; turn++) {
        const device = devices[random(devices.length)];
        await device.sync({mass_delete: true});
        for (let i = random(4); i >= 0; i--) await edit(device, `doc ${random(9)}`, turn, expected);
        await device.sync({mass_delete: true});
      }
      for (const device of devices) await device.sync({mass_delete: true});
      for (const device of devices) {
        assert.deepEqual(await device.all(), byId(expected.values()));
        if (device.conflicts) assert.deepEqual(await device.conflicts(), []);
      }
    });
  }
}

test("webdav: ids that db-to-cloud puts into addresses as they are do not reach it, and stop nothing else", async t => {
  const service = await Service.start(t, "webdav");
  const [old, client] = [service.old(), service.new()];
  old.put(note("first", 1));
  await old.sync();
  await client.put(note("a?b", 1), note("a/b", 1), note("plain", 1));
  await client.sync();
  await old.sync();
  assert.deepEqual(old.all(), [note("first", 1), note("plain", 1)]);
  assert.deepEqual(old.warnings.map(text => text.split(" ")[2]).sort(), ["a%2Fb.", "a%3Fb."]);
  old.put(note("plain", 2));
  await old.sync();
  await client.sync();
  assert.deepEqual(await client.all(), byId([note("a/b", 1), note("a?b", 1), note("first", 1), note("plain", 2)]));
});

// One old client only: two that take the lock in one millisecond write the same bytes, which are no conflict in Dropbox.
test("dropbox: an old and two new clients at once, every edit reaches everybody", async t => {
  const service = await Service.start(t, "dropbox");
  const [olds, news] = [[service.old()], [service.new(), service.new()]];
  const rounds = 6;
  await Promise.all([
    ...olds.map(async (old, n) => {
      for (let round = 1; round <= rounds; round++) {
        for (let i = 0; i < 3; i++) old.put(note(`old${n}-${i}`, round));
        await patiently(() => old.sync());
      }
    }),
    ...news.map(async (client, n) => {
      for (let round = 1; round <= rounds; round++) {
        await client.put(...[0, 1, 2].map(i => note(`new${n}-${i}`, round)));
        assert.deepEqual((await client.sync({wait_ms: 60_000})).conflicts, []);
      }
    }),
  ]);
  for (let i = 0; i < 2; i++) for (const device of [...news, ...olds]) await device.sync();
  const expected = ["new0", "new1", "old0"].flatMap(name => [0, 1, 2].map(i => note(`${name}-${i}`, rounds)));
  for (const device of [...news, ...olds]) assert.deepEqual(await device.all(), expected);
});

/** Lets an old client hold the lock. */
async function holding(old) {
  const drive = old.client.drive();
  await drive.acquireLock(60);
  return drive;
}

/** Somebody edits or deletes a document on a device that knows the newest. */
async function edit(device, id, turn, expected) {
  const rev = Math.max(turn * 100, (expected.get(id)?._rev ?? 0) + 1);
  if (expected.has(id) && rev % 3 === 0) {
    await device.delete(id, rev);
    expected.delete(id);
  } else {
    await device.put(note(id, rev));
    expected.set(id, note(id, rev));
  }
}

/** A draw of whole numbers below an end, the same for each seed. */
function drawing(seed) {
  return end => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(seed / 2 ** 32 * end);
  };
}

/** An old client gives up when it meets a lock, or when the lock goes between its two looks at it; its user tries again. */
async function patiently(work) {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (error.name !== "LockError" && error.code !== "ENOENT" || tries > 2000) throw error;
      await pause(5 + Math.random() * 20);
    }
  }
}

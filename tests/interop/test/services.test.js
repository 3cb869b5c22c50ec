// Old and new clients on a WebDAV server, in Dropbox, in Google Drive and in OneDrive: each side reaches the drive by its own code.
import assert from "node:assert/strict";
import {test} from "node:test";
import {note} from "../place.js";
import {byId} from "../old.js";
import {Service} from "../service.js";

const MINUTE = 60_000;
const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

for (const kind of ["webdav", "dropbox", "gdrive", "onedrive"]) {
  test(`${kind}: edits and deletions arrive in both directions`, async t => {
    const service = await Service.start(t, kind);
    const [old, client] = [service.old(), await service.begun()];
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

    const [lateOld, lateClient] = [service.old(), await service.begun()]; // they join by listing
    await lateOld.sync();
    await lateClient.sync();
    assert.deepEqual(lateOld.all(), old.all());
    assert.deepEqual(await lateClient.all(), old.all());
    for (const device of [old, lateOld]) assert.deepEqual(device.warnings, []);
    assert.equal(await service.lock(), undefined, "nobody holds the lock");
  });

  test(`${kind}: each side waits for the other's lock`, async t => {
    const service = await Service.start(t, kind);
    const [old, client] = [service.old(), await service.begun({delayMs: 150})];
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
    while (!await service.lock()) await pause(2);
    await assert.rejects(old.sync(), e => e.name === "LockError" && e.expire > Date.now());
    assert.equal((await pushing).pushed, 2);
    await old.sync();
    await client.sync();
    assert.deepEqual(old.all(), [note("a", 2), note("b", 2), note("c", 1)]);
    assert.deepEqual(await client.all(), old.all());
  });

  test(`${kind}: a lock that an old client left is respected until it is dead, then taken over`, async t => {
    const service = await Service.start(t, kind);
    const client = await service.begun();
    await client.put(note("a", 1));
    const holder = await holding(service.old(), -1);
    await assert.rejects(client.sync(), e => e.code === "locked");
    await holder.releaseLock();
    await holder.acquireLock(-3);
    assert.equal((await client.sync()).pushed, 1);
    assert.equal(await service.lock(), undefined);
  });

  for (const seed of [1, 2, 3]) {
    test(`${kind}: two old and two new clients take turns, nothing is lost (${seed})`, async t => {
      const service = await Service.start(t, kind);
      const devices = [service.old(), await service.begun(), service.old(), await service.begun()];
      const random = drawing(seed);
      const expected = new Map();
      for (let turn = 1; turn <= 30; turn++) {
        const device = devices[random(devices.length)];
        // db-to-cloud believes in the ids that it has seen for as long as it runs, also in those that are gone.
        if (kind === "gdrive") device.restart?.(service.oldDrive());
        await device.sync({mass_delete: true});
        for (let i = random(4); i >= 0; i--) await edit(device, `doc ${random(9)}`, turn, expected);
        await device.sync({mass_delete: true});
      }
      for (const device of devices) {
        if (kind === "gdrive") device.restart?.(service.oldDrive());
        await device.sync({mass_delete: true});
      }
      for (const device of devices) {
        assert.deepEqual(await device.all(), byId(expected.values()));
        if (device.conflicts) assert.deepEqual(await device.conflicts(), []);
      }
    });
  }
}

test("webdav: ids that db-to-cloud puts into addresses as they are do not reach it, and stop nothing else", async t => {
  const service = await Service.start(t, "webdav");
  const [old, client] = [service.old(), await service.begun()];
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
for (const [kind, oldClients] of [["dropbox", 1], ["gdrive", 2], ["onedrive", 2]]) {
  test(`${kind}: ${oldClients} old and two new clients at once, every edit reaches everybody`, async t => {
    const service = await Service.start(t, kind);
    const olds = Array.from({length: oldClients}, () => service.old());
    const news = [await service.begun(), await service.begun()];
    // In Google Drive db-to-cloud lists the documents when it begins, and not when it has the lock: whoever joins does it alone.
    await news[0].put(note("first", 1));
    for (const device of [...news, ...olds]) await device.sync();
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
    const names = [...news.map((_, n) => `new${n}`), ...olds.map((_, n) => `old${n}`)];
    const expected = byId([note("first", 1), ...names.flatMap(name => [0, 1, 2].map(i => note(`${name}-${i}`, rounds)))]);
    for (const device of [...news, ...olds]) assert.deepEqual(await device.all(), expected);
    assert.equal(await service.lock(), undefined, "nobody holds the lock");
  });
}

for (const first of ["old", "new", "both"]) {
  test(`gdrive: one file of each name is there, and both sides begin (first: ${first})`, async t => {
    const service = await Service.start(t, "gdrive");
    const [old, begin] = [service.old(), () => service.begun()];
    let client;
    if (first === "old") await old.sync();
    if (first === "both") {
      // The younger files are dropped. If those are its own, an old client notices, and must be started anew.
      const begun = [begin(), old.sync().catch(error => assert.equal(error.code, 404))];
      [client] = await Promise.all(begun);
      old.restart(service.oldDrive());
    }
    client ??= await begin();
    await old.sync();
    await client.sync();
    for (const name of ["lock.json", "meta.json"]) assert.equal(await service.count(name), 1, name);
    old.put(note("theirs", 1));
    await old.sync();
    await client.put(note("ours", 1));
    await client.sync();
    await old.sync();
    assert.deepEqual(old.all(), [note("ours", 1), note("theirs", 1)]);
    await client.sync();
    assert.deepEqual(await client.all(), old.all());
  });
}

test("gdrive: a client that is killed with the lock goes on with it; others respect it until then", async t => {
  const service = await Service.start(t, "gdrive");
  const [old, client, slow] = [service.old(), await service.begun(), await service.begun({delayMs: 100})];
  await client.put(note("a", 1));
  await client.sync();
  await old.sync();
  await slow.put(note("b", 1));
  const cut = slow.sync().catch(() => {});
  while (!await service.lock()) await pause(2);
  await slow.kill();
  await cut;
  const {expire, owner, hold} = await service.lock();
  assert.ok(owner && hold && expire < Date.now() + 3 * MINUTE, "it says whose it is, and ends soon");
  await assert.rejects(old.sync(), e => e.name === "LockError" && e.expire === expire);
  await client.put(note("c", 1));
  await assert.rejects(client.sync({wait_ms: 300}), e => e.code === "locked" && e.until_ms === expire);

  const again = service.new({home: slow.home});
  assert.equal((await again.sync()).pushed, 1, "its own lock does not stop it");
  assert.equal(await service.lock(), undefined);
  assert.equal((await client.sync()).pushed, 1);
  await old.sync();
  assert.deepEqual(old.all(), [note("a", 1), note("b", 1), note("c", 1)]);
});

test("gdrive: an old client takes over a lock of ours when it has expired", async t => {
  const service = await Service.start(t, "gdrive");
  const [old, slow] = [service.old(), await service.begun({delayMs: 100})];
  await slow.put(note("b", 1));
  const cut = slow.sync().catch(() => {});
  while (!await service.lock()) await pause(2);
  await slow.kill();
  await cut;
  old.put(note("a", 1));
  await assert.rejects(old.sync(), e => e.name === "LockError");
  const now = Date.now;
  const clock = t.mock.method(Date, "now", () => now() + 3 * MINUTE);
  await old.sync();
  clock.mock.restore();
  assert.equal(await service.lock(), undefined);
  const again = service.new({home: slow.home});
  await again.sync();
  await old.sync();
  assert.deepEqual(old.all(), [note("a", 1), note("b", 1)]);
  assert.deepEqual(await again.all(), old.all());
});

test("gdrive: several dead locks in line do not stop us", async t => {
  const service = await Service.start(t, "gdrive");
  const client = await service.begun();
  await client.put(note("a", 1));
  await client.sync();
  for (const minutes of [5, 4, 3]) await service.leaveInLine({expire: Date.now() - minutes * MINUTE});
  await client.put(note("b", 1));
  assert.equal((await client.sync({wait_ms: 5_000})).pushed, 1);
  assert.equal(await service.lock(), undefined);
});

test("gdrive: of two files of one name the last written counts, and one is left when we write it", async t => {
  const service = await Service.start(t, "gdrive");
  const [old, client] = [service.old(), await service.begun()];
  await old.client.init();
  await old.client.drive().init(); // from here on it does not know what others make
  old.client.drive().isInit = true;
  await client.put(note("both", 1), note("ours", 1));
  await client.sync();
  old.put(note("both", 2, "theirs"));
  await old.sync();
  assert.equal(await service.count("docs/both.json"), 2);
  await client.sync();
  assert.deepEqual(await client.all(), [note("both", 2, "theirs"), note("ours", 1)]);
  await client.put(note("both", 3, "ours"));
  await client.sync();
  assert.equal(await service.count("docs/both.json"), 1);
  const late = service.old();
  await late.sync();
  assert.deepEqual(late.all(), [note("both", 3, "ours"), note("ours", 1)]);
});

test("gdrive: an id with a quotation mark stops an old client until it is started anew", async t => {
  const service = await Service.start(t, "gdrive");
  const [old, client] = [service.old(), await service.begun()];
  await client.put(note("first", 1));
  await client.sync();
  await old.sync();
  await client.put(note("Ann's", 1));
  await client.sync();
  await assert.rejects(old.sync(), e => e.code === 400);
  old.restart(service.oldDrive());
  await old.sync();
  assert.deepEqual(old.all(), byId([note("Ann's", 1), note("first", 1)]));
  assert.equal(await service.lock(), undefined);
});

/** Lets an old client hold the lock for so many minutes; less than none are over. */
async function holding(old, minutes = 60) {
  const drive = old.client.drive();
  await drive.init?.();
  await drive.acquireLock(minutes);
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
      const isTurn = error.name === "LockError" || error.code === "ENOENT" || error.code === 404;
    if (!isTurn || tries > 2000) throw error;
      await pause(5 + Math.random() * 20);
    }
  }
}

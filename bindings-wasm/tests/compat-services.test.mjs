// The drives of `kitestring/compat` over HTTP, each beside db-to-cloud's own: in the emulators of Dropbox and Google Drive, and on a WebDAV
// server.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as compat from "kitestring/compat";
import { RequestError } from "kitestring/compat/lib/request";
import { Device, note, old } from "./compat-device.mjs";
import { SERVICES, getAccessToken } from "./services.mjs";

/** Starts a service: drives of both there. */
async function start(t, kind) {
  const { at, theirs } = await SERVICES[kind](t);
  return { theirs, ours: () => compat.drive[kind]({ getAccessToken, ...at }) };
}

for (const kind of Object.keys(SERVICES)) {
  test(`${kind}: edits and deletions arrive in both directions`, async t => {
    const { theirs, ours } = await start(t, kind);
    const [their, our] = [new Device(old, theirs()), new Device(compat, ours())];
    our.put(note("a", 1));
    our.put(note("two words", 1));
    our.put(note(7, 1));
    await our.run();
    await their.run();
    assert.deepEqual(their.all(), our.all());
    their.put(note("a", 2));
    their.delete(7, 2);
    await their.run();
    our.put(note("b", 1));
    await our.run();
    await their.run();
    const late = new Device(compat, ours());
    await late.run();
    assert.deepEqual(our.all(), [note("a", 2), note("b", 1), note("two words", 1)]);
    for (const device of [their, late]) assert.deepEqual(device.all(), our.all());
    for (const device of [their, our, late]) assert.deepEqual(device.warnings, []);
  });

  test(`${kind}: a lock of the one is respected by the other`, async t => {
    const { theirs, ours } = await start(t, kind);
    const [their, our] = [new Device(old, theirs()), new Device(compat, ours())];
    let refused;
    our.put(note("a", 1));
    our.onGet = async id => ((refused = await their.run(false).catch(error => error)), our.docs.get(id));
    await our.run();
    assert.equal(refused.name, "LockError");
    their.put(note("b", 1));
    their.onGet = async id => ((refused = await our.run(false).catch(error => error)), their.docs.get(id));
    await their.run();
    assert.equal(refused.name, "LockError");
    assert.ok(refused.expire > Date.now() + 3_000_000);
  });
}

test("google: a lock that a program has left, whose time is over, is in nobody's way, and one whose time is not is", async t => {
  const { theirs, ours } = await start(t, "google");
  const [dead, alive] = [theirs(), theirs()];
  for (const [drive, minutes] of [[dead, -1], [alive, 5]]) {
    await drive.init();
    await drive.acquireLock(minutes);
  }
  const device = new Device(compat, ours());
  await assert.rejects(device.run(), error => error.name === "LockError" && error.expire > Date.now() + 240_000);
  await alive.releaseLock();
  device.put(note("a", 1));
  await device.run();
  const their = new Device(old, theirs());
  await their.run();
  assert.deepEqual(their.all(), [note("a", 1)]);
});

test("what a service refuses has the code that programs look for, and what their own functions throw comes through", async () => {
  const refusing = (status, headers) => async () => new Response("no", { status, headers });
  const sync = drive => new Device(compat, drive).run().then(() => assert.fail("it must fail"), error => error);
  const signIn = await sync(compat.drive.dropbox({ getAccessToken, fetch: refusing(401) }));
  assert.ok(signIn instanceof RequestError);
  assert.deepEqual([signIn.name, signIn.code, signIn.origin.status], ["RequestError", 401, 401]);
  const server = await sync(compat.drive.webdav({ url: "https://dav.example/", username: "ann", password: "x", fetch: refusing(401) }));
  assert.deepEqual([server.name, server.code], ["RequestError", 401]);
  const noToken = Object.assign(new Error("sign in first"), { name: "TokenError" });
  const given = await sync(compat.drive.dropbox({ getAccessToken: () => Promise.reject(noToken), fetch: refusing(500) }));
  assert.equal(given, noToken);
});

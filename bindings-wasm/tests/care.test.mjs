// Care for a vault: looks at it, breaks its lock, keeps a copy of it, moves it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, Drive, State, importVault } from "kitestring/care";
import { Notes, bytes, text } from "./notes.mjs";

const KEY = { key: new Uint8Array(32).fill(7) };

async function device(drive, more) {
  const notes = new Notes();
  return { notes, client: await Client.open({ application: notes, state: State.memory(), drive, ...more }) };
}

/** A vault with three notes, and a device that has made it. */
async function vault(more) {
  const drive = Drive.memory();
  const made = await device(drive, more);
  for (const name of ["bread", "milk", "tea"]) await made.notes.save(made.client, name, "1", `some ${name}`);
  await made.client.sync();
  return { drive, ...made };
}

/** The same, and its export. */
async function exported(more) {
  const files = [];
  const made = await vault(more);
  const kept = await made.client.exportVault(file => void files.push(file));
  return { files, kept, ...made };
}

test("a look finds a lost head and repairs it", async () => {
  const { drive, client } = await vault();
  const well = await client.doctor();
  assert.deepEqual([well.worst, well.documents, well.sealed, well.lock], [undefined, 3, false, undefined]);
  assert.equal(well.vault, (await client.status()).vault);
  drive.delete("head", "any");
  const { findings, worst } = await client.doctor({});
  const lost = findings.find(({ code }) => code === "head_missing");
  assert.deepEqual([lost.severity, lost.repair, lost.path, worst], ["damage", "possible", "head", "damage"]);
  assert.equal(drive.get("head"), undefined);
  const steps = [];
  const mended = await client.doctor({ repair: true, onProgress: step => steps.push(step) });
  assert.equal(mended.findings.find(({ code }) => code === "head_missing").repair, "done");
  assert.ok(mended.worst === undefined && steps.length > 0);
  assert.equal((await (await device(drive)).client.sync()).pulled, 3);
});

test("a signal ends a look", async () => {
  const { client } = await vault();
  await assert.rejects(client.doctor({ signal: AbortSignal.abort() }), { code: "cancelled" });
});

test("a lock is shown, and broken as it was shown", async () => {
  const { drive, client } = await vault();
  const leave = nonce => drive.put("lease", bytes(`{"owner":"aa","nonce":"${nonce}"}`), "any");
  assert.equal(await client.heldLock(), undefined);
  leave(1);
  const held = await client.heldLock();
  assert.deepEqual([held.path, held.owner, held.isOurs], ["lease", "aa", false]);
  await assert.rejects(client.compact({ waitMs: 0 }), { code: "locked" });
  leave(2);
  await assert.rejects(client.breakLock(held), { code: "condition" });
  const again = await client.heldLock();
  await client.breakLock(again);
  assert.equal(drive.get("lease"), undefined);
  await assert.rejects(client.breakLock(again), { code: "not_found" });
  await assert.rejects(client.breakLock({ path: "lease" }), { code: "invalid_input", detail: /isOurs/ });
});

for (const [name, more] of [["open", {}], ["sealed", { encryption: KEY }]]) {
  test(`a vault that is ${name} is exported and imported`, async () => {
    const { files, kept, client, notes } = await exported(more);
    assert.equal(files.at(-1).path, "kitestring-export.json");
    assert.deepEqual([kept.vault, kept.resumed], [(await client.status()).vault, 0]);
    const last = new Map(files.slice(0, -1).map(file => [file.path, file.bytes.length]));
    assert.equal([...last.values()].reduce((sum, size) => sum + size), kept.bytes);
    if (name === "sealed") assert.ok(!files.some(file => /milk/.test(text(file.bytes))));
    const ways = [() => files, async function* () { yield* files; }];
    for (const way of ways) {
      const [drive, steps] = [Drive.memory(), []];
      assert.deepEqual(await importVault(drive, way, { onProgress: step => steps.push(step) }), kept);
      assert.ok(steps.length > 0);
      await assert.rejects(importVault(drive, way), { code: "invalid_input" });
      if (name === "sealed") await assert.rejects((await device(drive)).client.sync(), { code: "wrong_key" });
      const newcomer = await device(drive, more);
      assert.equal((await newcomer.client.sync()).pulled, 3);
      assert.deepEqual(newcomer.notes.shown(), notes.shown());
    }
  });
}

test("what is no whole export is not imported, and what the host throws is its own", async () => {
  const { files, client } = await exported();
  await assert.rejects(importVault(Drive.memory(), () => files.slice(0, -1)), { code: "corrupt" });
  await assert.rejects(importVault(Drive.memory(), () => files, { signal: AbortSignal.abort() }), { code: "cancelled" });
  await assert.rejects(importVault(Drive.memory(), () => [{ path: "vault" }]), { code: "application", detail: /bytes/ });
  await assert.rejects(importVault({}, () => files), { code: "invalid_input" });
  const full = new Error("no space");
  const refused = client.exportVault(() => { throw full; });
  await assert.rejects(refused, { code: "application", cause: full });
  await assert.rejects(importVault(Drive.memory(), () => { throw full; }), { code: "application", cause: full });
});

test("a vault moves, and another device follows with its edit", async () => {
  const { drive, client, notes } = await vault();
  const laptop = await device(drive);
  await laptop.client.sync();
  await laptop.notes.save(laptop.client, "rye", "1", "two loaves");
  const [other, steps] = [Drive.memory(), []];
  await assert.rejects(client.moveTo(other, { address: "https://ann:secret@example.org/notes" }), { code: "invalid_input" });
  await assert.rejects(client.moveTo(other, {}), { code: "invalid_input", detail: /address/ });
  await assert.rejects(laptop.client.follow(other), { code: "invalid_input" });
  const moved = await client.moveTo(other, { address: "dropbox:/notes", onProgress: step => steps.push(step) });
  assert.ok(moved.files > 0 && moved.bytes > 0 && moved.resumed === 0 && steps.length > 0);
  const told = await laptop.client.sync().catch(error => error);
  assert.deepEqual([told.code, told.to, told.retryAfterMs], ["moved", "dropbox:/notes", undefined]);
  await laptop.client.follow(other);
  assert.equal((await laptop.client.sync()).pushed, 1);
  assert.equal((await client.sync()).pulled, 1);
  assert.deepEqual(laptop.notes.shown(), notes.shown());
  assert.equal((await (await device(other)).client.sync()).pulled, 4);
});

test("a classic vault migrates, sealed, and another device follows with its edit", async () => {
  const [drive, other, steps] = [Drive.memory(), Drive.memory(), []];
  const classic = async () => {
    const [notes, state] = [new Notes(), State.memory()];
    return { notes, state, client: await Client.open({ application: notes, state, drive, layout: "classic" }) };
  };
  const [phone, laptop] = [await classic(), await classic()];
  await phone.notes.save(phone.client, "milk", "1", '"1 litre"');
  await phone.client.sync();
  await laptop.client.sync();
  await laptop.notes.save(laptop.client, "bread", "1", '"rye"');
  await assert.rejects(phone.client.migrate(other, {}), { code: "invalid_input", detail: /address/ });
  const options = { address: "dropbox:/notes", encryption: KEY, onProgress: step => steps.push(step) };
  assert.deepEqual(await phone.client.migrate(other, options), { documents: 1 });
  assert.ok(steps.length > 0);
  await assert.rejects(laptop.client.sync(), { code: "moved", to: "dropbox:/notes" });
  await laptop.client.follow(other);
  const arrived = ({ notes: application, state }) => Client.open({ application, state, drive: other, encryption: KEY });
  const [onPhone, onLaptop] = [await arrived(phone), await arrived(laptop)];
  assert.equal((await onPhone.sync()).pushed, 0);
  assert.equal((await onLaptop.sync()).pushed, 1);
  assert.equal((await onPhone.sync()).pulled, 1);
  assert.deepEqual(laptop.notes.shown(), phone.notes.shown());
});

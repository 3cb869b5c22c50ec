// What opens a sealed vault, which devices there are, and versions that their authors have left.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, Drive, State } from "kitestring";
import { Client as SealedClient } from "kitestring/sealed";
import { Notes, text } from "./notes.mjs";

const KEY = new Uint8Array(32).fill(7);
const sealed = (drive, encryption, more) =>
  SealedClient.open({ application: new Notes(), state: State.memory(), drive, encryption, ...more });

/** A sealed vault with one document, and the client that made it. */
async function vault(more) {
  const [drive, application] = [Drive.memory(), new Notes()];
  const client = await sealed(drive, { key: KEY }, { application, ...more });
  await application.save(client, "tea", "a-1", "green");
  await client.sync();
  return { drive, client, application };
}

test("passphrases and keys come and go", async () => {
  const { drive, client } = await vault();
  assert.deepEqual((await client.keys()).map(({ label, isPassphrase, isOurs }) => [label, isPassphrase, isOurs]), [["first", false, true]]);
  const added = await client.addKey("phone", { passphrase: "correct horse" });
  assert.deepEqual([added.label, added.isPassphrase, added.isOurs], ["phone", true, false]);
  const phone = await sealed(drive, { passphrase: "correct horse" });
  assert.equal((await phone.sync()).pulled, 1);
  const stored = await phone.vaultKey();
  assert.equal((await (await sealed(drive, { key: stored })).sync()).pulled, 1);
  await client.removeKey(added.id);
  await assert.rejects((await sealed(drive, { passphrase: "correct horse" })).sync(), { code: "wrong_key" });
  await assert.rejects(client.removeKey("0".repeat(16)), { code: "invalid_input" });
  await client.rotateKey();
  await client.lookForKeys();
  assert.equal((await (await sealed(drive, { key: KEY })).sync()).pulled, 1);
});

test("keys of a vault that is not sealed are `invalid_input`", async () => {
  const client = await sealed(Drive.memory());
  for (const asked of [client.keys(), client.addKey("x", { key: KEY }), client.rotateKey(), client.revoke({ label: "x", encryption: { key: KEY } })]) {
    await assert.rejects(asked, { code: "invalid_input" });
  }
  assert.equal(await client.vaultKey(), undefined);
});

test("a revoked device writes for nobody", async () => {
  const { drive, client } = await vault({ device: "laptop" });
  const notes = new Notes();
  const lost = await sealed(drive, { key: KEY }, { application: notes, device: "phone" });
  await notes.save(lost, "milk", "p-1", "1 litre");
  await lost.sync();
  await client.sync();
  const devices = await client.devices();
  assert.deepEqual(devices.map(({ name, isOurs, isRevoked }) => [name, isOurs, isRevoked]).sort(), [["laptop", true, false], ["phone", false, false]]);
  const phone = devices.find(device => !device.isOurs);
  const next = { key: new Uint8Array(32).fill(9) };
  await assert.rejects(client.revoke({ device: "0".repeat(16), label: "second", encryption: next }), { code: "invalid_input" });
  assert.equal((await client.revoke({ device: phone.id, label: "second", encryption: next })).label, "second");
  assert.ok((await client.devices()).find(device => device.id === phone.id).isRevoked);
  await notes.save(lost, "milk", "p-2", "2 litres");
  await assert.rejects(lost.sync(), { code: "wrong_key" });
  const other = new Notes();
  await (await sealed(drive, next, { application: other })).sync();
  assert.deepEqual(Object.values(other.shown()).map(({ text }) => text).sort(), ["1 litre", "green"]);
});

test("a pairing code tells a new device which vault to expect", async () => {
  const { drive, client } = await vault();
  const pairing = await client.pairingCode();
  assert.equal((await (await sealed(drive, { key: KEY })).sync({ pairing })).pulled, 1);
  const { drive: other } = await vault();
  await assert.rejects((await sealed(other, { key: KEY })).sync({ pairing }), { code: "vault_changed" });
  await assert.rejects((await sealed(drive, { key: KEY })).sync({ pairing: "1234" }), { code: "invalid_input" });
});

test("a version that its author has left can be taken up by another device", async () => {
  const memory = Drive.memory();
  const drive = {
    get: (path, options) => memory.get(path, options),
    put: (path, bytes) => memory.put(path, bytes, "any"),
    delete: path => memory.delete(path, "any"),
    listDir: (dir, cursor) => memory.listDir(dir, cursor),
  };
  const open = application => Client.open({ application, state: State.memory(), drive });
  const all = [new Notes(), new Notes(), new Notes()];
  const clients = await Promise.all(all.map(open));
  await all[0].save(clients[0], "milk", "a-1", "1 litre");
  for (const client of clients) await client.sync();
  // Both have looked before either writes: the drive keeps nobody apart.
  await all[0].save(clients[0], "milk", "a-2", "2 litres");
  await all[1].save(clients[1], "milk", "b-2", "oat milk");
  await Promise.all([clients[0].sync(), clients[1].sync()]);
  await clients[2].sync();
  const left = await clients[2].leftVersions();
  assert.equal(left.length, 1);
  assert.deepEqual(new Set([left[0].revision, left[0].valid]), new Set(["a-2", "b-2"]));
  const conflict = await clients[2].claim(left[0]);
  const { local, remote } = await clients[2].versions("milk");
  assert.deepEqual(new Set([text(local.body), text(remote.body)]), new Set(["2 litres", "oat milk"]));
  await clients[2].resolve(conflict, "takeRemote");
  await clients[2].sync();
  assert.deepEqual(await clients[2].leftVersions(), []);
  await assert.rejects(clients[2].claim({ id: "milk" }), { code: "invalid_input" });
});

test("the strategy of a vault can be lowered", async () => {
  const { client } = await vault();
  assert.equal((await client.status()).strategy, "compare-and-swap");
  await client.lower("listing");
  await client.sync();
  assert.equal((await client.status()).strategy, "listing");
  await assert.rejects(client.lower("best"), { code: "invalid_input" });
});

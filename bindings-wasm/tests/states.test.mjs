import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Client, Drive, State } from "kitestring";
import { FileState } from "kitestring/node";
import { Notes, bytes } from "./notes.mjs";
import { clauses, durable } from "./state-conformance.mjs";

const folder = () => mkdtemp(join(tmpdir(), "kitestring-state-"));

for (const [name, clause] of Object.entries(clauses)) {
  test(`memory: ${name}`, () => clause(State.memory()));
  test(`file: ${name}`, async () => {
    const state = await FileState.open(await folder());
    await clause(state);
    await state.close();
  });
}
for (const [name, clause] of Object.entries(durable)) {
  test(`file: ${name}`, async () => {
    const at = await folder();
    await clause(() => FileState.open(at));
  });
}

test("file: a batch that was cut anywhere is not there, those before it are, and writing goes on", async () => {
  const at = await folder();
  const file = join(at, "state");
  const state = await FileState.open(at);
  await state.write([{ key: "a", value: bytes("1") }]);
  const whole = (await stat(file)).size;
  await state.write([{ key: "a", value: bytes("2") }, { key: "b", value: bytes("2") }]);
  await state.close();
  const all = await readFile(file);
  for (let end = whole; end < all.length; end += 1) {
    await writeFile(file, all.subarray(0, end));
    const cut = await FileState.open(at);
    assert.deepEqual(await cut.read(["a", "b"]), [bytes("1"), undefined], `cut at ${end}`);
    await cut.write([{ key: "c", value: bytes("3") }]);
    await cut.close();
    const again = await FileState.open(at);
    assert.deepEqual(await again.read(["a", "c"]), [bytes("1"), bytes("3")]);
    await again.close();
  }
});

test("file: it is written anew when most of it is no longer needed", async () => {
  const at = await folder();
  const state = await FileState.open(at);
  for (let n = 0; n < 30; n += 1) await state.write([{ key: "large", value: new Uint8Array(100_000).fill(n) }]);
  assert.ok((await stat(join(at, "state"))).size < 1_500_000);
  await state.close();
  const again = await FileState.open(at);
  assert.equal((await again.read(["large"]))[0][99_999], 29);
  await again.close();
});

test("file: what somebody else has written is noticed", async () => {
  const at = await folder();
  const state = await FileState.open(at);
  await state.write([{ key: "a", value: bytes("1") }]);
  await appendFile(join(at, "state"), "x");
  await assert.rejects(state.write([{ key: "a", value: bytes("2") }]), /somebody else/);
  await truncate(join(at, "state"), 0);
  await state.close();
});

test("file: a client goes on where it was, with its queue", async () => {
  const [at, drive, notes, other] = [await folder(), Drive.memory(), new Notes(), new Notes()];
  const first = await FileState.open(at);
  const before = await Client.open({ application: notes, state: first, drive });
  await notes.save(before, "tea", "a-1", "green");
  const { client } = await before.status();
  before.close();
  await first.close();
  const second = await FileState.open(at);
  const after = await Client.open({ application: notes, state: second, drive });
  const status = await after.status();
  assert.deepEqual([status.client, status.queued], [client, 1]);
  assert.equal((await after.sync()).pushed, 1);
  await (await Client.open({ application: other, state: State.memory(), drive })).sync();
  assert.deepEqual(other.shown(), notes.shown());
  await second.close();
});

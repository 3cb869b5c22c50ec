// A module that traps: in a process of its own, since nothing else works there afterwards.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Notes, watched } from "./notes.mjs";

test("after a trap, what was running and what comes later is rejected with `internal`", async () => {
  const module = watched();
  const { Client, Drive, State } = await import("kitestring");
  const application = new Notes();
  const client = await Client.open({ application, state: State.memory(), drive: Drive.memory() });
  let broken;
  const other = await Client.open({ application: new Notes(), state: State.memory(), drive: Drive.memory() });
  application.entries = async () => {
    new Uint8Array(module.memory.buffer).fill(0xff);
    broken = true;
    return [];
  };
  await assert.rejects(client.sync(), { name: "KiteError", code: "internal", detail: /has stopped/ });
  assert.ok(broken);
  await assert.rejects(other.sync(), { code: "internal" });
  await assert.rejects(Client.open({}), { code: "internal" });
  client.close();
});

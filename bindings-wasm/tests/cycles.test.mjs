// Clients that are opened, synced and closed, again and again: neither handles nor memory grow.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Notes, watched } from "./notes.mjs";

const CYCLES = process.env.KITE_FULL ? 100_000 : 5_000;
/** A program that is collected so often does not show that it is collected late. */
const COLLECT_EVERY = 500;
/** What may be there after all cycles that was not there after the first tenth of them. */
const MAY_GROW_BYTES = 1 << 19;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

test(`${CYCLES} clients are opened, synced and closed without a trace`, async () => {
  const module = watched();
  const { Client, Drive, State } = await import("kitestring");
  const [application, state, drive] = [new Notes(), State.memory(), Drive.memory()];
  const taken = async () => {
    // What is collected is told to the module by callbacks of their own.
    for (let n = 0; n < 3; n += 1) {
      collect();
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    return { wasm: module.memory.buffer.byteLength, heap: process.memoryUsage().heapUsed, handles: process.getActiveResourcesInfo().length };
  };
  let first, last;
  for (let n = 1; n <= CYCLES; n += 1) {
    const client = await Client.open({ application, state, drive });
    if (n === 1) await application.save(client, "milk", "a-1", "1 litre");
    await client.sync();
    client.close();
    if (n % COLLECT_EVERY === 0) last = await taken();
    if (n === CYCLES / 10) first = last;
  }
  console.log(`# after ${CYCLES / 10}: ${JSON.stringify(first)}, after ${CYCLES}: ${JSON.stringify(last)}`);
  assert.equal(last.wasm, first.wasm);
  assert.ok(last.heap - first.heap < MAY_GROW_BYTES, `${last.heap - first.heap} bytes more`);
  assert.ok(last.handles <= first.handles);
});

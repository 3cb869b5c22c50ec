// Requests beside npm's db-to-cloud 0.8.1. Times are printed by `node beside.mjs`, and asserted by nobody.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ours, theirs } from "./beside.mjs";

test("1,000 documents travel in a hundredth of the requests", async () => {
  const [a, b] = [await ours(1000, 0), await theirs(1000, 0)];
  assert.deepEqual([a.arrived, b.arrived], [1000, 1000]);
  for (const what of ["push", "pull"]) {
    const [few, many] = [a[what].requests, b[what].requests];
    assert.ok(few * 100 <= many, `${what}: ${few} beside ${many}`);
  }
});

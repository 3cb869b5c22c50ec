// More than a thousand changes, across the windows of one hundred that the log is kept in.
import assert from "node:assert/strict";
import {test} from "node:test";
import {Place, note} from "../place.js";

const MANY = 1150;
const notes = (rev, count = MANY) => Array.from({length: count}, (_, i) => note(`n${i}`, rev));

test("an old client writes, a kitestring client reads: first sync and increments", async t => {
  const place = new Place(t);
  const [old, client] = [place.old(), place.new()];
  for (const doc of notes(1)) old.put(doc);
  await old.sync();
  assert.equal((await client.sync()).pulled, MANY);
  assert.deepEqual(await client.all(), old.all());
  for (const doc of notes(2, 1049)) old.put(doc);
  old.delete("n1149", 3);
  await old.sync();
  const report = await client.sync();
  assert.deepEqual([report.pulled, report.deleted], [1049, 1]);
  assert.deepEqual(await client.all(), old.all());
  assert.equal(place.log().length, MANY + 1050);
});

test("a kitestring client writes, an old client reads: first sync and increments", async t => {
  const place = new Place(t);
  const [client, old, late] = [place.new(), place.old(), place.old()];
  await client.put(...notes(1));
  assert.equal((await client.sync()).pushed, MANY);
  assert.equal(place.log().length, MANY);
  await old.sync();
  assert.deepEqual(old.all(), await client.all());
  await client.put(...notes(2, 1049));
  await client.delete("n1149", 3);
  await client.sync();
  assert.equal(place.log().length, MANY + 1050);
  await old.sync();
  assert.deepEqual(old.all(), await client.all());
  await late.sync();
  assert.deepEqual(late.all(), await client.all());
  assert.deepEqual(old.warnings, []);
});

test("both write into the same window by turns", async t => {
  const place = new Place(t);
  const [old, client, reader] = [place.old(), place.new(), place.old()];
  for (let round = 1; round <= 12; round++) {
    for (const doc of notes(round * 2, 17)) old.put(doc);
    await old.sync();
    await client.sync();
    await client.put(...notes(round * 2 + 1, 13));
    const {conflicts} = await client.sync();
    assert.deepEqual(conflicts, []);
    await old.sync();
    assert.deepEqual(await client.all(), old.all());
  }
  assert.equal(place.log().length, 12 * 30);
  await reader.sync();
  assert.deepEqual(reader.all(), old.all());
});

// Files that no client should have written: one bad file never stops the rest.
import assert from "node:assert/strict";
import {test} from "node:test";
import {Place, note} from "../place.js";

const POISON = {none: "{\"_rev\":2}", cut: "{\"doc\":{\"_id\":\"cut\",", empty: ""};

async function withGood(t) {
  const place = new Place(t);
  const old = place.old();
  old.put(note("good", 1));
  old.put(note("a/b", 1));
  await old.sync();
  return {place, old, client: place.new()};
}

test("a first sync passes poison and foreign files by", async t => {
  const {place, client} = await withGood(t);
  for (const [id, text] of Object.entries(POISON)) place.write(`docs/${id}.json`, text);
  place.write("docs/.DS_Store", "\x00\x00\x00\x01Bud1");
  place.write("docs/readme.txt", "hello");
  place.write("docs/good (conflicted copy).json", place.text("docs/good.json"));
  const report = await client.sync();
  const skipped = report.skipped.map(s => s.id);
  for (const id of Object.keys(POISON)) assert.ok(skipped.includes(id), `${id} is reported`);
  assert.deepEqual((await client.all()).map(d => d.text).sort(), ["text a/b 1", "text good 1"]);
  await client.put(note("good", 2));
  assert.equal((await client.sync()).pushed, 1);
  for (const [id, text] of Object.entries(POISON)) assert.equal(place.text(`docs/${id}.json`), text, "it is kept");
});

test("increments pass poison by, report it, and fetch it once it is healed", async t => {
  const {place, old, client} = await withGood(t);
  await client.sync();
  for (const id of Object.keys(POISON)) old.put(note(id, 1));
  old.put(note("good", 2));
  await old.sync();
  const whole = new Map(Object.keys(POISON).map(id => [id, place.text(`docs/${id}.json`)]));
  for (const [id, text] of Object.entries(POISON)) place.write(`docs/${id}.json`, text);
  const report = await client.sync();
  assert.deepEqual(report.skipped.map(s => s.id).sort(), Object.keys(POISON).sort());
  assert.deepEqual((await client.all()).map(d => d.text).sort(), ["text a/b 1", "text good 2"]);
  assert.equal((await client.sync()).skipped.length, 3, "they are tried again");
  for (const [id, text] of whole) place.write(`docs/${id}.json`, text);
  assert.deepEqual((await client.sync()).skipped, []);
  assert.equal((await client.all()).length, 5);
});

test("a document that db-to-cloud lost between the queue and the push poisons nobody here", async t => {
  const {place, old, client} = await withGood(t);
  await client.sync();
  old.put(note("lost", 1));
  old.docs.delete("lost"); // onGet will answer undefined, and 0.8.1 stores {"_rev":1}
  await old.sync();
  assert.equal(place.text("docs/lost.json"), "{\"_rev\":1}");
  const report = await client.sync();
  assert.deepEqual(report.skipped.map(s => s.id), ["lost"]);
  await client.put(note("good", 5));
  assert.equal((await client.sync()).pushed, 1);
});

// Documents travel both ways, on a first sync and in increments, whatever their ids and revisions look like.
import assert from "node:assert/strict";
import {test} from "node:test";
import {Place, note} from "../place.js";
import {byId} from "../old.js";

test("a first sync and increments, in both directions", async t => {
  const place = new Place(t);
  const [old, client] = [place.old(), place.new()];
  old.put(note("a", 1));
  old.put(note("b", 1));
  await old.sync();
  await client.put(note("c", 1));
  await client.sync();
  assert.deepEqual(await client.all(), byId([note("a", 1), note("b", 1), note("c", 1)]));
  await old.sync();
  assert.deepEqual(old.all(), await client.all());

  old.put(note("c", 2));
  old.delete("a", 2);
  await old.sync();
  await client.put(note("b", 2));
  const report = await client.sync();
  assert.deepEqual(report.conflicts, []);
  await old.sync();
  assert.deepEqual(old.all(), [note("b", 2), note("c", 2)]);
  assert.deepEqual(await client.all(), old.all());

  await client.delete("c", 3);
  await client.sync();
  await old.sync();
  assert.deepEqual(old.all(), [note("b", 2)]);
  assert.ok(!place.has("docs/c.json"));
  assert.ok(!place.has("lock.json"));
  assert.deepEqual(old.warnings, []);
});

test("a kitestring client fills an empty drive for a new old client", async t => {
  const place = new Place(t);
  const [client, old] = [place.new(), place.old()];
  await client.put(note("a", 1), note("b", 1));
  await client.delete("b", 2);
  await client.sync();
  await old.sync();
  assert.deepEqual(old.all(), [note("a", 1)]);
  assert.deepEqual(place.json("docs/a.json"), {doc: note("a", 1), _rev: 1});
  assert.deepEqual(place.log().filter(c => c._id === "a"), [{_id: "a", _rev: 1, action: "put"}]);
});

test("ids that no file name can hold", async t => {
  const place = new Place(t);
  const [client, old, other] = [place.new(), place.old(), place.new()];
  const ids = ["a/b", "100%", "a%2Fb", "50%25", "con:1", "x*y?", ".hidden", "trailing.", "back\\slash", "ünï", "tab\there"];
  await client.put(...ids.map(id => note(id, 1)));
  await client.sync();
  for (const name of place.docNames()) assert.doesNotMatch(name, /[\\:*?"<>|\x00-\x1f]|^\.|[. ]\.json$/);
  await old.sync();
  assert.deepEqual(old.all().map(d => decodeURIComponent(String(d._id))).sort(), [...ids].sort());
  for (const doc of old.all()) assert.deepEqual(place.json(`docs/${doc._id}.json`).doc, doc, "stem, log and document have one id");

  for (const doc of old.all()) old.put({...doc, _rev: 2, text: `edited ${doc.text}`});
  await old.sync();
  await client.sync();
  assert.deepEqual(await client.all(), byId(ids.map(id => note(id, 2, `edited text ${id} 1`))));
  await other.sync();
  assert.deepEqual(await other.all(), await client.all());

  for (const doc of old.all()) old.delete(doc._id, 3);
  await old.sync();
  await client.sync({mass_delete: true});
  assert.deepEqual(await client.all(), []);
});

test("an id that an old client already wrote keeps its name", async t => {
  const place = new Place(t);
  const [old, client, other] = [place.old(), place.new(), place.new()];
  const ids = ["a/b", "100%", "50%25", "x:y", "deep/er/still"];
  for (const id of ids) old.put(note(id, 1));
  await old.sync();
  await client.sync(); // a first sync: by listing, sub-folders too
  assert.equal((await client.all()).length, ids.length);
  const texts = docs => docs.map(d => d.text).sort();
  assert.deepEqual(texts(await client.all()), texts(old.all()));

  for (const doc of await client.all()) await client.put({...doc, _rev: 2, text: `edited ${doc.text}`});
  await client.sync();
  await old.sync();
  assert.deepEqual(texts(old.all()), ids.map(id => `edited text ${id} 1`).sort(), "the old client sees the edits under its own ids");

  for (const id of ids) old.put(note(id, 3, `increment ${id}`));
  await old.sync();
  await client.sync();
  await other.sync();
  assert.deepEqual(texts(await client.all()), ids.map(id => `increment ${id}`).sort());
  assert.deepEqual(texts(await other.all()), texts(await client.all()));
});

test("ids that differ only in case have file names that differ in more", async t => {
  const place = new Place(t);
  const [client, old, other] = [place.new(), place.old(), place.new()];
  await client.put(note("Foo", 1, "capital"));
  await client.sync();
  await client.put(note("foo", 1, "small"), note("FOO", 1, "shout"));
  await client.sync();
  const names = place.docNames();
  assert.equal(new Set(names.map(n => n.toLowerCase())).size, 3, names.join(" "));
  await old.sync();
  assert.deepEqual(old.all().map(d => d.text).sort(), ["capital", "shout", "small"]);
  await other.sync();
  assert.deepEqual(await other.all(), await client.all());
});

test("number ids and number revisions stay numbers", async t => {
  const place = new Place(t);
  const [old, client] = [place.old(), place.new()];
  old.put({_id: 42, _rev: 1700000000000, n: 1});
  await old.sync();
  await client.sync();
  assert.deepEqual(await client.all(), [{_id: 42, _rev: 1700000000000, n: 1}]);
  await client.put({_id: 42, _rev: 1700000000001, n: 2}, {_id: 43, _rev: 1700000000001, n: 1});
  await client.sync();
  assert.deepEqual(place.json("docs/42.json"), {doc: {_id: 42, _rev: 1700000000001, n: 2}, _rev: 1700000000001});
  assert.deepEqual(place.json("docs/43.json"), {doc: {_id: 43, _rev: 1700000000001, n: 1}, _rev: 1700000000001});
  const written = place.log().slice(1).sort((a, b) => a._id - b._id);
  assert.deepEqual(written, [42, 43].map(_id => ({_id, _rev: 1700000000001, action: "put"})));
  await old.sync();
  assert.deepEqual(old.all(), await client.all());
  old.put({_id: 43, _rev: 1700000000002, n: 3});
  await old.sync();
  await client.sync();
  assert.deepEqual((await client.all())[1], {_id: 43, _rev: 1700000000002, n: 3});
  await client.delete(42, 1700000000003);
  await client.sync();
  assert.deepEqual(place.log().at(-1), {_id: 42, _rev: 1700000000003, action: "delete"});
  await old.sync();
  assert.deepEqual(old.all(), [{_id: 43, _rev: 1700000000002, n: 3}]);
});

test("both sides edit one document: the conflict is shown, and its resolution reaches the old client", async t => {
  const place = new Place(t);
  const [old, client] = [place.old(), place.new()];
  old.put(note("a", 1));
  old.put(note("b", 1));
  await old.sync();
  await client.sync();
  old.put(note("a", 2, "theirs"));
  old.put(note("b", 2, "theirs"));
  await old.sync();
  await client.put(note("a", 3, "ours"), note("b", 3, "ours"));
  assert.deepEqual((await client.sync()).conflicts.sort(), ["a", "b"]);
  assert.equal(place.json("docs/a.json").doc.text, "theirs", "nothing is pushed over a conflict");
  const shown = await client.conflicts();
  assert.deepEqual(shown.map(c => [c.local.text, c.remote.text]), [["ours", "theirs"], ["ours", "theirs"]]);
  await client.resolve("a", {merged: note("a", 4, "ours and theirs")});
  await client.resolve("b", "take-remote");
  assert.deepEqual((await client.sync()).conflicts, []);
  await old.sync();
  assert.deepEqual(old.all(), [note("a", 4, "ours and theirs"), note("b", 2, "theirs")]);
  assert.deepEqual(await client.all(), old.all());
});

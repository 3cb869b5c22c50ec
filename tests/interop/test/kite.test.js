// The kite command and an old client on one drive: a folder of text files is a set of JSON documents.
import assert from "node:assert/strict";
import {existsSync} from "node:fs";
import {join} from "node:path";
import {test} from "node:test";
import {Folder} from "../folder.js";
import {Place} from "../place.js";

const [CONFLICTS, SKIPPED] = [2, 3]; // exit codes of kite sync
const FILES = {"todo.txt": "milk\n", "notes/one.md": "# One\n", "notes/100%.md": "all\n", "empty.txt": "", "ünï.txt": "ö\r\n"};

async function joined(t) {
  const place = new Place(t);
  const [folder, old] = [new Folder(place, "folder"), place.old()];
  for (const [file, text] of Object.entries(FILES)) folder.write(file, text);
  await folder.init();
  await old.sync();
  return {place, folder, old, doc: path => old.all().find(d => d.path === path)};
}

test("an old client sees each file as a document", async t => {
  const {old, place, doc} = await joined(t);
  assert.deepEqual(Object.fromEntries(old.all().map(d => [d.path, d.content])), FILES);
  for (const d of old.all()) {
    assert.deepEqual(Object.keys(d), ["_id", "_rev", "path", "content"]);
    assert.equal(typeof d._rev, "number");
    assert.deepEqual(place.json(`docs/${d._id}.json`), {doc: d, _rev: d._rev});
  }
  assert.equal(doc("todo.txt")._id, "todo.txt");
  assert.equal(place.log().length, Object.keys(FILES).length);
});

test("an old client edits the content, and the file changes; the next edit goes back", async t => {
  const {folder, old, doc} = await joined(t);
  for (const path of ["todo.txt", "notes/one.md", "notes/100%.md"]) {
    old.put({...doc(path), _rev: doc(path)._rev + 1, content: `edited ${path}\n`});
  }
  await old.sync();
  await folder.sync();
  for (const path of ["todo.txt", "notes/one.md", "notes/100%.md"]) assert.equal(folder.read(path), `edited ${path}\n`);

  const before = doc("todo.txt")._rev;
  folder.write("todo.txt", "milk and bread\n");
  await folder.sync();
  await old.sync();
  assert.equal(doc("todo.txt").content, "milk and bread\n");
  assert.ok(doc("todo.txt")._rev > before, "its revision grew, so the old client takes it");
});

test("a revision from a clock that is ahead is outgrown", async t => {
  const {folder, old, doc} = await joined(t);
  const ahead = Date.now() + 86_400_000;
  old.put({...doc("todo.txt"), _rev: ahead, content: "from tomorrow\n"});
  await old.sync();
  await folder.sync();
  folder.write("todo.txt", "from today\n");
  await folder.sync();
  await old.sync();
  assert.equal(doc("todo.txt").content, "from today\n");
  assert.ok(doc("todo.txt")._rev > ahead);
});

test("files and documents are made and deleted on either side", async t => {
  const {folder, old, doc} = await joined(t);
  old.put({_id: "from-old.txt", _rev: Date.now(), path: "from-old.txt", content: "hello\n"});
  old.delete("todo.txt", doc("todo.txt")._rev + 1);
  await old.sync();
  folder.remove("notes/one.md");
  folder.write("from-kite.txt", "hello\n");
  await folder.sync();
  assert.equal(folder.read("from-old.txt"), "hello\n");
  assert.ok(!folder.has("todo.txt"));
  await old.sync();
  assert.equal(doc("notes/one.md"), undefined);
  assert.equal(doc("from-kite.txt").content, "hello\n");
});

test("both edit one file: exit code 2, and nothing is overwritten", async t => {
  const {folder, old, doc} = await joined(t);
  old.put({...doc("todo.txt"), _rev: doc("todo.txt")._rev + 1, content: "theirs\n"});
  await old.sync();
  folder.write("todo.txt", "ours\n");
  await folder.sync(CONFLICTS);
  assert.equal(folder.read("todo.txt"), "ours\n");
  await old.sync();
  assert.equal(doc("todo.txt").content, "theirs\n");
  assert.match(await folder.kite("conflicts"), /todo\.txt/);
});

test("a document that is no file of a folder is passed by", async t => {
  const {folder, old} = await joined(t);
  old.put({_id: "escape", _rev: 1, path: "../outside.txt", content: "no\n"});
  old.put({_id: "settings", _rev: 1, colour: "red"});
  old.put({_id: "fine.txt", _rev: 1, path: "fine.txt", content: "fine\n"});
  await old.sync();
  await folder.sync(SKIPPED);
  assert.equal(folder.read("fine.txt"), "fine\n");
  assert.ok(!existsSync(join(folder.path, "../outside.txt")));
  folder.write("todo.txt", "still syncing\n");
  await folder.sync(SKIPPED);
  await old.sync();
  assert.equal(old.all().find(d => d.path === "todo.txt").content, "still syncing\n");
});

// Old clients at a drive whose vault has gone to the journal layout: they fail, and leave it as it is.
import assert from "node:assert/strict";
import {readFileSync, readdirSync, statSync} from "node:fs";
import {join} from "node:path";
import {test} from "node:test";
import {Folder} from "../folder.js";
import {Place} from "../place.js";

const MOVED = 1; // the exit code of kite sync where the vault is not
const FILES = {"todo.txt": "milk\n", "notes/one.md": "# One\n"};

/** Every file of the drive: its bytes, by its path. */
function everything(place) {
  const paths = readdirSync(place.drive, {recursive: true}).filter(path => statSync(place.path(path)).isFile());
  return Object.fromEntries(paths.sort().map(path => [path, readFileSync(place.path(path), "base64")]));
}

/** Without what a client of the new vault may do there. */
function oldFiles(place) {
  return Object.fromEntries(Object.entries(everything(place)).filter(([path]) => !path.startsWith("kitestring/")));
}

function file(old, path, content) {
  const doc = old.all().find(d => d.path === path);
  return {_id: doc?._id ?? path, _rev: (doc?._rev ?? Date.now()) + 1, path, content};
}

/** A vault in the classic layout with a folder of kite's and an old client that knows it. */
async function joined(t) {
  const place = new Place(t);
  const [folder, old] = [new Folder(place, "folder"), place.old()];
  for (const [path, text] of Object.entries(FILES)) folder.write(path, text);
  await folder.init();
  await old.sync();
  return {place, folder, old};
}

async function reads(place, expected) {
  const fresh = new Folder(place, "fresh");
  await fresh.kite("sync", ["--drive", place.drive, "--collection", "kitestring"]);
  for (const [path, text] of Object.entries(expected)) assert.equal(fresh.read(path), text);
}

test("old clients fail after a migration, and the drive stays what it was", async t => {
  const {place, folder, old} = await joined(t);
  const edited = place.old();
  await edited.sync();
  await folder.kite("migrate", ["--yes"]);
  await folder.sync();
  const before = everything(place);
  edited.put(file(edited, "todo.txt", "from an old client\n"));
  edited.put(file(edited, "new.txt", "new\n"));
  edited.delete("notes/one.md", Date.now());
  const fresh = place.old();
  for (const [name, client] of Object.entries({idle: old, edited, fresh})) {
    for (const again of [false, true]) {
      if (again) client.restart(place.oldDrive());
      await assert.rejects(client.sync(), error => error.name === "LockError", name);
      assert.deepEqual(everything(place), before, name);
    }
  }
  assert.deepEqual(fresh.all(), []);
  await reads(place, FILES);
});

test("without the lock they cannot read the count", async t => {
  const {place, folder, old} = await joined(t);
  await folder.kite("migrate", ["--yes"]);
  await folder.sync();
  place.remove("lock.json");
  const before = everything(place);
  old.put(file(old, "todo.txt", "from an old client\n"));
  for (const client of [old, place.old()]) {
    await assert.rejects(client.sync(), error => error instanceof SyntaxError);
    assert.deepEqual(everything(place), before);
  }
  await reads(place, FILES);
});

/** A promise, and what fulfils it. */
function signal() {
  let resolve;
  const promise = new Promise(done => { resolve = done; });
  return {promise, resolve};
}

/** An old client that stands still in the midst of a push, longer than its lock lasts, until it is told to go on. */
async function stalled(t) {
  const {place, folder, old} = await joined(t);
  const [reached, goOn] = [signal(), signal()];
  const wrap = drive => ({
    ...drive,
    async put(path, data) {
      if (path.startsWith("docs/")) {
        reached.resolve();
        await goOn.promise;
      }
      await drive.put(path, data);
    },
  });
  const slow = place.old({wrap});
  await slow.sync();
  slow.put(file(slow, "late.txt", "late\n"));
  const sync = slow.sync();
  await reached.promise;
  // As if it had stood still for an hour: its lock has ended.
  place.write("lock.json", JSON.stringify({expire: Date.now() - 3_600_000}));
  await folder.kite("migrate", ["--yes"]);
  goOn.resolve();
  await sync;
  return {place, folder, old};
}

test("an old client that was in the midst of a push: nobody of ours syncs there, and migrating again brings it along", async t => {
  const {place, folder} = await stalled(t);
  // It has written the count, and removed a lock that was not its own.
  assert.equal(place.has("lock.json"), false);
  assert.equal(typeof place.json("meta.json").lastChange, "number");
  const other = new Folder(place, "other");
  other.write("other.txt", "other\n");
  const before = oldFiles(place);
  await other.kite("sync", ["--drive", place.drive, "--layout", "classic"], MOVED);
  assert.deepEqual(oldFiles(place), before);
  await other.kite("migrate", ["--yes"]);
  await assert.rejects(place.old().sync(), error => error.name === "LockError");
  for (const client of [other, folder, other]) await client.sync();
  for (const client of [folder, other]) {
    for (const [path, text] of Object.entries({...FILES, "late.txt": "late\n", "other.txt": "other\n"})) {
      assert.equal(client.read(path), text);
    }
  }
  await reads(place, {...FILES, "late.txt": "late\n"});
});

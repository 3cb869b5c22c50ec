// The drive in a folder, in Node: beside `kite` and db-to-cloud, and what it refuses. Its clauses are tried by `tests/conformance`.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Client, KiteError, State } from "kitestring";
import { Client as ClassicClient } from "kitestring/classic";
import { Drive } from "kitestring/node";
import { Device, note, old } from "./compat-device.mjs";
import { Notes, bytes, text } from "./notes.mjs";

const open = async (application, path, more) =>
  Client.open({ application, state: State.memory(), drive: await Drive.folder(path), ...more });

async function folder(t) {
  const home = await mkdtemp(join(tmpdir(), "kitestring-folder-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  return home;
}

const kite = (...given) => execFileSync(join(process.env.PROGRAMS, "kite"), given, { encoding: "utf8", env: { ...process.env, HOME: given.at(1) } });

test("two clients meet in a folder, and edits at the same moment are kept apart by numbered files", async t => {
  const path = join(await folder(t), "drive");
  const [phone, laptop] = [new Notes(), new Notes()];
  const [onPhone, onLaptop] = [await open(phone, path), await open(laptop, path)];
  await phone.save(onPhone, "milk", 1, "1 litre");
  await onPhone.sync();
  assert.equal((await onPhone.status()).strategy, "slots");
  await onLaptop.sync();
  for (let n = 0; n < 5; n += 1) {
    await phone.save(onPhone, `phone ${n}`, 1, "here");
    await laptop.save(onLaptop, `laptop ${n}`, 1, "there");
    await Promise.all([onPhone.sync(), onLaptop.sync()]);
  }
  await onPhone.sync();
  await onLaptop.sync();
  assert.equal(phone.docs.size, 11);
  assert.deepEqual(phone.shown(), laptop.shown());
  assert.deepEqual((await readdir(path)).filter(name => name.startsWith(".~")), []);
});

test("kite and a program in Node work on one folder", async t => {
  const home = await folder(t);
  const [files, drive] = [join(home, "files"), join(home, "drive")];
  const notes = new Notes();
  const client = await open(notes, drive);
  await notes.save(client, "list.md", 1, "milk\n");
  await client.sync();
  await mkdir(files);
  kite("sync", files, "--drive", drive);
  assert.equal(await readFile(join(files, "list.md"), "utf8"), "milk\n");
  await writeFile(join(files, "list.md"), "milk, bread\n");
  await writeFile(join(files, "new.md"), "by kite\n");
  kite("sync", files);
  await client.sync();
  assert.deepEqual([text(notes.docs.get("list.md").body), text(notes.docs.get("new.md").body)], ["milk, bread\n", "by kite\n"]);
  await notes.save(client, "new.md", 2, "by both\n");
  await client.sync();
  kite("sync", files);
  assert.equal(await readFile(join(files, "new.md"), "utf8"), "by both\n");
});

test("a vault that kite has made is refused until it is lowered", async t => {
  const home = await folder(t);
  const [files, drive] = [join(home, "files"), join(home, "drive")];
  await mkdir(files);
  await writeFile(join(files, "list.md"), "milk\n");
  kite("sync", files, "--drive", drive);
  const notes = new Notes();
  const client = await open(notes, drive);
  await assert.rejects(client.sync(), { code: "unsupported", detail: /compare-and-swap.*lower the vault's strategy/ });
  kite("lower", files, "slots");
  await client.sync();
  assert.equal(text(notes.docs.get("list.md").body), "milk\n");
});

test("db-to-cloud and a client in the classic layout work on one folder", async t => {
  const path = await folder(t);
  const [device, notes] = [new Device(old, old.drive.fsDrive({ folder: path })), new Notes()];
  const client = await ClassicClient.open({ application: notes, state: State.memory(), drive: await Drive.folder(path) });
  const put = async doc => notes.save(client, doc._id, doc._rev, JSON.stringify(doc));
  const all = () => [...notes.docs.values()].map(({ body }) => JSON.parse(text(body))).sort((a, b) => (String(a._id) < String(b._id) ? -1 : 1));
  await put(note("a", 1));
  await put(note(7, 1));
  await client.sync();
  await device.run();
  device.put(note("a", 2));
  device.delete(7, 2);
  await device.run();
  await client.sync();
  assert.deepEqual(all(), [note("a", 2)]);
  assert.deepEqual(device.all(), all());
});

test("no path leads out of the folder by a link", async t => {
  const home = await folder(t);
  const [path, outside] = [join(home, "drive"), join(home, "outside")];
  await mkdir(join(path, "v"), { recursive: true });
  await mkdir(outside);
  await writeFile(join(outside, "secret"), "theirs");
  await symlink(outside, join(path, "away"));
  await symlink(join(outside, "secret"), join(path, "v/file"));
  const drive = await Drive.folder(path);
  const refused = { name: "KiteError", code: "invalid_input", detail: /symbolic link/ };
  for (const name of ["away/secret", "v/file"]) {
    await assert.rejects(drive.get(name), refused);
    await assert.rejects(drive.put(name, bytes("ours"), "any"), refused);
    await assert.rejects(drive.delete(name, "any"), refused);
  }
  await assert.rejects(drive.put("away/new", bytes("ours"), "absent"), refused);
  await assert.rejects(drive.put("v/file", bytes("ours"), "absent"), { code: "condition" });
  await assert.rejects(drive.listDir("away"), refused);
  assert.deepEqual((await drive.listDir("v")).entries, []);
  assert.deepEqual([await readdir(outside), await readFile(join(outside, "secret"), "utf8")], [["secret"], "theirs"]);
});

test("the drive's own names are refused, and what a crash has left goes when it is old", async t => {
  const path = await folder(t);
  const drive = await Drive.folder(path);
  for (const name of [".kite.lock", "a/.KITE.lock", ".~kite-x.tmp/b"]) {
    await assert.rejects(drive.put(name, bytes("x"), "any"), { code: "invalid_input", detail: /reserved/ });
  }
  for (const name of [".~kite-0.tmp", ".~kite-1.tmp"]) await writeFile(join(path, name), "half");
  await utimes(join(path, ".~kite-0.tmp"), 0, 0);
  assert.deepEqual((await drive.listDir("")).entries, []);
  assert.deepEqual(await readdir(path), [".~kite-1.tmp"]);
});

test("a folder that cannot be is said to be so", async t => {
  const home = await folder(t);
  await writeFile(join(home, "file"), "");
  await assert.rejects(Drive.folder(join(home, "no/drive")), { code: "not_found", detail: /mounted/ });
  await assert.rejects(Drive.folder(join(home, "file")), { code: "invalid_input" });
  const drive = await Drive.folder(join(home, "drive"));
  await rename(join(home, "drive"), join(home, "away"));
  const gone = await drive.get("v").catch(error => error);
  assert.ok(gone instanceof KiteError && gone.code === "unavailable", String(gone));
  // Another folder in its place is not the drive.
  await mkdir(join(home, "drive"));
  await assert.rejects(drive.listDir(""), { code: "unavailable", detail: /gone/ });
});

// `kitestring/classic` beside npm's db-to-cloud 0.8.1 on one drive: one that a program makes, and those of services.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client as JournalClient, Drive } from "kitestring";
import { Client, KiteError, State } from "kitestring/classic";
import { Dropbox } from "kitestring/dropbox";
import { GDrive } from "kitestring/gdrive";
import { WebDav } from "kitestring/webdav";
import { Device, json, note, old, userDrive } from "./compat-device.mjs";
import { Notes, bytes, text } from "./notes.mjs";
import { SERVICES } from "./services.mjs";

/** A host whose documents are those of db-to-cloud's. */
class Docs extends Notes {
  async put(client, doc) {
    await this.save(client, doc._id, doc._rev, JSON.stringify(doc));
  }
  async remove(client, id, revision) {
    this.docs.delete(id);
    await client.queueDelete(id, revision);
  }
  all() {
    const docs = [...this.docs.values()].map(({ body }) => JSON.parse(text(body)));
    return docs.sort((a, b) => (String(a._id) < String(b._id) ? -1 : 1));
  }
}

const open = (application, drive, more) => Client.open({ application, state: State.memory(), drive, ...more });

/** The map of a program's drive, as a drive of ours. It tells as much as that of db-to-cloud: whether a file is there. */
function mapDrive(files, capabilities = { create: true }) {
  let answers = 0;
  return {
    capabilities,
    get: path => (files.has(path) ? { bytes: bytes(files.get(path)), version: String(++answers) } : undefined),
    put(path, content, condition) {
      if (condition === "absent" && files.has(path)) throw new KiteError("condition", "put", "there is one", { subject: path });
      files.set(path, text(content));
      return String(++answers);
    },
    delete: path => void files.delete(path),
    listDir: dir => ({
      entries: [...files.keys()].filter(path => path.startsWith(`${dir}/`)).map(path => ({ name: path.slice(dir.length + 1), isDir: false })),
    }),
  };
}

async function ours({ service, url }, kind) {
  const token = () => "a-token";
  if (kind === "dropbox") return Dropbox.open({ folder: "/", service, token });
  if (kind === "google") return GDrive.open({ service, token, layout: "classic" });
  return WebDav.open({ url, layout: "classic" });
}

const PLACES = {
  mine: async () => {
    const files = new Map();
    return { theirs: () => userDrive(files), our: async () => mapDrive(files) };
  },
  ...Object.fromEntries(Object.entries(SERVICES).map(([kind, start]) => [kind, async t => {
    const { at, theirs } = await start(t);
    return { theirs, our: () => ours(at, kind) };
  }])),
};

for (const [kind, start] of Object.entries(PLACES)) {
  test(`${kind}: edits and deletions arrive in both directions, numbers stay numbers, and a lock is one for both`, async t => {
    const { theirs, our } = await start(t);
    const [device, docs] = [new Device(old, theirs()), new Docs()];
    const drive = await our();
    await drive.makeRoot?.();
    const client = await open(docs, drive);
    for (const doc of [note("a", 1), note("two words", 1), note(7, 1)]) await docs.put(client, doc);
    assert.equal((await client.sync()).pushed, 3);
    await device.run();
    assert.deepEqual(device.all(), docs.all());
    device.put(note("a", 2));
    device.put(note(8, 1));
    device.delete(7, 2);
    await device.run();
    await docs.put(client, note("b", 1));
    await client.sync();
    await device.run();
    assert.deepEqual(docs.all(), [note(8, 1), note("a", 2), note("b", 1), note("two words", 1)]);
    assert.deepEqual(device.all(), docs.all());
    assert.deepEqual(docs.docs.get(8).revision, 1);
    await docs.remove(client, 8, 2);
    await client.sync();
    await device.run();
    assert.deepEqual(device.all(), docs.all());
    const late = new Docs();
    await (await open(late, await our())).sync();
    assert.deepEqual(late.all(), docs.all());
    assert.deepEqual(device.warnings, []);
    // A lock of the one keeps the other away.
    await docs.put(client, note("c", 1));
    let refused;
    device.put(note("d", 1));
    device.onGet = async id => ((refused = await client.sync({ waitMs: 0 }).catch(error => error)), device.docs.get(id));
    await device.run();
    assert.equal(refused.code, "locked");
    const get = docs.get;
    docs.get = async ids => ((refused = await device.run(false).catch(error => error)), get.call(docs, ids));
    await client.sync();
    assert.equal(refused.name, "LockError");
  });
}

test("text that is a number is one on the drive, if it is to be", async () => {
  for (const [numbers, wanted] of [[true, 7], [undefined, "7"]]) {
    const [files, docs] = [new Map(), new Docs()];
    const client = await open(docs, mapDrive(files), { numbers });
    await docs.save(client, "7", "1", '{"text":"seven"}');
    await client.sync();
    assert.deepEqual(json(files, "changes/0.json")[0]._id, wanted);
  }
});

test("a body that is no JSON is reported, and the others go", async () => {
  const [files, docs] = [new Map(), new Docs()];
  const client = await open(docs, mapDrive(files));
  await docs.save(client, "bad", 1, "no JSON");
  await docs.put(client, note("good", 1));
  const report = await client.sync();
  assert.deepEqual([report.pushed, report.skipped.map(({ id }) => id)], [1, ["bad"]]);
});

test("each entry has one layout, and says which has the other", async () => {
  const setup = { application: new Notes(), state: State.memory(), drive: Drive.memory() };
  await assert.rejects(JournalClient.open({ ...setup, layout: "classic" }), { code: "invalid_input", detail: /kitestring\/classic/ });
  await assert.rejects(Client.open({ ...setup, layout: "journal" }), { code: "invalid_input", detail: /`kitestring`/ });
  await assert.rejects(Client.open({ ...setup, layout: "other" }), { code: "invalid_input", detail: /"journal" or "classic"/ });
  await assert.rejects(WebDav.open({ url: "https://example.org", layout: "other" }), { code: "invalid_input", detail: /"journal" or "classic"/ });
  await JournalClient.open({ ...setup, layout: "journal" });
  // What has no use for the layout is not there.
  const client = await Client.open({ ...setup, layout: "classic" });
  assert.equal(client.compact, undefined);
  // A vault of the one is refused by the other.
  const docs = new Docs();
  const onDocs = await open(docs, setup.drive);
  await docs.put(onDocs, note("a", 1));
  await onDocs.sync();
  const other = await JournalClient.open({ ...setup, application: docs, state: State.memory() });
  await assert.rejects(other.sync(), { code: "unsupported", detail: /classic layout/ });
});

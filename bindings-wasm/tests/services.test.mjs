// The drives of the adapters over `fetch`: with the emulators of Dropbox, Google Drive, OneDrive and GitHub, with a WebDAV server, and with
// a store that speaks like Amazon S3.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, State } from "kitestring";
import { Dropbox } from "kitestring/dropbox";
import { GDrive } from "kitestring/gdrive";
import { GitHub } from "kitestring/github";
import { OneDrive } from "kitestring/onedrive";
import { S3 } from "kitestring/s3";
import { WebDav } from "kitestring/webdav";
import { Notes } from "./notes.mjs";
import { seaweedfs, webdav } from "./servers.mjs";
import { emulator } from "./services.mjs";

async function twoClients(open) {
  const [phone, laptop] = [new Notes(), new Notes()];
  const [onPhone, onLaptop] = await Promise.all(
    [phone, laptop].map(async application => Client.open({ application, state: State.memory(), drive: await open() })),
  );
  await phone.save(onPhone, "milk", "a-1", "1 litre");
  assert.equal((await onPhone.sync()).pushed, 1);
  assert.equal((await onLaptop.sync()).pulled, 1);
  await laptop.save(onLaptop, "milk", "b-2", "2 litres");
  await onLaptop.sync();
  await onPhone.sync();
  assert.deepEqual(phone.shown(), laptop.shown());
  assert.equal(phone.shown().milk.text, "2 litres");
}

test("two clients meet in a folder of Dropbox", async () => {
  const { service, stop } = await emulator("dropbox-emulator");
  try {
    const drive = await Dropbox.open({ folder: "/notes", service, token: async () => "a-token" });
    await drive.makeRoot();
    assert.equal(drive.capabilities.replace, true);
    await twoClients(() => Dropbox.open({ folder: "/notes", service, token: () => "a-token" }));
  } finally {
    stop();
  }
});

test("a token that cannot be had, and a service that is not there, are told apart", async () => {
  const fails = await Dropbox.open({ folder: "/notes", service: "http://127.0.0.1:9", token: () => { throw new Error("no token today"); } });
  await assert.rejects(fails.makeRoot(), { code: "unavailable", detail: /no token today/ });
  await assert.rejects(Dropbox.open({ folder: "/notes", service: "http://example.org", token: () => "t" }), { code: "invalid_input" });
});

test("two clients meet in Google Drive", async () => {
  const { service, stop } = await emulator("gdrive-emulator");
  try {
    const open = () => GDrive.open({ folder: "notes", service, token: () => "a-token" });
    await (await open()).makeRoot();
    await twoClients(open);
  } finally {
    stop();
  }
});

test("two clients meet in a branch of a repository of GitHub", async () => {
  const { service, stop } = await emulator("github-emulator", "ann/notes");
  try {
    const setup = { owner: "ann", repository: "notes", folder: "vault", service };
    const drive = await GitHub.open({ ...setup, token: async () => "a-token" });
    await drive.makeRoot();
    assert.equal(drive.capabilities.replace, true);
    await twoClients(() => GitHub.open({ ...setup, token: () => "a-token" }));
    const top = await GitHub.open({ ...setup, folder: undefined, token: () => "a-token" });
    assert.deepEqual((await top.listDir("")).entries.map(({ name }) => name), ["vault"]);
    const expired = await GitHub.open({ ...setup, token: () => "expired-canary" });
    await assert.rejects(expired.makeRoot(), error => error.code === "unauthorized" && !String(error.detail).includes("canary"));
    await assert.rejects((await GitHub.open({ ...setup, repository: "other", token: () => "t" })).makeRoot(), { code: "not_found" });
    await assert.rejects(GitHub.open({ ...setup, owner: "a/b", token: () => "t" }), { code: "invalid_input" });
  } finally {
    stop();
  }
});

test("two clients meet in OneDrive, and no token goes where contents are", async () => {
  const { service, stop } = await emulator("onedrive-emulator");
  const told = [];
  const listening = (url, init) => {
    told.push([new URL(url).pathname.split("/")[1], "Authorization" in init.headers || JSON.stringify(init.headers).includes("a-token")]);
    return fetch(url, init);
  };
  try {
    for (const folder of [undefined, "/deep/notes"]) {
      const open = () => OneDrive.open({ folder, service, token: () => "a-token", fetch: listening });
      const drive = await open();
      await drive.makeRoot();
      assert.equal(drive.capabilities.create, true);
      await twoClients(open);
    }
  } finally {
    stop();
  }
  assert.deepEqual([...new Set(told.map(String))].sort(), ["download,false", "v1.0,true"]);
});

test("two clients meet on a WebDAV server", async () => {
  const { url, stop } = await webdav();
  try {
    await (await WebDav.open({ url })).makeRoot();
    await twoClients(() => WebDav.open({ url }));
  } finally {
    stop();
  }
});

test("two clients meet in a bucket of an S3 store", async () => {
  const { setup, stop } = await seaweedfs();
  try {
    const drive = await S3.open(setup);
    await drive.makeRoot();
    await twoClients(() => S3.open({ ...setup, folder: "notes" }));
    assert.deepEqual((await drive.listDir("")).entries.map(({ name }) => name), ["notes"]);
    const wrongly = await S3.open({ ...setup, secretAccessKey: "canary" });
    await assert.rejects(wrongly.makeRoot(), error => error.code === "unauthorized" && !String(error.detail).includes("canary"));
    await assert.rejects((await S3.open({ ...setup, bucket: "another" })).makeRoot(), { code: "not_found" });
    await assert.rejects(S3.open({ ...setup, style: "other" }), { code: "invalid_input" });
  } finally {
    stop();
  }
});

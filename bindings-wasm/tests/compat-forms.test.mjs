// The forms in which `kitestring/compat` is loaded, and what its deep paths bring.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { Device, json, note, old, userDrive } from "./compat-device.mjs";

const require = createRequire(import.meta.url);
const DRIVES = ["dropbox", "fsDrive", "github", "google", "onedrive", "webdav"];
const fileOf = name => (name === "fsDrive" ? "fs-drive" : name);

async function syncs(from) {
  const files = new Map();
  const device = new Device(from, userDrive(files), { docs: [note(1, 1)] });
  await device.run();
  assert.deepEqual(json(files, "docs/1.json"), { doc: note(1, 1), _rev: 1 });
  await assert.rejects(new Device(from, userDrive(new Map([["lock.json", '{"expire":9e15}']]))).run(), { name: "LockError", expire: 9e15 });
}

test("as an ES module, with the names that db-to-cloud has", async () => {
  const compat = await import("kitestring/compat");
  assert.deepEqual(Object.keys(compat).sort(), Object.keys(old).sort());
  assert.deepEqual(Object.keys(compat.drive).sort(), Object.keys(old.drive).sort());
  const controller = from => Object.keys(from.dbToCloud({ getState() {}, setState() {} })).sort();
  assert.deepEqual(controller(compat), controller(old));
  assert.equal((await import("kitestring/compat/lib/db-to-cloud")).dbToCloud, compat.dbToCloud);
  assert.deepEqual(Object.keys(await import("kitestring/compat/lib/drive")).sort(), DRIVES);
  for (const name of DRIVES) assert.equal((await import(`kitestring/compat/lib/drive/${fileOf(name)}`)).default, compat.drive[name]);
  await syncs(compat);
});

test("as CommonJS, with the deep paths of db-to-cloud", async () => {
  const compat = require("kitestring/compat");
  assert.deepEqual(Object.keys(compat).sort(), Object.keys(old).sort());
  assert.equal(require("kitestring/compat/lib/db-to-cloud").dbToCloud, compat.dbToCloud);
  for (const name of DRIVES) assert.equal(require(`kitestring/compat/lib/drive/${fileOf(name)}`), compat.drive[name]);
  assert.deepEqual(Object.keys(require("kitestring/compat/lib/drive")).sort(), DRIVES);
  const { RequestError, createRequest } = require("kitestring/compat/lib/request");
  assert.equal(new RequestError("no", { status: 401 }).code, 401);
  assert.equal(typeof createRequest, "function");
  const { LockError } = require("kitestring/compat/lib/lock");
  assert.ok(new LockError(0) instanceof Error);
  await syncs(compat);
});

test("as one script, whose global is `dbToCloud`", async () => {
  const script = require.resolve("kitestring/compat.min.js");
  // As on a page: the module is fetched from beside the script.
  const page = {
    document: { currentScript: { src: "https://page.example/js/compat.min.js" } },
    fetch: async url => {
      assert.equal(String(url), "https://page.example/js/compat_bg.wasm");
      return new Response(await readFile(new URL("compat_bg.wasm", pathToFileURL(script))));
    },
  };
  for (const name of ["URL", "WebAssembly", "TextEncoder", "TextDecoder", "performance", "crypto", "setTimeout", "clearTimeout", "console"]) {
    page[name] = globalThis[name];
  }
  const found = runInNewContext(`${await readFile(script, "utf8")};dbToCloud`, page);
  assert.deepEqual(Object.keys(found).filter(name => name in old).sort(), Object.keys(old).sort());
  await syncs(found);
});

test("a drive that is not there says so when it is asked for", async () => {
  const { drive } = await import("kitestring/compat");
  for (const name of ["github", "onedrive"]) {
    assert.throws(() => drive[name]({ getAccessToken: () => "t" }), { name: "KiteError", code: "unsupported" });
  }
});

test("requests of a drive of one's own: one at a time, with credentials, pauses that are asked for, and typed errors", async () => {
  const { RequestError, createRequest } = await import("kitestring/compat/lib/request");
  const sent = [];
  let running = 0;
  const fetch = async (url, { headers, method }) => {
    assert.equal(++running, 1);
    await new Promise(resolve => setTimeout(resolve, 5));
    running -= 1;
    sent.push([method, url, headers]);
    if (url === "busy" && sent.length === 1) return new Response("", { status: 429, headers: { "Retry-After": "0.01" } });
    if (url === "gone") return new Response("no such file", { status: 404 });
    return Response.json({ fine: true });
  };
  const request = createRequest({ fetch, username: "ann", password: "pässword", cooldown: 40 });
  assert.deepEqual(await request({ path: "busy", method: "PUT", contentType: "text/plain" }), { fine: true });
  assert.equal(sent.length, 2);
  assert.deepEqual(sent[1][2], { Authorization: `Basic ${Buffer.from("ann:pässword").toString("base64")}`, "Content-Type": "text/plain" });
  const begun = performance.now();
  const both = await Promise.allSettled([request({ path: "gone" }), request({ path: "text", format: "text" })]);
  assert.ok(performance.now() - begun >= 39, "it rests after a write");
  const error = both[0].reason;
  assert.ok(error instanceof RequestError);
  assert.deepEqual([error.name, error.code, error.origin.status, error.message], ["RequestError", 404, 404, "failed to fetch [404]: no such file"]);
  assert.equal(both[1].value, '{"fine":true}');
  const tokens = createRequest({ fetch, getAccessToken: async () => "t-1" });
  assert.equal((await tokens({ path: "x", raw: true })).status, 200);
  assert.equal(sent.at(-1)[2].Authorization, "Bearer t-1");
});

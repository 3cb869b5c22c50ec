// `kitestring/compat` in a page of a browser, unbundled: as an ES module, and as one script.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { after, before, test } from "node:test";
import { tool } from "./compat-device.mjs";

const { chromium } = tool("playwright-core");
const KINDS = { ".js": "text/javascript", ".wasm": "application/wasm" };
const PAGE = '<!doctype html><title>test</title><script src="/node_modules/kitestring/compat.min.js"></script>';
let server, browser, page;

async function answer(request, response) {
  if (request.url === "/") return response.setHeader("content-type", "text/html").end(PAGE);
  const body = await readFile(new URL(`.${request.url}`, import.meta.url)).catch(() => undefined);
  response.writeHead(body ? 200 : 404, { "content-type": KINDS[extname(request.url)] ?? "text/plain" }).end(body);
}

before(async () => {
  server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
});

after(async () => {
  await browser?.close();
  server.close();
});

const FORMS = {
  "an ES module": 'import("/node_modules/kitestring/compat/index.js")',
  "one script": "dbToCloud",
};

for (const [form, loaded] of Object.entries(FORMS)) {
  test(`in a page, as ${form}`, async () => {
    const files = await page.evaluate(async loaded => {
      const { dbToCloud: make } = await eval(loaded);
      const [files, notes] = [new Map(), new Map([[7, { _id: 7, _rev: 1, text: "seven" }]])];
      const sync = make({
        onGet: id => notes.get(id),
        onPut: doc => notes.set(doc._id, doc),
        onDelete: id => notes.delete(id),
        onFirstSync: () => notes.forEach(({ _id, _rev }) => sync.put(_id, _rev)),
        compareRevision: (a, b) => a - b,
        getState: () => undefined,
        setState: () => undefined,
      });
      const missing = () => Promise.reject(Object.assign(new Error("no such file"), { code: "ENOENT" }));
      sync.use({
        name: "mine",
        get: async path => files.get(path) ?? missing(),
        put: async (path, data) => files.set(path, data),
        post: async (path, data) => files.set(path, data),
        delete: async path => files.delete(path),
        list: async () => [],
      });
      await sync.init();
      await sync.syncNow();
      return Object.fromEntries(files);
    }, loaded);
    assert.deepEqual(files, {
      "docs/7.json": '{"doc":{"_id":7,"_rev":1,"text":"seven"},"_rev":1}',
      "changes/0.json": '[{"_id":7,"_rev":1,"action":"put"}]',
      "meta.json": '{"lastChange":1}',
    });
  });
}

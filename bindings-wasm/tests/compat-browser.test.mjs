// `kitestring/compat` in a page of a browser, unbundled: as an ES module, and as one script.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { after, before, test } from "node:test";
import { note, tool } from "./compat-device.mjs";
import { webdav } from "./servers.mjs";
import { emulator } from "./services.mjs";

const { chromium } = tool("playwright-core");
const KINDS = { ".js": "text/javascript", ".wasm": "application/wasm" };
const PAGE = '<!doctype html><title>test</title><script src="/node_modules/kitestring/compat.min.js"></script>';
let server, browser, page, dropbox, dav;

/** A service worker that syncs with a drive of the page's choice, with the class of the drive or without. */
const WORKER = `
import { dbToCloud, drive } from "/node_modules/kitestring/compat/index.js";
import { Dropbox } from "/node_modules/kitestring/dropbox.js";
import { WebDav } from "/node_modules/kitestring/webdav.js";

const through = (url, init) => fetch("/through/" + encodeURIComponent(url), init);
const makers = {
  dropbox: (service, given) => drive.dropbox({ service, getAccessToken: () => "a-token", fetch: through, ...(given && { Dropbox }) }),
  webdav: (url, given) => drive.webdav({ url, fetch: through, ...(given && { WebDav }) }),
};

async function synced({ kind, at, given, put }) {
  const notes = new Map(put.map(note => [note._id, note]));
  const sync = dbToCloud({
    onGet: id => notes.get(id),
    onPut: doc => notes.set(doc._id, doc),
    onDelete: id => notes.delete(id),
    onFirstSync: () => put.forEach(({ _id, _rev }) => sync.put(_id, _rev)),
    compareRevision: (a, b) => a - b,
    getState: () => undefined,
    setState: () => undefined,
  });
  sync.use(makers[kind](at, given));
  await sync.init();
  await sync.syncNow();
  return [...notes.values()].sort((a, b) => (String(a._id) < String(b._id) ? -1 : 1));
}

addEventListener("message", event => {
  const told = synced(event.data).catch(({ name, code, message }) => ({ name, code, message }));
  event.waitUntil(told.then(answer => event.ports[0].postMessage(answer)));
});
`;

/** Sends a request on to a server of another origin, as the page may not. */
async function passOn(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { host, connection, "content-length": length, ...headers } = request.headers;
  const init = { method: request.method, headers, ...(chunks.length > 0 && { body: Buffer.concat(chunks) }) };
  const answer = await fetch(decodeURIComponent(request.url.slice("/through/".length)), init);
  const body = Buffer.from(await answer.arrayBuffer());
  const kept = [...answer.headers].filter(([name]) => !["content-encoding", "content-length", "transfer-encoding", "connection"].includes(name));
  response.writeHead(answer.status, Object.fromEntries(kept)).end(body);
}

async function answer(request, response) {
  if (request.url.startsWith("/through/")) return passOn(request, response);
  if (request.url === "/worker.js") return response.setHeader("content-type", "text/javascript").end(WORKER);
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
  dropbox?.stop();
  dav?.stop();
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

/** Has the page's service worker sync. */
const byWorker = asked =>
  page.evaluate(async asked => {
    await navigator.serviceWorker.register("/worker.js", { type: "module" });
    const { active } = await navigator.serviceWorker.ready;
    const { port1, port2 } = new MessageChannel();
    active.postMessage(asked, [port2]);
    return new Promise(resolve => (port1.onmessage = ({ data }) => resolve(data)));
  }, asked);

for (const kind of ["dropbox", "webdav"]) {
  test(`${kind} in a service worker: with its class it syncs, without it says so`, async () => {
    if (kind === "dropbox") dropbox = await emulator("dropbox-emulator");
    else dav = await webdav();
    const at = kind === "dropbox" ? dropbox.service : `http://127.0.0.1:${dav.port}/`;
    const put = [note(7, 1), note("a", 1)];
    for (const notes of [put, []]) assert.deepEqual(await byWorker({ kind, at, given: true, put: notes }), put);
    const refused = await byWorker({ kind, at, given: false, put });
    assert.deepEqual([refused.name, refused.code], ["RequestError", "unsupported"]);
    assert.match(refused.message, /service worker.*give it with the options/);
  });
}

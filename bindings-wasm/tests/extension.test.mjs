// The example extension, loaded into a browser, on a WebDAV server.
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Client, State } from "kitestring";
import { WebDav } from "kitestring/webdav";
import { count, extension, fill, sync, synced, write } from "./extension.mjs";
import { Notes, text } from "./notes.mjs";
import { slowProxy, webdav } from "./servers.mjs";
import { clauses, durable } from "./state-conformance.mjs";

let dav;
before(async () => {
  dav = await webdav();
});
after(() => dav.stop());

/** Two profiles on one folder of their own. */
async function pair(name) {
  const both = [await extension(), await extension()];
  for (const one of both) {
    await one.connect(`http://127.0.0.1:${dav.port}/${name}`);
    one.page = await one.popup();
    await synced(one.page);
  }
  return both;
}

const listed = page => page.$$eval("#list strong", titles => titles.map(title => title.textContent).sort());

/** The end of a sync that brought this text into the editor. */
const shows = (page, words) => page.waitForFunction(words => document.getElementById("text").value === words, words);

test("notes go from one browser to another, and a conflict is shown and settled by hand", async () => {
  const [phone, laptop] = await pair("conflict");
  try {
    await write(phone.page, "Shopping\n1 litre of milk");
    await write(phone.page, "Books\nto read");
    await phone.page.waitForFunction(() => document.querySelectorAll("#list li").length === 2);
    await sync(phone.page);
    await sync(laptop.page);
    assert.deepEqual(await listed(laptop.page), ["Books", "Shopping"]);

    await write(phone.page, "Shopping\n2 litres of milk", "Shopping");
    await sync(phone.page);
    await write(laptop.page, "Shopping\noat milk", "Shopping");
    await laptop.page.waitForSelector("#differ:not([hidden])");
    await laptop.page.click("#differ button");
    await laptop.page.waitForSelector("#conflict[open]");
    assert.deepEqual(
      await laptop.page.$$eval("#local, #remote", sides => sides.map(side => side.textContent.trim())),
      ["Shopping\noat milk", "Shopping\n2 litres of milk"],
    );
    await laptop.page.fill("#merged", "Shopping\n2 litres of oat milk");
    await laptop.page.click("#merge");
    await laptop.page.waitForSelector("#differ", { state: "hidden" });
    await sync(laptop.page);
    await phone.page.click('#list button:has-text("Shopping")');
    await sync(phone.page);
    await shows(phone.page, "Shopping\n2 litres of oat milk");

    await phone.page.click("#delete");
    await phone.page.click("#sure .danger");
    await sync(phone.page);
    await sync(laptop.page);
    assert.deepEqual(await listed(laptop.page), ["Books"]);
  } finally {
    await phone.close();
    await laptop.close();
  }
});

test("without the server it says what to do, the edit waits, and an alarm syncs it when the server is back", async () => {
  const proxy = await slowProxy(dav.port, 1e9);
  const phone = await extension();
  try {
    await phone.connect(`http://127.0.0.1:${proxy.port}/offline`);
    const page = await phone.popup();
    await synced(page);
    proxy.cut = true;
    proxy.hangUp();
    await write(page, "Written on a train");
    await page.waitForSelector("#problem:not([hidden])");
    assert.match(await page.textContent("#problem"), /cannot be reached.*your notes are safe here/s);
    proxy.cut = false;
    assert.ok(await phone.kill(page));
    // It would ring within half a minute by itself.
    const alarm = await page.evaluate(() => chrome.alarms.get("again"));
    assert.ok(alarm.scheduledTime - Date.now() < 31_000);
    await page.evaluate(() => chrome.alarms.create("again", { when: Date.now() + 100 }));
    await synced(page);
    const notes = new Notes();
    const drive = await WebDav.open({ url: `http://127.0.0.1:${dav.port}/offline` });
    await (await Client.open({ application: notes, state: State.memory(), drive })).sync();
    assert.deepEqual([...notes.docs.values()].map(({ body }) => JSON.parse(text(body)).text), ["Written on a train"]);
  } finally {
    await phone.close();
    proxy.stop();
  }
});

test("a wrong address is refused where it is typed", async () => {
  const phone = await extension();
  try {
    const page = await phone.context.newPage();
    await page.goto(`${phone.origin}/notes.html#settings`);
    await page.fill("#url", "http://127.0.0.1:9/notes");
    await page.click("#connect .primary");
    await page.waitForSelector("#refused:not(:empty)");
    assert.match(await page.textContent("#refused"), /cannot be reached/);
    await page.keyboard.press("Escape");
    assert.equal(await page.isVisible("#connect"), false);
  } finally {
    await phone.close();
  }
});

/** Syncs with a worker that is ended again and again, and woken again by who waits for it. Returns how often. */
async function syncKilled({ browser, page, everyMs, atMost, done }) {
  let kills = 0;
  for (;;) {
    await page.evaluate(() => void chrome.runtime.sendMessage({ what: "edited" }));
    for (const until = performance.now() + everyMs(kills); performance.now() < until; await page.waitForTimeout(50)) {
      if (await done()) return kills;
    }
    assert.ok(kills < atMost, `it has not ended after ${kills} kills`);
    if (await browser.kill(page)) kills += 1;
  }
}

/** A first sync of many notes, to the server and from there, with kills and without. Returns the bytes of each. */
async function firstSyncs({ notes, letters, bytesPerSecond, everyMs, atMost }) {
  const measured = {};
  const shared = [`a${everyMs(0)}`, `b${everyMs(0)}`];
  for (const [how, folder] of [["whole", shared[0]], ["killed", shared[1]]]) {
    for (const way of ["push", "pull"]) {
      const slow = how === "killed";
      const proxy = await slowProxy(dav.port, slow ? bytesPerSecond : 1e9);
      const browser = await extension();
      try {
        // What the other way reads is what was written without kills.
        const url = `http://127.0.0.1:${proxy.port}/${way === "push" ? folder : shared[0]}`;
        await (await WebDav.open({ url })).makeRoot();
        const page = await browser.popup();
        if (way === "push") await fill(page, notes, letters);
        await page.evaluate(async url => (await (await import("./notes.js")).Notes.open()).saveSettings({ url }), url);
        proxy.bytes = 0;
        const ended = () => page.evaluate(() => document.getElementById("status").textContent.startsWith("Last sync") && !document.getElementById("sync").disabled);
        const done = async () => (await ended()) && (way === "push" || (await count(page)) === notes);
        const kills = await syncKilled({ browser, page, everyMs: slow ? everyMs : () => 120_000, atMost: slow ? atMost : 0, done });
        measured[`${how} ${way}`] = { bytes: proxy.bytes, kills };
      } finally {
        await browser.close();
        proxy.stop();
      }
    }
  }
  return { ...measured, folder: shared[1] };
}

async function arrived(folder) {
  const notes = new Notes();
  const drive = await WebDav.open({ url: `http://127.0.0.1:${dav.port}/${folder}` });
  const report = await (await Client.open({ application: notes, state: State.memory(), drive })).sync();
  assert.equal(report.conflicts.length, 0);
  return notes.docs.size;
}

test("a first sync whose worker is killed at ever later moments ends, and every note arrives once", async () => {
  const notes = 1_000;
  const { folder, ...measured } = await firstSyncs({ notes, letters: 200, bytesPerSecond: 1e9, everyMs: kills => 100 + 250 * kills, atMost: 60 });
  console.log(`# ${JSON.stringify(measured)}`);
  assert.ok(measured["killed push"].kills >= 3);
  assert.equal(await arrived(folder), notes);
});

// What is wanted of a slow drive. It takes about an hour.
for (const seconds of process.env.KITE_FULL ? [1, 2, 5, 30] : []) {
  test(`a first sync of 10,000 notes over 256 KiB/s, killed every ${seconds} s, costs at most a tenth more`, async () => {
    const letters = seconds === 30 ? 8_000 : 1_000;
    const { folder, ...measured } = await firstSyncs({
      notes: 10_000, letters, bytesPerSecond: 256 << 10, everyMs: () => seconds * 1000, atMost: 100,
    });
    console.log(`# ${JSON.stringify(measured)}`);
    for (const way of ["push", "pull"]) {
      const [whole, killed] = [measured[`whole ${way}`], measured[`killed ${way}`]];
      assert.ok(killed.bytes <= 1.1 * whole.bytes, `${way}: ${(killed.bytes / whole.bytes).toFixed(2)} times the bytes`);
    }
    assert.equal(await arrived(folder), 10_000);
  });
}

test("chrome.storage is a state like the others", async t => {
  const browser = await extension();
  try {
    await cp(join(import.meta.dirname, "state-conformance.mjs"), join(browser.folder, "state-conformance.mjs"));
    await cp(join(import.meta.dirname, "assert.mjs"), join(browser.folder, "assert.mjs"));
    const page = await browser.context.newPage();
    await page.goto(`${browser.origin}/style.css`);
    for (const name of Object.keys(clauses)) {
      await t.test(name, () =>
        page.evaluate(async name => {
          const { ChromeStorageState } = await import("/kitestring/chrome-storage.js");
          const state = await ChromeStorageState.open(name);
          await (await import("/state-conformance.mjs")).clauses[name](state);
          await state.close();
        }, name));
    }
    for (const name of Object.keys(durable)) {
      await t.test(name, () =>
        page.evaluate(async name => {
          const { ChromeStorageState } = await import("/kitestring/chrome-storage.js");
          await (await import("/state-conformance.mjs")).durable[name](() => ChromeStorageState.open(name));
        }, name));
    }
    await t.test("a batch that was cut between what it sets and what it removes is made up for", async () => {
      const found = await page.evaluate(async () => {
        const { ChromeStorageState } = await import("/kitestring/chrome-storage.js");
        const value = new TextEncoder().encode("1");
        const area = chrome.storage.local;
        const cut = { get: keys => area.get(keys), set: items => area.set(items), remove: () => new Promise(() => {}) };
        const first = await ChromeStorageState.open("cut", { area: cut });
        await first.write([{ key: "a", value }, { key: "b", value }]);
        first.write([{ key: "a" }, { key: "c", value }]);
        while (!(await area.get("kitestring/cut/c"))["kitestring/cut/c"]) await new Promise(resolve => setTimeout(resolve, 5));
        const refused = await ChromeStorageState.open("cut", { waitMs: 0 }).catch(error => error.code);
        return [refused];
      });
      assert.deepEqual(found, ["locked"]);
      await page.reload();
      const left = await page.evaluate(async () => {
        const { ChromeStorageState } = await import("/kitestring/chrome-storage.js");
        const state = await ChromeStorageState.open("cut");
        return [(await state.scan("", undefined, 10)).map(({ key }) => key), Object.keys(await chrome.storage.local.get(null)).filter(key => key.includes("/cut/")).length];
      });
      assert.deepEqual(left, [["b", "c"], 2]);
    });
    await t.test("a client goes on where it was", async () => {
      const queued = await page.evaluate(async () => {
        const { ChromeStorageState } = await import("/kitestring/chrome-storage.js");
        const { Client, Drive } = await import("/kitestring/index.js");
        const application = { get: ids => ids.map(id => ({ id, revision: 1, body: new Uint8Array(1) })), apply: changes => changes.map(() => "applied"), entries: () => [] };
        const drive = Drive.memory();
        const results = [];
        for (let n = 0; n < 2; n += 1) {
          const state = await ChromeStorageState.open("client");
          const client = await Client.open({ application, state, drive });
          if (n === 0) await client.queueChange({ id: "a", revision: 1, action: "put" });
          results.push((await client.status()).queued, (n === 1 ? await client.sync() : {}).pushed ?? 0);
          client.close();
          await state.close();
        }
        return results;
      });
      assert.deepEqual(queued, [1, 0, 1, 1]);
    });
  } finally {
    await browser.close();
  }
});

// The example page: by keyboard alone, offline and back, and in two tabs.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Client, State } from "kitestring";
import { WebDav } from "kitestring/webdav";
import { sync, synced, write } from "./extension.mjs";
import { Notes, text } from "./notes.mjs";
import { serve, webdav } from "./servers.mjs";

const { chromium } = createRequire(`${process.env.TOOLS}/`)("playwright-core");
let site, dav, browser;

before(async () => {
  site = await serve(join(process.env.EXAMPLES, "web"));
  dav = await webdav({ origins: [site.origin] });
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  dav.stop();
  site.stop();
});

/** A new profile with a page that is connected to a folder. */
async function connected(folder) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${site.origin}/notes.html`);
  await page.click("#settings");
  await page.fill("#url", `http://127.0.0.1:${dav.port}/${folder}`);
  await page.keyboard.press("Enter");
  await synced(page);
  return page;
}

/** Another device, without a browser. */
async function device(folder) {
  const notes = new Notes();
  const drive = await WebDav.open({ url: `http://127.0.0.1:${dav.port}/${folder}` });
  const client = await Client.open({ application: notes, state: State.memory(), drive });
  const texts = () => [...notes.docs.values()].map(({ body }) => JSON.parse(text(body)).text).sort();
  return { notes, client, texts };
}

const focused = page => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);

/** Waits until something has the focus: some of it comes only when the database has answered. */
const focuses = (page, id) => page.waitForFunction(id => document.activeElement.id === id, id);

/** Presses Tab so often, and returns where the focus was after each. */
async function tab(page, times) {
  const stops = [];
  for (let n = 0; n < times; n += 1) {
    await page.keyboard.press("Tab");
    stops.push(await focused(page));
  }
  return stops;
}

test("everything can be reached and done by keyboard, has a name, and dialogs close by Escape", async () => {
  const page = await connected("keyboard");
  await page.reload();
  // A page syncs when it is loaded, and its button cannot be reached while it does: two syncs later that one is over.
  await sync(page);
  await sync(page);
  await page.evaluate(() => document.activeElement.blur());
  assert.deepEqual(await tab(page, 3), ["new", "sync", "settings"]);
  await page.keyboard.press("Enter");
  await focuses(page, "url");
  await page.keyboard.press("Escape");
  assert.equal(await page.isVisible("#connect"), false);
  await focuses(page, "settings");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await focuses(page, "text");
  await page.keyboard.type("Shopping");
  await page.waitForFunction(() => document.getElementById("saved").textContent === "Saved");
  assert.equal(await page.getByRole("status").first().textContent().then(words => words.length > 0), true);
  assert.deepEqual(await tab(page, 1), ["delete"]);
  await page.keyboard.press("Enter");
  // A slip of the hand deletes nothing.
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#list button").count(), 1);
  const nameless = await page.$$eval("button, input, textarea, progress, dialog, nav, [role=alert]", elements =>
    elements.filter(e => !(e.textContent.trim() || e.labels?.length || e.ariaLabel || e.getAttribute("aria-labelledby") || e.role === "alert" || e.hidden)).map(e => e.outerHTML),
  );
  assert.deepEqual(nameless, []);

  const other = await device("keyboard");
  await sync(page);
  await other.client.sync();
  const [[id]] = other.notes.docs;
  await other.notes.save(other.client, id, "r-2", JSON.stringify({ text: "Shopping\nmilk", editedMs: 2 }));
  await other.client.sync();
  await write(page, "Shopping\nbread", "Shopping");
  await page.waitForSelector("#differ:not([hidden])");
  await page.focus("#differ button");
  await page.keyboard.press("Enter");
  await focuses(page, "local");
  assert.deepEqual([await focused(page), ...(await tab(page, 5))], ["local", "take", "remote", "merged", "Later", "merge"]);
  await page.keyboard.press("Escape");
  assert.equal(await page.isVisible("#conflict"), false);
  assert.equal(await page.isVisible("#differ"), true, "what was not decided waits");
  await page.focus("#differ button");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#conflict[open]");
  await page.focus("#take");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.getElementById("text").value === "Shopping\nmilk");
  await page.context().close();
});

test("offline, edits wait; back in the network they are sent without being asked", async () => {
  const page = await connected("offline");
  await page.context().setOffline(true);
  await write(page, "Written on a train");
  await page.waitForSelector("#problem:not([hidden])", { timeout: 60_000 });
  await page.context().setOffline(false);
  await synced(page);
  const other = await device("offline");
  await other.client.sync();
  assert.deepEqual(other.texts(), ["Written on a train"]);
  await page.context().close();
});

test("two tabs on one state: both edit at once, nothing is lost and nothing is sent twice", async () => {
  const first = await connected("tabs");
  const second = await first.context().newPage();
  await second.goto(`${site.origin}/notes.html`);
  await synced(second);
  const edit = async (page, name) => {
    for (let n = 0; n < 5; n += 1) await write(page, `${name} ${n}`);
  };
  await Promise.all([edit(first, "first"), edit(second, "second")]);
  for (const page of [first, second]) await page.waitForFunction(() => document.querySelectorAll("#list li").length === 10);
  await sync(first);
  await sync(second);
  const other = await device("tabs");
  const report = await other.client.sync();
  assert.deepEqual(other.texts(), ["first", "second"].flatMap(name => [0, 1, 2, 3, 4].map(n => `${name} ${n}`)));
  assert.equal(report.conflicts.length, 0);
  await first.context().close();
});

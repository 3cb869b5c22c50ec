// The example extension in a browser, each in a profile of its own.
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { chromium } = createRequire(`${process.env.TOOLS}/`)("playwright-core");

/** Starts a browser with the extension, which may reach servers of this machine without asking, and `chrome.storage`. */
export async function extension({ profile, ...more } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "kitestring-extension-"));
  await cp(join(process.env.EXAMPLES, "extension"), folder, { recursive: true });
  const manifest = JSON.parse(await readFile(join(folder, "manifest.json")));
  await writeFile(join(folder, "manifest.json"), JSON.stringify({ ...manifest, host_permissions: ["http://127.0.0.1/*"], permissions: [...manifest.permissions, "storage"] }));
  const user = profile ?? (await mkdtemp(join(tmpdir(), "kitestring-profile-")));
  const args = ["--no-sandbox", `--disable-extensions-except=${folder}`, `--load-extension=${folder}`];
  const context = await chromium.launchPersistentContext(user, { executablePath: "/usr/bin/chromium", args, ...more });
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
  const origin = `chrome-extension://${new URL(worker.url()).host}`;

  return {
    context,
    origin,
    folder,
    /** Opens the popup, as a page. */
    async popup() {
      const page = await context.newPage();
      await page.setViewportSize({ width: 400, height: 580 });
      await page.goto(`${origin}/notes.html?popup`);
      return page;
    },
    /** Connects to a server, as the user does; the first sync begins. */
    async connect(url) {
      const page = await context.newPage();
      await page.goto(`${origin}/notes.html#settings`);
      await page.fill("#url", url);
      await page.click("#connect .primary");
      await page.waitForSelector("#connect", { state: "hidden" });
      await page.close();
    },
    /** Ends the worker, as the browser does; true if it was running. */
    async kill(page) {
      const session = await context.newCDPSession(page);
      const states = [];
      session.on("ServiceWorker.workerVersionUpdated", ({ versions }) => states.push(...versions.map(version => version.runningStatus)));
      await session.send("ServiceWorker.enable");
      await session.send("ServiceWorker.stopAllWorkers");
      for (let tries = 0; states.at(-1) !== "stopped" && tries < 200; tries += 1) await new Promise(resolve => setTimeout(resolve, 10));
      await session.detach();
      return states.at(-1) === "stopped" && states.includes("running");
    },
    async close() {
      await context.close();
      await Promise.all([folder, user].map(path => rm(path, { recursive: true, force: true })));
    },
  };
}

/** Waits until a sync has ended without a problem. */
export const synced = page =>
  page.waitForFunction(() => document.getElementById("status").textContent.startsWith("Last sync") && document.getElementById("problem").hidden);

/** Types a note, or another text into one. */
export async function write(page, text, title) {
  // Whoever opens a note empties this, after its text is there.
  await page.evaluate(() => void (document.getElementById("saved").textContent = "…"));
  await page.click(title ? `#list button:has-text("${title}")` : "#new");
  await page.waitForFunction(() => document.getElementById("saved").textContent !== "…");
  // In one step: a sync that ends between a selection and an insertion may show what has come.
  await page.$eval(
    "#text",
    (field, text) => {
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    },
    text,
  );
  await page.waitForFunction(() => document.getElementById("saved").textContent.startsWith("Saved"));
}

/** Syncs, and waits until it is done; one that runs already is waited for first. */
export async function sync(page) {
  await page.evaluate(
    () =>
      new Promise(resolve => {
        const [channel, button] = [new BroadcastChannel("notes"), document.getElementById("sync")];
        let begun = false;
        const press = () => {
          begun = !button.disabled;
          button.click();
        };
        channel.onmessage = ({ data: { running } }) => {
          if (running !== false) return;
          if (!begun) return setTimeout(press);
          channel.close();
          resolve();
        };
        press();
      }),
  );
  await synced(page);
}

/** Makes many notes at once, each with so many letters that cannot be compressed much, as if the user had typed them. */
export const fill = (page, count, letters) =>
  page.evaluate(
    async ([count, letters]) => {
      const { Notes } = await import("./notes.js");
      await Notes.open();
      const request = indexedDB.open("notes");
      const database = await new Promise(resolve => (request.onsuccess = () => resolve(request.result)));
      const transaction = database.transaction(["notes", "edits"], "readwrite");
      for (let n = 0; n < count; n += 1) {
        const bytes = crypto.getRandomValues(new Uint8Array((letters * 3) / 4));
        const [id, revision, text] = [`note-${n}`, crypto.randomUUID(), btoa(String.fromCharCode(...bytes))];
        transaction.objectStore("notes").put({ id, revision, text, editedMs: n });
        transaction.objectStore("edits").put({ id, revision, action: "put" });
      }
      await new Promise(resolve => (transaction.oncomplete = resolve));
      database.close();
    },
    [count, letters],
  );

/** How many notes there are. */
export const count = page => page.evaluate(async () => (await (await import("./notes.js")).Notes.open()).count());

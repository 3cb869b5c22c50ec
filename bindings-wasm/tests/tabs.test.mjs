// Two tabs on one state: one of them has it, by a lock of the browser, or by a lease where there are no locks.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { serve } from "./servers.mjs";

const { chromium } = createRequire(`${process.env.TOOLS}/`)("playwright-core");
let site, browser;

before(async () => {
  site = await serve(import.meta.dirname);
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  site.stop();
});

/** Two tabs of one browser, with or without locks. `own` holds a state; it answers how that went. */
async function tabs({ locks }) {
  const context = await browser.newContext();
  if (!locks) await context.addInitScript(() => Object.defineProperty(Navigator.prototype, "locks", { value: undefined }));
  await context.addInitScript(() => {
    const load = import("/node_modules/kitestring/indexeddb.js");
    window.own = async options => {
      const { IndexedDbState } = await load;
      return IndexedDbState.open("shared", options).then(
        state => ((window.state = state), "opened"),
        error => error.code ?? String(error),
      );
    };
    window.write = text => state.write([{ key: "a", value: new TextEncoder().encode(text) }]).then(() => "written", error => error.code);
    window.read = async () => new TextDecoder().decode((await state.read(["a"]))[0]);
  });
  const pages = [await context.newPage(), await context.newPage()];
  for (const page of pages) await page.goto(site.origin);
  return pages;
}

for (const locks of [true, false]) {
  const how = locks ? "with locks" : "with leases";

  test(`${how}: the second tab is told, waits, and comes when the first has closed it or is gone`, async () => {
    const [first, second] = await tabs({ locks });
    assert.equal(await first.evaluate(() => own()), "opened");
    assert.equal(await second.evaluate(() => own({ waitMs: 0 })), "locked");
    assert.equal(await second.evaluate(() => own({ waitMs: 300 })), "locked");
    const waiting = second.evaluate(() => own());
    assert.equal(await first.evaluate(() => write("first")), "written");
    await first.evaluate(() => state.close());
    assert.equal(await waiting, "opened");
    assert.equal(await second.evaluate(() => read()), "first");
    if (!locks) return;
    await second.close();
    assert.equal(await first.evaluate(() => own()), "opened");
  });

  test(`${how}: two tabs that count at once miss no number`, async () => {
    const pages = await tabs({ locks });
    const count = async () => {
      const { IndexedDbState } = await import("/node_modules/kitestring/indexeddb.js");
      for (let n = 0; n < 20; n += 1) {
        const state = await IndexedDbState.open("counted", { waitMs: 60_000 });
        const [value] = await state.read(["n"]);
        await new Promise(resolve => setTimeout(resolve, Math.random() * 5));
        await state.write([{ key: "n", value: new Uint8Array([(value?.[0] ?? 0) + 1]) }]);
        state.close();
      }
    };
    await Promise.all(pages.map(page => page.evaluate(count)));
    const counted = await pages[0].evaluate(async () => {
      const { IndexedDbState } = await import("/node_modules/kitestring/indexeddb.js");
      return (await (await IndexedDbState.open("counted")).read(["n"]))[0][0];
    });
    assert.equal(counted, 40);
  });
}

test("with leases: a tab that slept until another one took its state can no longer write", async () => {
  const [first, second] = await tabs({ locks: false });
  assert.equal(await first.evaluate(() => own()), "opened");
  assert.equal(await first.evaluate(() => write("before")), "written");
  await second.evaluate(() => {
    const now = Date.now;
    Date.now = () => now() + 40_000;
  });
  assert.equal(await second.evaluate(() => own({ waitMs: 0 })), "opened");
  assert.equal(await first.evaluate(() => write("after")), "state");
  assert.equal(await second.evaluate(() => read()), "before");
  assert.equal(await second.evaluate(() => write("mine")), "written");
});

test("two tabs with clients on one state take turns at one drive, and both tabs' edits arrive once", async () => {
  const pages = await tabs({ locks: true });
  const edit = async name => {
    const { Client, Drive } = await import("/node_modules/kitestring/index.js");
    const { IndexedDbState } = await import("/node_modules/kitestring/indexeddb.js");
    const { Notes } = await import("/notes.mjs");
    const [drive, notes, reports] = [Drive.memory(), new Notes(), []];
    for (let n = 0; n < 10; n += 1) {
      const state = await IndexedDbState.open("clients", { waitMs: 60_000 });
      const client = await Client.open({ application: notes, state, drive });
      await notes.save(client, `${name}-${n}`, `r-${n}`, "text");
      reports.push((await client.status()).queued);
      client.close();
      state.close();
    }
    return reports;
  };
  const counts = (await Promise.all(pages.map((page, at) => page.evaluate(edit, `tab${at}`)))).flat();
  // Each saw one more than whoever had the state before it.
  assert.deepEqual(counts.sort((a, b) => a - b), Array.from({ length: 20 }, (_, n) => n + 1));
});

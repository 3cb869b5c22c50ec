// The package in a page of a browser, unbundled: IndexedDB, and two clients.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { serve } from "./servers.mjs";
import { clauses, durable } from "./state-conformance.mjs";

const { chromium } = createRequire(`${process.env.TOOLS}/`)("playwright-core");
let site, browser, page;

before(async () => {
  site = await serve(import.meta.dirname);
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  page = await browser.newPage();
  await page.goto(site.origin);
});

after(async () => {
  await browser?.close();
  site.stop();
});

for (const name of Object.keys(clauses)) {
  test(`indexeddb: ${name}`, () =>
    page.evaluate(async name => {
      const { IndexedDbState } = await import("/node_modules/kitestring/indexeddb.js");
      const { clauses } = await import("/state-conformance.mjs");
      const state = await IndexedDbState.open(name);
      await clauses[name](state);
      state.close();
    }, name));
}
for (const name of Object.keys(durable)) {
  test(`indexeddb: ${name}`, () =>
    page.evaluate(async name => {
      const { IndexedDbState } = await import("/node_modules/kitestring/indexeddb.js");
      const { durable } = await import("/state-conformance.mjs");
      await durable[name](() => IndexedDbState.open(name));
    }, name));
}

test("indexeddb: a batch of which one record cannot be stored is not there at all", async () => {
  const found = await page.evaluate(async () => {
    const { IndexedDbState } = await import("/node_modules/kitestring/indexeddb.js");
    const state = await IndexedDbState.open("atomic");
    const batch = [{ key: "a", value: new Uint8Array(1) }, { key: "b", value: () => {} }];
    const refused = await state.write(batch).then(() => false, () => true);
    return [refused, (await state.read(["a"]))[0] === undefined];
  });
  assert.deepEqual(found, [true, true]);
});

test("two clients in a page meet on one drive", async () => {
  const found = await page.evaluate(async () => {
    const { Client, Drive } = await import("/node_modules/kitestring/index.js");
    const { IndexedDbState } = await import("/node_modules/kitestring/indexeddb.js");
    const { Notes } = await import("/notes.mjs");
    const [drive, phone, laptop] = [Drive.memory(), new Notes(), new Notes()];
    const open = async (application, name) => Client.open({ application, state: await IndexedDbState.open(name), drive });
    const [onPhone, onLaptop] = [await open(phone, "phone"), await open(laptop, "laptop")];
    await phone.save(onPhone, 7, "a-1", "seven");
    await onPhone.sync();
    await onLaptop.sync();
    return laptop.shown();
  });
  assert.deepEqual(found, { 7: { revision: "a-1", text: "seven" } });
});

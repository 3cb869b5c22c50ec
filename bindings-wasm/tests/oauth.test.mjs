// `kitestring/oauth` at the emulators of Dropbox, Google and OneDrive: in Node, in a page, and in an extension.
import assert from "node:assert/strict";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { Client, KiteError, State } from "kitestring";
import { Dropbox } from "kitestring/dropbox";
import { GDrive } from "kitestring/gdrive";
import { SignIn, dropbox, google, onedrive } from "kitestring/oauth";
import { OneDrive } from "kitestring/onedrive";
import { Notes } from "./notes.mjs";
import { serve } from "./servers.mjs";
import { emulator } from "./services.mjs";

const { chromium } = createRequire(`${process.env.TOOLS}/`)("playwright-core");
const REDIRECT = "https://app.example/back";
const clientId = "app-1";

const KINDS = {
  dropbox: { program: "dropbox-emulator", provider: dropbox, open: setup => Dropbox.open({ folder: "/", ...setup }), empty: [] },
  google: { program: "gdrive-emulator", provider: google, open: setup => GDrive.open({ folder: "notes", ...setup }), empty: "unavailable" },
  onedrive: { program: "onedrive-emulator", provider: onedrive, open: setup => OneDrive.open(setup), empty: [], takesNoneBack: true },
};

function memory(kept) {
  const store = { kept, load: () => store.kept, save: kept => void (store.kept = structuredClone(kept)) };
  return store;
}

/** What the browser does for a person who agrees: it ends where it is sent. */
async function agreed(address) {
  const { status, headers } = await fetch(address, { redirect: "manual" });
  assert.equal(status, 302);
  return headers.get("location");
}

/** A sign-in at an emulator, which counts the requests for tokens. */
async function start(t, kind, store = memory()) {
  const { service, stop } = await emulator(KINDS[kind].program);
  t.after(stop);
  const asked = [];
  const counting = (url, init) => (asked.push(String(new URLSearchParams(init.body).get("grant_type"))), fetch(url, init));
  const make = (store, send = counting) => new SignIn({ provider: KINDS[kind].provider({ clientId, service }), store, fetch: send });
  return { service, asked, store, make, signIn: make(store) };
}

async function signedIn(t, kind) {
  const all = await start(t, kind);
  await all.signIn.finish(await agreed(await all.signIn.begin(REDIRECT)));
  return all;
}

test("whoever has signed in syncs, and once the sign-in has ended it is `unauthorized`", async t => {
  const { service, store, make, signIn } = await signedIn(t, "dropbox");
  const drive = await Dropbox.open({ folder: "/notes", service, token: signIn.token });
  await drive.makeRoot();
  const notes = new Notes();
  const client = await Client.open({ application: notes, state: State.memory(), drive });
  await notes.save(client, "milk", 1, "1 litre");
  assert.equal((await client.sync()).pushed, 1);
  // It is kept: another start of the program goes on.
  assert.equal(await make(memory(structuredClone(store.kept))).token(), await signIn.token());
  const elsewhere = make(memory(structuredClone(store.kept)));
  await elsewhere.end();
  await notes.save(client, "milk", 2, "2 litres");
  const error = await client.sync().then(() => assert.fail("it must fail"), e => e);
  assert.deepEqual([error.code, error.retryAfterMs], ["unauthorized", undefined]);
  await assert.rejects(elsewhere.token(), { code: "unauthorized", detail: /nobody is signed in/ });
  await signIn.finish(await agreed(await signIn.begin(REDIRECT)));
  assert.equal((await client.sync()).pushed, 1);
  await elsewhere.end();
});

for (const kind of Object.keys(KINDS)) {
  test(`${kind}: a drive takes its tokens, until they are given back`, async t => {
    const { service, store, make, signIn } = await signedIn(t, kind);
    const drive = await KINDS[kind].open({ service, token: signIn.token });
    assert.deepEqual(await drive.listDir("").then(({ entries }) => entries, error => error.code), KINDS[kind].empty);
    await make(memory(structuredClone(store.kept))).end();
    // Microsoft ends the access of an app on a page of its own.
    if (KINDS[kind].takesNoneBack) assert.deepEqual((await drive.listDir("")).entries, []);
    else await assert.rejects(drive.listDir(""), { code: "unauthorized" });
  });

  test(`${kind}: one refresh serves everybody who asks`, async t => {
    const { asked, store, signIn, make } = await signedIn(t, kind);
    const first = await signIn.token();
    asked.length = 0;
    // Refused, or due: each is renewed once.
    const fresh = await Promise.all([signIn.token(first), signIn.token(first), signIn.token(first)]);
    assert.equal(new Set(fresh).size, 1);
    assert.notEqual(fresh[0], first);
    assert.equal(await signIn.token(first), fresh[0]);
    assert.deepEqual(asked, ["refresh_token"]);
    store.kept.grant.issuedMs -= 0.85 * store.kept.grant.lifeMs;
    const other = make(store);
    const [one, two] = await Promise.all([other.token(), other.token()]);
    assert.equal(one, two);
    assert.deepEqual(asked, ["refresh_token", "refresh_token"]);
    // Who has an older one takes what the other has kept.
    assert.equal(await signIn.token(fresh[0]), one);
    assert.deepEqual(asked, ["refresh_token", "refresh_token"]);
    // Some come while the kept one, which was refused to them, is only read.
    const third = make(store);
    const [kept, ...renewed] = await Promise.all([third.token(), third.token(one), third.token(one)]);
    assert.deepEqual([kept, new Set(renewed).size, asked.length], [one, 1, 3]);
  });

  test(`${kind}: state and PKCE are checked, and no error shows a secret`, async t => {
    const { store, signIn, make } = await start(t, kind);
    const address = await signIn.begin(REDIRECT);
    const asked = new URL(address).searchParams;
    assert.deepEqual([asked.get("code_challenge_method"), asked.get("redirect_uri")], ["S256", REDIRECT]);
    assert.ok(!address.includes(store.kept.pending.verifier));
    const back = new URL(await agreed(address));
    const changed = (name, value) => {
      const other = new URL(back);
      if (value === undefined) other.searchParams.delete(name);
      else other.searchParams.set(name, value);
      return other.href;
    };
    const errors = [];
    const refused = async (work, wanted) => {
      const error = await work.then(() => assert.fail("it must fail"), e => e);
      assert.ok(error instanceof KiteError, String(error));
      assert.equal(error.operation, "sign-in");
      assert.deepEqual({ code: error.code }, { code: wanted });
      errors.push(error);
    };
    await refused(signIn.finish(changed("state", "x")), "invalid_input");
    await refused(signIn.finish(changed("state")), "invalid_input");
    await refused(signIn.finish(changed("code", "canary-code-other")), "unauthorized");
    const denied = new URL(changed("code"));
    denied.searchParams.set("error", "access_denied");
    await refused(signIn.finish(denied.href), "cancelled");
    await refused(make(memory()).finish(back.href), "invalid_input");
    // A code that somebody has caught is worth nothing without what was kept here.
    const caught = make(memory({ pending: { ...store.kept.pending, verifier: "v".repeat(43) } }));
    await refused(caught.finish(back.href), "unauthorized");
    const less = { access_token: "canary-a", refresh_token: "canary-r", token_type: "Bearer", expires_in: 60, scope: "nothing" };
    const grudging = make(store, async () => Response.json(less));
    await refused(grudging.finish(await agreed(await grudging.begin(REDIRECT))), "unauthorized");
    const again = new URL(await agreed(await signIn.begin(REDIRECT)));
    await signIn.finish(again.href);
    await refused(signIn.finish(again.href), "invalid_input");
    const { access, refresh } = store.kept.grant;
    for (const [status, code] of [[500, "unavailable"], [429, "rate_limited"], [200, "unavailable"], [400, "unauthorized"]]) {
      const body = JSON.stringify({ error: "invalid_grant", error_description: `${access} ${refresh}` });
      const answer = async () => new Response(body, { status, headers: { "content-type": "application/json" } });
      await refused(make(store, answer).token(access), code);
    }
    const offline = () => Promise.reject(new TypeError(`no network for ${refresh}`));
    await refused(make(store, offline).token(access), "unavailable");
    for (const error of errors) {
      const shown = inspect(error, { depth: 9 }) + JSON.stringify(error);
      assert.ok(!/canary|vvvv/.test(shown), shown);
    }
    // A token that is due is used while the service is away.
    store.kept.grant.issuedMs -= 0.85 * store.kept.grant.lifeMs;
    assert.equal(await make(store, offline).token(), access);
  });
}

test("an app's tokens are for no other app", async t => {
  const { service, store } = await signedIn(t, "dropbox");
  const other = new SignIn({ provider: dropbox({ clientId: "app-2", service }), store });
  await assert.rejects(other.token(), { code: "unauthorized" });
});

test("in a page: the browser goes to the service and comes back", async t => {
  const { service, stop } = await emulator("dropbox-emulator");
  const site = await serve(import.meta.dirname);
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  t.after(async () => {
    await browser.close();
    site.stop();
    stop();
  });
  const page = await browser.newPage();
  const make = async ({ service, work }) => {
    const { SignIn, dropbox } = await import("/node_modules/kitestring/oauth.js");
    const store = { load: () => JSON.parse(localStorage.kept ?? "null") ?? undefined, save: kept => (localStorage.kept = JSON.stringify(kept)) };
    const signIn = new SignIn({ provider: dropbox({ clientId: "app-1", service }), store });
    if (work === "begin") return signIn.begin(`${location.origin}/?back`);
    await signIn.finish(location.href);
    const token = await signIn.token();
    return [token, await signIn.token(token)];
  };
  await page.goto(`${site.origin}/`);
  await page.goto(await page.evaluate(make, { service, work: "begin" }));
  assert.match(page.url(), /\?back&code=/);
  const [first, second] = await page.evaluate(make, { service, work: "finish" });
  assert.match(first, /^canary-access-/);
  assert.notEqual(first, second);
});

test("in an extension: by the window of `chrome.identity`", async t => {
  const { service, stop } = await emulator("gdrive-emulator");
  const [folder, user] = await Promise.all(["extension", "profile"].map(name => mkdtemp(join(tmpdir(), `kitestring-oauth-${name}-`))));
  await cp(join(import.meta.dirname, "node_modules/kitestring"), join(folder, "kitestring"), { recursive: true });
  const manifest = { manifest_version: 3, name: "test", version: "1", permissions: ["identity", "storage"], host_permissions: ["http://127.0.0.1/*"] };
  await writeFile(join(folder, "manifest.json"), JSON.stringify({ ...manifest, background: { service_worker: "worker.js", type: "module" } }));
  await writeFile(join(folder, "worker.js"), `import { SignIn, google } from "./kitestring/oauth.js";
const local = chrome.storage.local;
const store = { load: async () => (await local.get("kept")).kept, save: kept => (kept ? local.set({ kept }) : local.remove("kept")) };
globalThis.signIn = service => new SignIn({ provider: google({ clientId: "app-1", clientSecret: "none", service }), store });
`);
  const args = ["--no-sandbox", `--disable-extensions-except=${folder}`, `--load-extension=${folder}`];
  const context = await chromium.launchPersistentContext(user, { executablePath: "/usr/bin/chromium", args });
  t.after(async () => {
    await context.close();
    stop();
    await Promise.all([folder, user].map(path => rm(path, { recursive: true, force: true })));
  });
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
  const token = await worker.evaluate(async service => {
    await globalThis.signIn(service).launch();
    return globalThis.signIn(service).token();
  }, service);
  assert.match(token, /^canary-access-/);
  const ended = await worker.evaluate(async service => {
    await globalThis.signIn(service).end();
    return [await globalThis.signIn(service).token().catch(error => error.code), await chrome.storage.local.get("kept")];
  }, service);
  assert.deepEqual(ended, ["unauthorized", {}]);
});

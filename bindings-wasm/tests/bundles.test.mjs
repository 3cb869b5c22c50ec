// The package in bundles: a program of five lines, by three bundlers, in a browser.
import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { serve } from "./servers.mjs";

const tool = createRequire(`${process.env.TOOLS}/`);
const PROGRAM = `import { Client, Drive, State } from "kitestring";
import { WebDav } from "kitestring/webdav";
const application = { get: () => [], apply: () => [], entries: () => [] };
const client = await Client.open({ application, state: State.memory(), drive: Drive.memory() });
document.title = JSON.stringify([(await client.sync()).pushed, typeof (await WebDav.open({ url: "https://example.org" })).makeRoot]);
`;
const PAGE = '<!doctype html><title>waits</title><script type="module" src="./main.js"></script>';

let browser;
before(async () => {
  browser = await tool("playwright-core").chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
});
after(() => browser?.close());

/** A folder with the program, beside the package. */
async function program() {
  const folder = await mkdtemp(join(import.meta.dirname, "bundle-"));
  await writeFile(join(folder, "main.js"), PROGRAM);
  await writeFile(join(folder, "index.html"), PAGE);
  return folder;
}

/** Loads what was built, and waits for what the program writes. */
async function runs(folder) {
  const site = await serve(folder);
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", error => errors.push(String(error)));
  try {
    await page.goto(`${site.origin}/index.html`);
    await page.waitForFunction(() => document.title !== "waits", undefined, { timeout: 15_000 }).catch(() => {});
    assert.deepEqual([await page.title(), errors], ['[0,"function"]', []]);
  } finally {
    await page.close();
    site.stop();
  }
}

test("vite builds it as it is", async () => {
  const { build } = await import(tool.resolve("vite"));
  const root = await program();
  await build({ root, logLevel: "error", configFile: false, build: { target: "es2022", outDir: "out" } });
  const files = (await readdir(join(root, "out"), { recursive: true })).filter(name => name.endsWith(".wasm"));
  assert.equal(files.length, 2, `${files}: only what is imported`);
  await runs(join(root, "out"));
});

test("vite serves it while it is worked on, if it is told not to bundle it first", async () => {
  const { createServer } = await import(tool.resolve("vite"));
  const root = await program();
  const server = await createServer({ root, logLevel: "error", configFile: false, server: { port: 0, host: "127.0.0.1" }, optimizeDeps: { exclude: ["kitestring"] } });
  await server.listen();
  const page = await browser.newPage();
  try {
    await page.goto(server.resolvedUrls.local[0]);
    await page.waitForFunction(() => document.title === '[0,"function"]', undefined, { timeout: 15_000 });
  } finally {
    await page.close();
    await server.close();
  }
});

test("webpack builds it as it is", async () => {
  const webpack = tool("webpack");
  const root = await program();
  const output = { path: join(root, "out"), filename: "main.js", module: true };
  const setup = { mode: "production", context: root, entry: "./main.js", target: ["web", "es2022"], experiments: { outputModule: true }, output };
  const stats = await new Promise((resolve, reject) => webpack(setup, (error, built) => (error ? reject(error) : resolve(built))));
  assert.ok(!stats.hasErrors(), stats.toString());
  await cp(join(root, "index.html"), join(root, "out/index.html"));
  await runs(join(root, "out"));
});

test("esbuild builds it, and the modules are copied beside the bundle", async () => {
  const { build } = tool("esbuild");
  const root = await program();
  await build({ absWorkingDir: root, entryPoints: ["main.js"], bundle: true, format: "esm", target: "es2022", outdir: "out", logLevel: "error" });
  await mkdir(join(root, "out"), { recursive: true });
  for (const name of ["client_bg.wasm", "webdav_drive_bg.wasm"]) {
    await cp(join(import.meta.dirname, "node_modules/kitestring", name), join(root, "out", name));
  }
  await cp(join(root, "index.html"), join(root, "out/index.html"));
  await runs(join(root, "out"));
});

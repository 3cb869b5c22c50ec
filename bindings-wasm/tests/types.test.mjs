// The declarations: strict, without `any`, and of exactly what the package exports.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

const PACKAGE = "node_modules/kitestring";

test("a strict program compiles against the declarations, and its mistakes are found", () => {
  const compiler = join(process.env.TOOLS, "typescript/bin/tsc");
  const flags = ["--strict", "--noEmit", "--target", "es2022", "--module", "nodenext", "--exactOptionalPropertyTypes", "--types", ""];
  execFileSync(process.execPath, [compiler, ...flags, "--lib", "es2022,dom", "types.mts", "compat-types.mts", "compat-types.cts"], { stdio: ["ignore", "inherit", "inherit"] });
});

test("no declaration says `any`", async () => {
  for (const file of (await readdir(PACKAGE, { recursive: true })).filter(name => /\.d\.c?ts$/.test(name))) {
    assert.doesNotMatch((await readFile(join(PACKAGE, file), "utf8")).replace(/\/\*\*.*?\*\/|"[^"]*"/gs, ""), /\bany\b/, file);
  }
});

test("the public face is what it was", async () => {
  const { exports } = JSON.parse(await readFile(join(PACKAGE, "package.json")));
  const face = {};
  for (const entry of Object.keys(exports)) {
    const module = await import(`kitestring${entry.slice(1)}`);
    face[entry] = Object.fromEntries(Object.entries(module).map(([name, value]) => [name, members(value)]));
  }
  assert.deepEqual(face, JSON.parse(await readFile("face.json")));
});

/** What a class offers, inherited too: `#` is before what its instances have. */
function members(value) {
  const all = new Set();
  const own = object => Object.getOwnPropertyNames(object).filter(name => !["length", "name", "prototype", "constructor"].includes(name));
  for (let at = value; at && ![Function.prototype, Object.prototype, Error].includes(at); at = Object.getPrototypeOf(at)) {
    for (const name of own(at)) all.add(name);
    for (const name of at.prototype ? own(at.prototype) : []) all.add(`#${name}`);
  }
  return [...all].sort();
}

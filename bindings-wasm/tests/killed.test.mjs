// A program that is killed again and again while it syncs for the first time over a slow drive. Here it is killed in one process,
// and knows nothing of it: its calls are never answered. What a browser does to a worker is tried with the extension.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { Client, State } from "kitestring";
import { WebDav } from "kitestring/webdav";
import { Notes } from "./notes.mjs";
import { slowProxy, webdav } from "./servers.mjs";

const never = () => new Promise(() => {});

let dav;
before(async () => {
  dav = await webdav();
});
after(() => dav.stop());

/** A program that remembers in its own database what it has not told the client yet. */
class Program extends Notes {
  edits = new Map();

  edit(id, body) {
    this.docs.set(id, { revision: "r-1", body });
    this.edits.set(id, { id, revision: "r-1", action: "put" });
  }
  uncommitted(after, limit) {
    const ids = [...this.edits.keys()].sort().filter(id => after === undefined || id > after);
    return ids.slice(0, limit).map(id => this.edits.get(id));
  }
  committed(changes) {
    for (const { id } of changes) this.edits.delete(id);
  }
}

/** Syncs until the program is killed. Returns the report, or nothing. */
async function life(program, state, url, ms) {
  const ended = new AbortController();
  const mortal = port =>
    new Proxy(port, {
      get: (from, name) => (typeof from[name] === "function" ? (...given) => (ended.signal.aborted ? never() : from[name](...given)) : from[name]),
    });
  const send = (to, init) => fetch(to, { ...init, signal: ended.signal });
  let client;
  const sync = async () => {
    client = await Client.open({ application: mortal(program), state: mortal(state), drive: await WebDav.open({ url, fetch: send }), callbackTimeoutMs: 3_000 });
    return client.sync();
  };
  let timer;
  const killed = new Promise(resolve => (timer = setTimeout(resolve, ms)));
  const syncing = sync();
  const report = await Promise.race([syncing, killed]);
  clearTimeout(timer);
  if (!report) {
    ended.abort();
    syncing.catch(() => {});
  }
  // Only so that no timer of it stays: nobody hears it any more.
  client?.close();
  return report;
}

/** Syncs until a life was long enough. Returns how often it was killed, and how many bytes travelled. */
async function lives(program, folder, { bytesPerSecond, lifeMs, atMost }) {
  const proxy = await slowProxy(dav.port, bytesPerSecond);
  const url = `http://127.0.0.1:${proxy.port}/${folder}`;
  const state = State.memory();
  try {
    await (await WebDav.open({ url })).makeRoot();
    proxy.bytes = 0;
    for (let kills = 0; ; kills += 1) {
      assert.ok(kills <= atMost, `it has not ended after ${atMost} kills and ${proxy.bytes} bytes`);
      if (await life(program, state, url, lifeMs(kills))) return { kills, bytes: proxy.bytes };
    }
  } finally {
    proxy.stop();
  }
}

async function firstSync({ documents, bytes, ...slow }) {
  const unhurried = { bytesPerSecond: 1e9, lifeMs: () => 600_000, atMost: 0 };
  const made = () => {
    const program = new Program();
    for (let n = 0; n < documents; n += 1) program.edit(`note-${n}`, new Uint8Array(randomBytes(bytes)));
    return program;
  };
  const name = `${slow.lifeMs(0)}-${bytes}`;
  const ratios = {};
  const whole = { push: await lives(made(), `${name}-whole`, unhurried), pull: await lives(new Program(), `${name}-whole`, unhurried) };
  const [author, reader, late] = [made(), new Program(), new Program()];
  const killed = { push: await lives(author, `${name}-killed`, slow), pull: await lives(reader, `${name}-whole`, slow) };
  await lives(late, `${name}-killed`, unhurried);
  assert.deepEqual(late.shown(), author.shown());
  assert.equal(reader.docs.size, documents);
  for (const way of ["push", "pull"]) ratios[way] = killed[way].bytes / whole[way].bytes;
  console.log(`# ${name}: ${JSON.stringify({ whole, killed, ratios })}`);
  return { killed, ratios };
}

test("a first sync that is killed ever later ends, and every document arrives", async () => {
  const lifeMs = kills => 100 + 250 * kills;
  const { killed } = await firstSync({ documents: 10_000, bytes: 20, bytesPerSecond: 1 << 20, lifeMs, atMost: 40 });
  assert.ok(killed.push.kills >= 3 && killed.pull.kills >= 2);
});

// What is wanted of a slow drive: a tenth more, however often it is killed.
for (const seconds of process.env.KITE_FULL ? [1, 2, 5, 30] : []) {
  test(`10,000 documents over 256 KiB/s, killed every ${seconds} s, cost at most a tenth more`, async () => {
    // So many that it is killed ten times.
    const bytes = Math.ceil((seconds * 10 * (256 << 10)) / 10_000);
    const { killed, ratios } = await firstSync({ documents: 10_000, bytes, bytesPerSecond: 256 << 10, lifeMs: () => seconds * 1000, atMost: 25 });
    assert.ok(killed.push.kills >= 10 || killed.pull.kills >= 10);
    for (const [way, ratio] of Object.entries(ratios)) assert.ok(ratio <= 1.1, `${way}: ${ratio.toFixed(2)} times the bytes`);
  });
}

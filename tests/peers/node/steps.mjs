// What every client has in common: it is told on its standard input which step to take, and answers with a line of JSON what that
// cost. After the last step it says whether both of its devices have the same, and how much memory the process had at most.
//
// A client gets a folder with documents.ndjson and edits.ndjson (what W3, W4 and W6 set, in this order) and a place: `memory
// -`, `folder PATH` or `url URL`; then how many milliseconds each request waits, and an option. Behind a URL is a relay, which counts
// requests and lets them wait; elsewhere the client does so itself.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

export const [folder, place, where, ms, option] = process.argv.slice(2);
const read = name => readFileSync(join(folder, name), "utf8").trim().split("\n").map(line => JSON.parse(line));
export const documents = read("documents.ndjson");
const edits = read("edits.ndjson");
export const [w3, w4a, w4b, w6] = [edits.slice(0, 1), edits.slice(1, 101), edits.slice(101, 201), edits.slice(201, 301)];

/** What W6 sets, a hundred times: each version a minute after the one before. */
export const w6Rounds = () => Array.from({ length: 100 }, (_, n) => w6.map(doc => ({ ...doc, _rev: doc._rev - (99 - n) * 60000 })));

/** How many bytes a text or an array of bytes has. */
const size = data => (typeof data === "string" ? Buffer.byteLength(data) : (data?.length ?? 0));

/** Counts what a drive is asked; each request waits first. What travelled is measured when no clock runs. */
export function metered(drive, names, sent, received) {
  const count = { requests: 0, up: [], down: [] };
  const asked = name => async (...given) => {
    count.requests += 1;
    if (place !== "url" && ms > 0) await pause(Number(ms));
    const data = sent(name, given);
    if (data !== undefined) count.up.push(data);
    const answer = await drive[name](...given);
    const got = received(name, answer);
    if (got !== undefined) count.down.push(got);
    return answer;
  };
  const wrapped = Object.assign(Object.create(drive), Object.fromEntries(names.filter(name => drive[name]).map(name => [name, asked(name)])));
  return [wrapped, count];
}

const sum = list => list.reduce((total, data) => total + size(data), 0);

/** What some work costs. */
export async function cost(count, work) {
  if (count) Object.assign(count, { requests: 0, up: [], down: [] });
  const [begun, cpu] = [performance.now(), process.cpuUsage()];
  await work();
  const [wall_ms, { user, system }] = [performance.now() - begun, process.cpuUsage(cpu)];
  const counted = count && { requests: count.requests, up: sum(count.up), down: sum(count.down) };
  return { wall_ms, cpu_ms: (user + system) / 1000, ...counted };
}

/** Takes the steps that it is told, until there are no more. `stored` says how many bytes lie in memory. */
export async function follow(steps, { same, stored }) {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "end" && !(await same())) throw new Error("A and B do not have the same documents");
    const answer = line === "end" ? { peak_kib: process.resourceUsage().maxRSS } : await steps[line]();
    console.log(JSON.stringify({ ...answer, ...(stored && { stored: stored() }) }));
    if (line === "end") process.exit(0);
  }
}

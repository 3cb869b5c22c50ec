// The program of notes in JavaScript, for Node; the README says what the words do. It finds the package `kitestring` beside itself:
// `cargo xtask languages` copies it to where that is installed.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Client, KiteError } from "kitestring";
import { Drive, FileState } from "kitestring/node";

const [vault, database, ...words] = process.argv.slice(2);
const digest = text => createHash("sha256").update(text).digest("hex").slice(0, 16);
const inBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Notes in a file that is written anew with each change: `{id: {revision, text, committed}}`, without a text where one is deleted. */
class Notes {
  calls = -1;
  rows = existsSync(database) ? JSON.parse(readFileSync(database, "utf8")) : {};
  edits = 0;

  save() {
    writeFileSync(`${database}.new`, JSON.stringify(this.rows), { flush: true });
    renameSync(`${database}.new`, database);
  }
  called() {
    this.calls -= 1;
    if (this.calls === 0) process.exit(9);
  }
  present() {
    return Object.entries(this.rows).filter(([, row]) => row.text !== undefined);
  }

  edit(id, text) {
    this.edits += 1;
    const revision = `${Date.now()}-${process.pid}-${this.edits}`;
    this.rows[id] = { revision, text, committed: false };
    this.save();
    return { id, revision, action: text === undefined ? "delete" : "put" };
  }

  get(ids) {
    this.called();
    const row = id => this.rows[id];
    return ids.filter(id => row(id)?.text !== undefined).map(id => ({ id, revision: row(id).revision, body: Buffer.from(row(id).text) }));
  }
  apply(changes) {
    this.called();
    const one = ({ id, revision, body, expected }) => {
      const row = this.rows[id];
      if ((row?.text === undefined ? undefined : row.revision) !== expected) return "stale";
      this.rows[id] = { revision, text: body && Buffer.from(body).toString(), committed: true };
      return "applied";
    };
    const outcomes = changes.map(one);
    this.save();
    return outcomes;
  }
  entries(after, limit) {
    this.called();
    const rest = this.present().map(([id, { revision }]) => ({ id, revision })).sort((a, b) => inBytes(a.id, b.id));
    return rest.filter(({ id }) => after === undefined || inBytes(id, after) > 0).slice(0, limit);
  }
  uncommitted(after, limit) {
    const rest = Object.entries(this.rows).filter(([id, { committed }]) => !committed && (after === undefined || inBytes(id, after) > 0));
    const change = ([id, { revision, text }]) => ({ id, revision, action: text === undefined ? "delete" : "put" });
    return rest.sort(([a], [b]) => inBytes(a, b)).slice(0, limit).map(change);
  }
  committed(changes) {
    for (const { id, revision } of changes) if (this.rows[id]?.revision === revision) this.rows[id].committed = true;
    this.save();
  }
}

async function resolution(client, seen) {
  const { local, remote } = await client.versions(seen.id);
  if (!local || !remote) return local ? "keepLocal" : "takeRemote";
  const lines = [local, remote].flatMap(({ body }) => Buffer.from(body).toString().split("\n"));
  const text = [...new Set(lines)].sort(inBytes).join("\n");
  return { merged: { revision: `m-${digest(text)}`, body: Buffer.from(text) } };
}

async function sync(client) {
  for (let n = 0; n < 50; n += 1) {
    try {
      await client.sync();
      const conflicts = await client.conflicts();
      for (const seen of conflicts) await client.resolve(seen, await resolution(client, seen));
      if (conflicts.length === 0) return;
    } catch (error) {
      if (!(error instanceof KiteError) || !["locked", "unavailable", "condition"].includes(error.code)) throw error;
      await pause(100);
    }
  }
  throw new Error("there is always something left to settle");
}

const notes = new Notes();
const client = await Client.open({ application: notes, state: await FileState.open(`${database}.kite`), drive: await Drive.folder(vault) });
for (const word of words) {
  const [, verb, id, text] = /^(\w+):?([^=]*)=?(.*)$/s.exec(word);
  if (verb === "put") await client.queueChange(notes.edit(id, text));
  else if (verb === "lose") notes.edit(id, text);
  else if (verb === "delete") await client.queueChange(notes.edit(id));
  else if (verb === "kill") notes.calls = Number(id);
  else if (verb === "sync") await sync(client);
  else if (verb === "show") {
    for (const [id, { text }] of notes.present().sort(([a], [b]) => inBytes(a, b))) console.log(`${id}=${text}`.replaceAll("\n", " + "));
  } else throw new Error(`there is no such word: ${word}`);
}
client.close();

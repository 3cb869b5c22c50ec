// A folder for one test, with a shared drive and a home for each device; and checks on the drive's files.
import assert from "node:assert/strict";
import {mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync, existsSync} from "node:fs";
import {tmpdir} from "node:os";
import {dirname, join} from "node:path";
import dbToCloud from "db-to-cloud";
import {NewClient} from "./new.js";
import {OldClient} from "./old.js";

/** Everything one test needs; it is removed when the test ends. */
export class Place {
  #open = [];
  #homes = 0;

  constructor(test) {
    this.root = mkdtempSync(join(tmpdir(), "kitestring-interop-"));
    this.drive = join(this.root, "drive");
    mkdirSync(this.drive);
    test.after(async () => {
      await Promise.all(this.#open.map(c => c.close()));
      rmSync(this.root, {recursive: true, force: true});
    });
  }

  /** A device with db-to-cloud; `wrap` may replace the drive that it is given. */
  old({wrap = drive => drive} = {}) {
    return new OldClient(wrap(this.oldDrive()));
  }

  /** The folder as a drive of db-to-cloud's. */
  oldDrive() { return dbToCloud.drive.fsDrive({folder: this.drive}); }

  /** A device with kitestring; `home` names an earlier one's folder to start it again. */
  new({home = join(this.root, `home${++this.#homes}`), delayMs} = {}) {
    const client = new NewClient(this.drive, home, delayMs);
    client.home = home;
    this.#open.push(client);
    return client;
  }

  path(file) { return join(this.drive, file); }
  has(file) { return existsSync(this.path(file)); }
  text(file) { return readFileSync(this.path(file), "utf8"); }
  json(file) { return JSON.parse(this.text(file)); }

  write(file, text) {
    mkdirSync(dirname(this.path(file)), {recursive: true});
    writeFileSync(this.path(file), text);
  }

  remove(file) { rmSync(this.path(file)); }

  /** The names in `docs`. */
  docNames() { return readdirSync(this.path("docs")); }

  /** The whole log; checks that old clients can read it: full windows, and nothing missing. */
  log() {
    const {lastChange} = this.json("meta.json");
    const log = [];
    for (let i = 0; i * 100 < lastChange; i++) {
      const window = this.json(`changes/${i}.json`);
      const length = Math.min(100, lastChange - i * 100);
      assert.ok(window.length >= length, `changes/${i}.json has ${window.length} of ${length} entries`);
      assert.ok(window.length <= 100, `changes/${i}.json has ${window.length} entries`);
      log.push(...window.slice(0, length));
    }
    for (const change of log) {
      assert.ok("_id" in change && "_rev" in change, JSON.stringify(change));
      assert.match(change.action, /^(put|delete)$/);
    }
    return log.map(({_id, _rev, action}) => ({_id, _rev, action})); // what old clients look at
  }
}

/** A document with a text. */
export function note(_id, _rev, text = `text ${_id} ${_rev}`) {
  return {_id, _rev, text};
}

// Drives beside a folder: each on a server or an emulator that one test has for itself.
import {spawn} from "node:child_process";
import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {createInterface} from "node:readline";
import {DOMParser} from "@xmldom/xmldom";
import dbToCloud from "db-to-cloud";
import {NewClient, program} from "./new.js";
import {OldClient} from "./old.js";

const {drive: {dropbox, google, onedrive, webdav}} = dbToCloud;
const TOKEN = "interop"; // whose account it is on an emulator

/** How db-to-cloud reaches each, given an address; the host program knows it by the same name. */
const KINDS = {
  /** Apache. */
  webdav: {
    program: "webdav-server",
    old: url => webdav({url, DOMParser: Quiet}),
  },
  /** The emulator; db-to-cloud has the addresses of Dropbox built in. */
  dropbox: {
    program: "dropbox-emulator",
    old: address => dropbox({
      getAccessToken: () => TOKEN,
      fetch: (url, options) => fetch(String(url).replace(/^https:\/\/[a-z]+\.dropboxapi\.com\//, address), options),
    }),
  },
  /** The same for Google Drive. */
  gdrive: {
    program: "gdrive-emulator",
    old: address => google({
      getAccessToken: () => TOKEN,
      fetch: (url, options) => fetch(String(url).replace("https://www.googleapis.com/", address), options),
    }),
    lock: lockIn,
  },
  /** The same for OneDrive. */
  onedrive: {
    program: "onedrive-emulator",
    old: address => onedrive({
      getAccessToken: () => TOKEN,
      fetch: (url, options) => following(String(url).replace("https://graph.microsoft.com/", address), options),
    }),
  },
};

/** Contents are at another host in OneDrive, to which `fetch` takes no token along. */
async function following(url, options) {
  const answer = await fetch(url, {...options, redirect: "manual"});
  return answer.status === 302 ? fetch(answer.headers.get("location")) : answer;
}

/** Asks the emulator of Google Drive. */
async function asked(address, path) {
  const answer = await fetch(`${address}drive/v3/${path}`, {headers: {Authorization: `Bearer ${TOKEN}`}});
  return answer.ok ? answer.json() : undefined;
}

async function filesIn(address, name) {
  return (await asked(address, `files?spaces=appDataFolder&q=${encodeURIComponent(`name = '${name}'`)}`)).files;
}

/** The lock of db-to-cloud in Google Drive: the content of the second revision. */
async function lockIn(address) {
  for (const {id} of await filesIn(address, "lock.json")) {
    const [, first] = (await asked(address, `files/${id}/revisions`))?.revisions ?? [];
    const content = first && await fetch(`${address}drive/v3/files/${id}/revisions/${first.id}?alt=media`, {headers: {Authorization: `Bearer ${TOKEN}`}});
    if (content?.ok) return content.json();
  }
}

/** As in browsers, what is no XML is no exception: db-to-cloud parses the web page by which Apache answers a PUT. */
class Quiet {
  parseFromString(text, type) {
    return new DOMParser({onError: () => {}}).parseFromString(text, type);
  }
}

/** A drive of one kind, and the devices on it; it is removed when the test ends. */
export class Service {
  #answers;
  #open = [];

  /** Starts the drive `kind`. */
  static async start(test, kind) {
    const service = new Service(test, kind);
    service.address = await service.#line();
    return service;
  }

  constructor(test, kind) {
    this.kind = kind;
    this.root = mkdtempSync(join(tmpdir(), "kitestring-interop-"));
    this.process = spawn(program(KINDS[kind].program), {stdio: ["pipe", "pipe", "inherit"]});
    this.process.on("error", () => {}); // noticed by the missing address
    this.#answers = createInterface({input: this.process.stdout})[Symbol.asyncIterator]();
    test.after(async () => {
      await Promise.all(this.#open.map(c => c.close()));
      this.process.stdin.end();
      rmSync(this.root, {recursive: true, force: true});
    });
  }

  async #line() {
    const {value, done} = await this.#answers.next();
    if (done) throw new Error(`${KINDS[this.kind].program} does not answer`);
    return value;
  }

  /** How many requests have come since the last call; Apache alone tells. */
  async requests() {
    this.process.stdin.write("\n");
    return Number(await this.#line());
  }

  /** db-to-cloud's own drive. */
  oldDrive() {
    return KINDS[this.kind].old(this.address);
  }

  /** A device with db-to-cloud. */
  old() {
    return new OldClient(this.oldDrive());
  }

  /** A device with kitestring; `home` names an earlier one's folder to start it again. */
  new({home = mkdtempSync(join(this.root, "home-")), delayMs} = {}) {
    const client = new NewClient(`${this.kind}+${this.address}`, home, delayMs);
    client.home = home;
    this.#open.push(client);
    return client;
  }

  /** A device with kitestring that has reached the drive, and has made there what is missing. */
  async begun(options) {
    const client = this.new(options);
    await client.all();
    return client;
  }

  /** A file's content; nothing if there is none. */
  async json(file) {
    try {
      return JSON.parse(await this.oldDrive().get(file));
    } catch (error) {
      if (error.code === 404 || error.code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** The lock that somebody holds; nothing if nobody does. */
  lock() {
    const {lock} = KINDS[this.kind];
    return lock ? lock(this.address) : this.json("lock.json");
  }

  /** How many files there are of a name: Google Drive lets there be several. */
  async count(name) {
    return (await filesIn(this.address, name)).length;
  }

  /** Leaves something in line for the lock of Google Drive, as a client does that dies when it has just come. */
  async leaveInLine(data) {
    const [{id}] = await filesIn(this.address, "lock.json");
    const path = `upload/drive/v3/files/${id}?uploadType=media&keepRevisionForever=true`;
    await fetch(this.address + path, {method: "PATCH", headers: {Authorization: `Bearer ${TOKEN}`}, body: JSON.stringify(data)});
  }
}

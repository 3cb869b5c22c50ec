// The one place that syncs: a worker. Whoever shows notes asks it, and is told by a channel what goes on.
import { Client } from "./kitestring/index.js";
import { IndexedDbState } from "./kitestring/indexeddb.js";
import { WebDav } from "./kitestring/webdav.js";
import { Notes } from "./notes.js";
import { inWords } from "./words.js";

const UNCONNECTED = { problem: { text: "Your notes stay on this device until you say where to sync to.", action: "connect" } };

export class Syncing {
  #notes;
  #channel = new BroadcastChannel("notes");
  #status = {};
  /** The client, while somebody uses it. */
  #open;
  #users = 0;
  #running;

  static async start() {
    const syncing = new Syncing();
    syncing.#notes = await Notes.open();
    return syncing;
  }

  /** Does what a page or a popup asks for, and returns the answer. What goes wrong is shown, and there is no answer. */
  async answer(message) {
    return this.#answer(message).catch(error => this.#show({ problem: inWords(error) }));
  }

  async #answer({ what, ...given }) {
    switch (what) {
      case "status": return this.#look();
      case "connect": return this.#connect(given.settings);
      case "edited": return this.edited();
      case "sync": return this.sync(given.allow);
      case "conflicts": return this.#conflicts();
      case "resolve": return this.#resolve(given);
    }
  }

  /** Syncs; who asks while it runs waits for the same. Returns in how many milliseconds to sync again, if that is soon. */
  sync(allow) {
    this.#running ??= this.#sync(allow).finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Takes up what was edited. A sync that runs is not waited for: the queue is open at any time. */
  async edited() {
    if (this.#running) {
      await this.#use(async client => client.queueChanges(await this.#notes.uncommitted(undefined, 1000)));
      await this.#running;
    }
    // A client that is opened asks for what is uncommitted by itself.
    return this.sync();
  }

  async #sync(allow) {
    if (!(await this.#notes.settings())) return this.#show(UNCONNECTED);
    this.#show({ running: true, problem: undefined });
    try {
      const onProgress = progress => this.#show({ progress });
      const report = await this.#use(client => client.sync({ allow, onProgress }));
      const left = report.skipped.length > 0 ? { text: `${report.skipped.length} notes were left out: ${report.skipped[0].why}` } : undefined;
      this.#show({ lastSyncMs: Date.now(), conflicts: report.conflicts.length, queued: 0, problem: left });
      return report.nextSyncAfterMs;
    } catch (error) {
      this.#show({ problem: inWords(error) });
      return error.retryAfterMs;
    } finally {
      this.#show({ running: false, progress: undefined, changed: true });
    }
  }

  /** What is known without a request. */
  async #look() {
    if (!(await this.#notes.settings())) this.#show(UNCONNECTED);
    else if (!this.#running) {
      const known = await this.#use(client => client.status()).catch(error => ({ problem: inWords(error) }));
      const { queued, conflicts, lastSyncMs, problem = this.#status.problem } = known;
      this.#show({ queued, conflicts, lastSyncMs, problem });
    }
    return this.#status;
  }

  /** Takes the settings if the server does: it makes the folder there. Returns what is wrong, in words. */
  async #connect(settings) {
    try {
      await (await WebDav.open(settings)).makeRoot();
      await this.#notes.saveSettings(settings);
      return undefined;
    } catch (error) {
      return inWords(error).text;
    }
  }

  /** Every conflict with the text of both sides; a side without one is deleted. */
  #conflicts() {
    return this.#use(async client => {
      const seen = await client.conflicts();
      const versions = await Promise.all(seen.map(({ id }) => client.versions(id)));
      return seen.map((one, at) => ({ seen: one, local: Notes.text(versions[at].local), remote: Notes.text(versions[at].remote) }));
    });
  }

  /** Settles one as it was shown; false if a side has moved since: then it is to be shown again. */
  async #resolve({ seen, choice, text }) {
    const resolution = choice === "merged" ? { merged: Notes.merged(text) } : choice;
    try {
      await this.#use(client => client.resolve(seen, resolution));
      this.#show({ changed: true });
      return true;
    } catch (error) {
      if (error.code !== "condition" && error.code !== "not_found") throw error;
      return false;
    }
  }

  /**
   * Opens the client, unless it is open, and closes it when nobody uses it any more: its state is held by one worker at a time, and
   * another tab may wait for it.
   */
  async #use(work) {
    this.#users += 1;
    this.#open ??= this.#openClient();
    try {
      return await work((await this.#open).client);
    } finally {
      this.#users -= 1;
      if (this.#users === 0) await this.#close();
    }
  }

  async #openClient() {
    const [settings, state] = await Promise.all([this.#notes.settings(), IndexedDbState.open("notes-state")]);
    try {
      const drive = await WebDav.open(settings);
      return { state, client: await Client.open({ application: this.#notes, state, drive }) };
    } catch (error) {
      state.close();
      throw error;
    }
  }

  async #close() {
    const open = this.#open;
    this.#open = undefined;
    const { client, state } = await open.catch(() => ({}));
    client?.close();
    state?.close();
  }

  /** Tells everybody who shows notes. */
  #show(news) {
    this.#status = { ...this.#status, ...news, changed: undefined };
    this.#channel.postMessage({ ...this.#status, changed: news.changed });
  }
}

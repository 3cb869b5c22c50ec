// The application's own database: notes in IndexedDB, and the answers to the questions of the client.

const encode = ({ text, editedMs }) => new TextEncoder().encode(JSON.stringify({ text, editedMs }));
const decode = body => JSON.parse(new TextDecoder().decode(body));

const settled = request =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export class Notes {
  #database;

  static async open() {
    const request = indexedDB.open("notes", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("notes", { keyPath: "id" }).createIndex("latest", "editedMs");
      // What was edited and is not in the client's queue yet, one change for each note.
      request.result.createObjectStore("edits", { keyPath: "id" });
      request.result.createObjectStore("settings");
    };
    const notes = new Notes();
    notes.#database = await settled(request);
    return notes;
  }

  // What the user does. A note and the fact that it was edited are stored together: no edit is forgotten, whoever dies when.

  /** So many notes, the one that was edited last first. */
  latest(limit) {
    return new Promise((resolve, reject) => {
      const notes = [];
      const request = this.#notes().index("latest").openCursor(null, "prev");
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor || notes.length === limit) return resolve(notes);
        notes.push(cursor.value);
        cursor.continue();
      };
    });
  }

  count() {
    return settled(this.#notes().count());
  }

  one(id) {
    return settled(this.#notes().get(id));
  }

  /**
   * Saves the text of a note that had this revision when it was shown; none is a new note. If it is another by now, what is in the
   * database stays, and the text becomes a note of its own. Returns the note as it was saved.
   */
  async save({ id = crypto.randomUUID(), revision, text }) {
    const saved = { id, revision: crypto.randomUUID(), text, editedMs: Date.now() };
    await this.#transact(["notes", "edits"], async (notes, edits) => {
      const present = await settled(notes.get(id));
      if (present?.revision !== revision) saved.id = crypto.randomUUID();
      notes.put(saved);
      edits.put({ id: saved.id, revision: saved.revision, action: "put" });
    });
    return saved;
  }

  remove(id) {
    return this.#transact(["notes", "edits"], (notes, edits) => {
      notes.delete(id);
      edits.put({ id, revision: crypto.randomUUID(), action: "delete" });
    });
  }

  settings() {
    return settled(this.#database.transaction("settings").objectStore("settings").get("server"));
  }
  saveSettings(settings) {
    return this.#transact(["settings"], store => store.put(settings, "server"));
  }

  // What the client asks.

  async get(ids) {
    const store = this.#notes();
    const found = await Promise.all(ids.map(id => settled(store.get(id))));
    return found.filter(note => note).map(note => ({ id: note.id, revision: note.revision, body: encode(note) }));
  }

  /** One transaction: nothing is edited between the comparison and the write. */
  async apply(changes) {
    const outcomes = [];
    await this.#transact(["notes"], async notes => {
      const present = await Promise.all(changes.map(({ id }) => settled(notes.get(id))));
      for (const [at, { id, revision, body, expected }] of changes.entries()) {
        outcomes[at] = present[at]?.revision === expected ? "applied" : "stale";
        if (outcomes[at] === "stale") continue;
        if (body) notes.put({ id, revision, ...decode(body) });
        else notes.delete(id);
      }
    });
    return outcomes;
  }

  async entries(after, limit) {
    const notes = await this.#page("notes", after, limit);
    return notes.map(({ id, revision }) => ({ id, revision }));
  }

  uncommitted(after, limit) {
    return this.#page("edits", after, limit);
  }

  /** The client has them in its queue. What was edited again since is not. */
  committed(changes) {
    return this.#transact(["edits"], async edits => {
      const present = await Promise.all(changes.map(({ id }) => settled(edits.get(id))));
      for (const [at, { id, revision }] of changes.entries()) if (present[at]?.revision === revision) edits.delete(id);
    });
  }

  /** The text of a body, for a conflict that is shown. */
  static text(version) {
    return version && decode(version.body).text;
  }
  /** A body that was merged by hand. */
  static merged(text) {
    return { revision: crypto.randomUUID(), body: encode({ text, editedMs: Date.now() }) };
  }

  #notes() {
    return this.#database.transaction("notes").objectStore("notes");
  }

  #page(store, after, limit) {
    const range = after === undefined ? undefined : IDBKeyRange.lowerBound(after, true);
    return settled(this.#database.transaction(store).objectStore(store).getAll(range, limit));
  }

  /** Runs a transaction. `work` may wait for its own requests, and for nothing else. */
  #transact(names, work) {
    const transaction = this.#database.transaction(names, "readwrite");
    const ended = new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
    });
    Promise.resolve(work(...names.map(name => transaction.objectStore(name)))).catch(() => transaction.abort());
    return ended;
  }
}

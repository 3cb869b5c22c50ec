// What a program has anyway: its documents by id, each with a revision.
export const bytes = text => new TextEncoder().encode(text);
export const text = body => new TextDecoder().decode(body);

export class Notes {
  docs = new Map();

  // The three questions. They may be plain or async: `apply` is plain here, the others are not.
  async get(ids) {
    return ids.flatMap(id => (this.docs.has(id) ? [{ id, ...this.docs.get(id) }] : []));
  }
  apply(changes) {
    return changes.map(({ id, revision, body, expected }) => {
      if (this.docs.get(id)?.revision !== expected) return "stale";
      if (body) this.docs.set(id, { revision, body });
      else this.docs.delete(id);
      return "applied";
    });
  }
  async entries(after) {
    return after === undefined ? [...this.docs].map(([id, { revision }]) => ({ id, revision })) : [];
  }

  // What the program does when its user saves.
  async save(client, id, revision, words) {
    this.docs.set(id, { revision, body: bytes(words) });
    await client.queueChange({ id, revision, action: "put" });
  }
  shown() {
    return Object.fromEntries([...this.docs].map(([id, { revision, body }]) => [id, { revision, text: text(body) }]));
  }
}

/** A program that holds large bodies in parts. */
export class Archive extends Notes {
  wholeBodyBytes = 1 << 20;
  staged = new Map();

  async get(ids) {
    const whole = await super.get(ids);
    return whole.map(doc => (doc.body.length > this.wholeBodyBytes ? { ...doc, body: { size: doc.body.length } } : doc));
  }
  readPart({ id, revision, offset, length }) {
    const doc = this.docs.get(id);
    return doc?.revision === revision ? doc.body.subarray(offset, offset + length) : undefined;
  }
  async stagePart({ id, offset, bytes: part }) {
    this.staged.set(id, [...(offset === 0 ? [] : this.staged.get(id)), part]);
  }
  apply(changes) {
    return super.apply(changes.map(change => ({ ...change, body: this.whole(change) })));
  }
  whole({ id, body }) {
    return body?.size === undefined ? body : new Uint8Array(Buffer.concat(this.staged.get(id)));
  }
}

/** Watches for the next WebAssembly module that is loaded: its `memory` is in what is returned, then. */
export function watched() {
  const [instantiate, module] = [WebAssembly.instantiate, {}];
  WebAssembly.instantiate = async (...given) => {
    const loaded = await instantiate(...given);
    module.memory = loaded.instance.exports.memory;
    return loaded;
  };
  return module;
}

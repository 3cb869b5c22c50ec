// The callbacks of a program, as the module takes them: changes and documents are JSON texts.

const parsed = text => (text === undefined ? undefined : JSON.parse(text));

/** `standing` gives the state, and saves it. */
export function programOf({ onGet, onPut, onDelete, onProgress, onWarn = console.error, compareRevision }, standing) {
  return {
    async get(text) {
      const { _id, _rev } = parsed(text);
      const document = await onGet(_id, _rev);
      // A file without content would stop every db-to-cloud that reads it.
      return document == null ? undefined : JSON.stringify(document);
    },
    async put(text) {
      await onPut(parsed(text));
    },
    async delete(text) {
      const { _id, _rev } = parsed(text);
      await onDelete(_id, _rev);
    },
    isNewer: (revision, than) => !(compareRevision(parsed(revision), parsed(than)) <= 0),
    observe(phase, text, loaded, total) {
      onProgress?.({ phase, total, loaded, change: parsed(text) });
    },
    warn(line) {
      onWarn(line);
    },
    queue: () => standing.state().queue.map(change => JSON.stringify(change)),
    async remember({ lastChange, memory, done, keep }) {
      const state = standing.state();
      state.queue = [...keep.map(parsed), ...state.queue.slice(done)];
      if (lastChange !== undefined) state.lastChange = lastChange;
      state.kitestring = parsed(memory);
      await standing.save();
    },
  };
}

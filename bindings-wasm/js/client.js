// The client over its module: it loads the module, connects signals, and hands every call on.

/** The method by which a class made of `Client` makes calls of its own. */
export const CALL = Symbol("call");
/** The same for calls that take a signal. */
export const CALL_WITH_SIGNAL = Symbol("call with signal");

/** Makes a call of a module that a signal cancels. */
export async function cancellable(module, signal, work) {
  const { Cancel } = await module.load();
  let cancel;
  module.now(() => (cancel = new Cancel()));
  const abort = () => module.now(() => cancel.cancel());
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await module.call(() => work(cancel));
  } finally {
    signal?.removeEventListener("abort", abort);
    module.now(() => cancel.free());
  }
}

/** Makes the class `Client` over one module. */
export function clientOver(module) {
  return class Client {
    #inner;

    /** Opens a client. */
    static async open(setup) {
      const glue = await module.load();
      const client = new this();
      client.#inner = await module.call(() => glue.Client.open(setup));
      return client;
    }

    queueChange(change) {
      return this.queueChanges([change]);
    }

    queueChanges(changes) {
      return this[CALL](inner => inner.queueChanges(changes));
    }

    queueDelete(id, revision) {
      return this.queueChange({ id, revision, action: "delete" });
    }

    sync(options) {
      return this[CALL_WITH_SIGNAL](options, (inner, cancel) => inner.sync(options, cancel));
    }

    reconcile(options) {
      return this[CALL_WITH_SIGNAL](options, (inner, cancel) => inner.reconcile(options, cancel));
    }

    conflicts() {
      return this[CALL](inner => inner.conflicts());
    }

    versions(id) {
      return this[CALL](inner => inner.versions(id));
    }

    resolve(seen, resolution) {
      return this[CALL](inner => inner.resolve(seen, resolution));
    }

    status() {
      return this[CALL](inner => inner.status());
    }

    close() {
      module.now(() => this.#inner.close());
    }

    [CALL](work) {
      return module.call(() => work(this.#inner));
    }

    [CALL_WITH_SIGNAL](options, work) {
      return cancellable(module, options?.signal, cancel => work(this.#inner, cancel));
    }
  };
}

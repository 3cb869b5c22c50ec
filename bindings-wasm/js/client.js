// The client over its module: it loads the module, connects signals, and hands every call on.

/** Makes the class `Client` over one module. */
export function clientOver(module) {
  return class Client {
    #inner;

    /** Opens a client. */
    static async open(setup) {
      const glue = await module.load();
      const client = new Client();
      client.#inner = await module.call(() => glue.Client.open(setup));
      return client;
    }

    queueChange(change) {
      return this.queueChanges([change]);
    }

    queueChanges(changes) {
      return module.call(() => this.#inner.queueChanges(changes));
    }

    queueDelete(id, revision) {
      return this.queueChange({ id, revision, action: "delete" });
    }

    sync(options) {
      return this.#withSignal(options, cancel => this.#inner.sync(options, cancel));
    }

    reconcile(options) {
      return this.#withSignal(options, cancel => this.#inner.reconcile(options, cancel));
    }

    compact(options) {
      return this.#withSignal(options, cancel => this.#inner.compact(options, cancel));
    }

    conflicts() {
      return module.call(() => this.#inner.conflicts());
    }

    versions(id) {
      return module.call(() => this.#inner.versions(id));
    }

    resolve(seen, resolution) {
      return module.call(() => this.#inner.resolve(seen, resolution));
    }

    status() {
      return module.call(() => this.#inner.status());
    }

    history(id) {
      return module.call(() => this.#inner.history(id));
    }

    restore(id, revision) {
      return module.call(() => this.#inner.restore(id, revision));
    }

    close() {
      module.now(() => this.#inner.close());
    }

    async #withSignal(options, work) {
      const { Cancel } = await module.load();
      const signal = options?.signal;
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
  };
}

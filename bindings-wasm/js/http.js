// Drives over HTTP: `fetch` sends what they ask for.

/** What sends requests, over a `fetch`. It follows no redirect and keeps no cookie; any status is an answer. */
function sender(send) {
  return {
    async send({ method, url, headers, body }) {
      const given = { method, headers, redirect: "manual", credentials: "omit", cache: "no-store" };
      if (body.length > 0) given.body = body;
      const response = await send(url, given);
      return { status: response.status, headers: [...response.headers], body: new Uint8Array(await response.arrayBuffer()) };
    },
  };
}

/** Makes the class of a drive over its module. */
export function driveOver(module) {
  return class {
    #inner;
    capabilities;

    /** Takes where and as whom. Nothing is sent. */
    static async open({ fetch: send = (...given) => fetch(...given), token, ...setup }) {
      const { Served } = await module.load();
      const tokens = token && { token };
      const drive = new this();
      drive.#inner = await module.call(() => Served.open({ ...setup, tokens, http: sender(send) }));
      module.now(() => (drive.capabilities = drive.#inner.capabilities()));
      return drive;
    }

    makeRoot() {
      return module.call(() => this.#inner.makeRoot());
    }
    get(path, options) {
      return module.call(() => this.#inner.get(path, options ?? {}));
    }
    put(path, bytes, condition) {
      return module.call(() => this.#inner.put(path, bytes, condition));
    }
    delete(path, condition) {
      return module.call(() => this.#inner.delete(path, condition));
    }
    listDir(dir, cursor) {
      return module.call(() => this.#inner.listDir(dir, cursor));
    }
    putMany(files) {
      return module.call(() => this.#inner.putMany(files));
    }
  };
}

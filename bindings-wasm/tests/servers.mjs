// What tests need around them: a WebDAV server, an S3 store, a proxy that is slow, counts and can be cut, and a web server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";

const listening = async server => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
};

async function freePort() {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, "close");
  return port;
}

/** Starts WsgiDAV on an empty folder. With `origins`, pages of these may use it, as the example says how. */
export async function webdav({ origins } = {}) {
  const [port, root] = [await freePort(), await mkdtemp(join(tmpdir(), "kitestring-dav-"))];
  const given = ["--host", "127.0.0.1", "--port", String(port), "--root", root, "--auth", "anonymous", "--server", "cheroot", "-q"];
  if (origins) {
    const config = join(root, "..", `${port}.json`);
    const { cors } = JSON.parse(await readFile(join(process.env.EXAMPLES, "web/wsgidav.json")));
    await writeFile(config, JSON.stringify({ cors: { ...cors, allow_origin: origins } }));
    given.push("--config", config);
  }
  const server = spawn(process.env.WSGIDAV, given, { stdio: "ignore" });
  for (let tries = 0; !(await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined)); tries += 1) {
    assert.ok(tries < 300, "the server does not answer");
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  return { port, root, url: `http://127.0.0.1:${port}/notes`, stop: () => server.kill() };
}

/** Starts SeaweedFS with an empty bucket, which anybody may make, and returns how a drive is opened in it. */
export async function seaweedfs() {
  const root = await mkdtemp(join(tmpdir(), "kitestring-s3-"));
  const [accessKeyId, secretAccessKey, actions] = ["kite-tests", "only-of-tests", ["Admin", "Read", "Write", "List"]];
  const credentials = [{ accessKey: accessKeyId, secretKey: secretAccessKey }];
  await writeFile(join(root, "s3.json"), JSON.stringify({ identities: [{ name: "kite", credentials, actions }, { name: "anonymous", actions }] }));
  const names = ["s3.port", "master.port", "volume.port", "filer.port", "s3.port.grpc", "master.port.grpc", "volume.port.grpc", "filer.port.grpc"];
  const ports = await Promise.all(names.map(freePort));
  const given = ["server", `-dir=${root}`, "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", `-s3.config=${join(root, "s3.json")}`];
  given.push("-s3.port.iceberg=0", "-s3.port.lance=0", ...names.map((name, n) => `-${name}=${ports[n]}`));
  const server = spawn(process.env.SEAWEEDFS, given, { stdio: "ignore" });
  const endpoint = `http://127.0.0.1:${ports[0]}`;
  for (let tries = 0; !(await fetch(`${endpoint}/notes`, { method: "PUT" }).catch(() => undefined))?.ok; tries += 1) {
    assert.ok(tries < 300, "the store makes no bucket");
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  return { setup: { bucket: "notes", endpoint, accessKeyId, secretAccessKey }, stop: () => server.kill("SIGKILL") };
}

/** A proxy in front of a port. `bytesPerSecond` is for both ways together; `bytes` counts; while `cut`, nobody gets through. */
export async function slowProxy(to, bytesPerSecond) {
  const proxy = { bytes: 0, bytesPerSecond, cut: false };
  const sockets = new Set();
  let free = performance.now();
  const pass = (from, into) => {
    from.on("data", async chunk => {
      proxy.bytes += chunk.length;
      from.pause();
      free = Math.max(free, performance.now()) + (chunk.length / proxy.bytesPerSecond) * 1000;
      await new Promise(resolve => setTimeout(resolve, free - performance.now()));
      if (into.writable) into.write(chunk);
      from.resume();
    });
    from.on("end", () => into.end());
    from.on("error", () => into.destroy());
    from.on("close", () => into.destroy());
  };
  const server = createServer(client => {
    if (proxy.cut) return client.destroy();
    const upstream = connect({ port: to, host: "127.0.0.1", highWaterMark: 1 << 14 });
    for (const socket of [client, upstream]) sockets.add(socket.on("close", () => sockets.delete(socket)).setNoDelay());
    pass(client, upstream);
    pass(upstream, client);
  });
  proxy.port = await listening(server);
  proxy.hangUp = () => sockets.forEach(socket => socket.destroy());
  proxy.stop = () => {
    server.close();
    proxy.hangUp();
  };
  return proxy;
}

const KINDS = { ".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

/** Serves a folder. */
export async function serve(folder) {
  const server = createHttpServer(async ({ url }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const path = join(folder, normalize(pathname));
    const body = pathname === "/" ? "<!doctype html><title>test</title>" : await readFile(path).catch(() => undefined);
    const kind = pathname === "/" ? "text/html" : KINDS[extname(path)];
    response.writeHead(body === undefined ? 404 : 200, { "content-type": kind ?? "text/plain" }).end(body);
  });
  const port = await listening(server);
  return { origin: `http://127.0.0.1:${port}`, stop: () => server.close() };
}

// The services that db-to-cloud and we both know: emulators of Dropbox and Google Drive, and a WebDAV server.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { old, tool } from "./compat-device.mjs";
import { webdav as webdavServer } from "./servers.mjs";

/** Starts an emulator. */
export async function emulator(name, ...args) {
  const child = spawn(join(process.env.PROGRAMS, name), args, { stdio: ["pipe", "pipe", "inherit"] });
  const { value: service } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  return { service, stop: () => child.stdin.end() };
}

export const getAccessToken = async () => "a-token";

/** db-to-cloud has the addresses of services built in. */
async function redirected(t, name, address) {
  const { service, stop } = await emulator(name);
  t.after(stop);
  return { service, fetch: (url, init) => fetch(String(url).replace(address, service), init) };
}

async function dropbox(t) {
  const { service, fetch } = await redirected(t, "dropbox-emulator", /^https:\/\/[a-z]+\.dropboxapi\.com\//);
  return { at: { service }, theirs: () => old.drive.dropbox({ getAccessToken, fetch }) };
}

async function google(t) {
  const { service, fetch } = await redirected(t, "gdrive-emulator", "https://www.googleapis.com/");
  return { at: { service }, theirs: () => old.drive.google({ getAccessToken, fetch }) };
}

class QuietParser extends tool("@xmldom/xmldom").DOMParser {
  constructor() {
    super({ onError: () => {} });
  }
}

/** db-to-cloud's own, for Node. As in browsers, the web page by which a server answers a `PUT` is no exception. */
function parseXML(text) {
  try {
    return tool("db-to-cloud/lib/util").createXMLParser(QuietParser)(text);
  } catch {
    return {};
  }
}

async function webdav(t) {
  const { port, stop } = await webdavServer();
  t.after(stop);
  const url = `http://127.0.0.1:${port}/`;
  return { at: { url }, theirs: () => old.drive.webdav({ url, parseXML }) };
}

/** Each starts a service: `at` says where it is, `theirs` makes a drive of db-to-cloud's there. */
export const SERVICES = { dropbox, google, webdav };

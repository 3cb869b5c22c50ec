// Puts the emulator of OneDrive through Microsoft's own client for JavaScript.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const graph = createRequire(`${process.argv[3]}/`)("@microsoft/microsoft-graph-client");
const ADDRESS = process.argv[2].replace(/\/$/, "");
const GRAPH = "https://graph.microsoft.com";
const ELSEWHERE = "https://upload.example";
const sent = [];

/** Sends what is meant for Microsoft Graph to the emulator. The client knows addresses of https only: pages and uploads get such. */
class ToEmulator {
  async execute(context) {
    const url = String(context.request.url ?? context.request);
    assert.ok([GRAPH, ELSEWHERE, ADDRESS].some(host => url.startsWith(`${host}/`)), url);
    const response = await fetch(url.replace(GRAPH, ADDRESS).replace(ELSEWHERE, ADDRESS), context.options);
    const headers = new Headers(context.options.headers);
    sent.push({ url, isSigned: headers.has("authorization") });
    const text = response.headers.get("content-type")?.includes("json") ? await response.text() : undefined;
    const body = text
      ?.replaceAll(`"@odata.nextLink":"${ADDRESS}`, `"@odata.nextLink":"${GRAPH}`)
      .replaceAll(`"uploadUrl":"${ADDRESS}`, `"uploadUrl":"${ELSEWHERE}`);
    context.response = body === undefined ? response : new Response(body, { status: response.status, headers: response.headers });
    Object.defineProperty(context.response, "url", { value: url });
  }
}

/** A client with the middleware that Microsoft ships, but for the last link, which sends. */
function client(token) {
  const authentication = new graph.AuthenticationHandler({ getAccessToken: async () => token });
  const [retry, redirect] = [new graph.RetryHandler(new graph.RetryHandlerOptions(1, 1)), new graph.RedirectHandler()];
  authentication.setNext(retry);
  retry.setNext(redirect);
  redirect.setNext(new ToEmulator());
  return graph.Client.initWithMiddleware({ middleware: authentication });
}

const api = path => client("javascript").api(path);
const ROOT = "/me/drive/special/approot";
const at = (path, about = "") => `${ROOT}:/${path.split("/").map(encodeURIComponent).join("/")}${about && `:/${about}`}`;

/** Returns the code of a call that must fail. */
async function refused(call, status) {
  const error = await call.then(() => assert.fail("it was not refused"), error => error);
  assert.ok(error instanceof graph.GraphError, String(error));
  assert.equal(error.statusCode, status, `${error.code} ${error.message}`);
  return error.code;
}
const put = (path, content, behavior = "fail") =>
  api(at(path, "content")).query({ "@microsoft.graph.conflictBehavior": behavior }).header("Content-Type", "application/octet-stream").put(content);
const text = async path => Buffer.from(await api(at(path, "content")).responseType("arraybuffer").get()).toString();

// The folder of the app is there, and files bring their folders along.
assert.ok((await api(ROOT).get()).folder);
const first = await put("c/Fïle & 100%", "one");
assert.deepEqual([first.name, first.size, typeof first.file.hashes.quickXorHash], ["Fïle & 100%", 3, "string"]);
assert.equal(await refused(put("c/Fïle & 100%", "one"), 409), "nameAlreadyExists");
assert.equal(await refused(put("c/FÏLE & 100%", "two"), 409), "nameAlreadyExists");
assert.equal(await refused(put("c", "x"), 409), "nameAlreadyExists");

// Conditions, by either tag.
const content = id => api(`/me/drive/items/${encodeURIComponent(id)}/content`).header("Content-Type", "application/octet-stream");
const second = await content(first.id).header("If-Match", first.eTag).put("two");
assert.ok(second.eTag !== first.eTag && second.cTag !== first.cTag);
assert.equal(await refused(content(first.id).header("If-Match", first.eTag).put("three"), 412), "resourceModified");
const third = await content(first.id).header("If-Match", second.cTag).put("three");
assert.equal(await refused(content("none!1").put("x"), 404), "itemNotFound");

// Reading leads elsewhere, and the token does not go along.
sent.length = 0;
assert.equal(await text("c/fïle & 100%"), "three");
assert.deepEqual(sent.map(({ url, isSigned }) => [url.startsWith(ADDRESS), isSigned]), [[false, true], [true, false]]);
const item = await api(at("c/Fïle & 100%")).select("id,@microsoft.graph.downloadUrl").get();
assert.deepEqual(Object.keys(item).filter(name => !name.startsWith("@odata")).sort(), ["@microsoft.graph.downloadUrl", "id"]);
assert.equal(await (await fetch(item["@microsoft.graph.downloadUrl"], { headers: { range: "bytes=1-2" } })).text(), "hr");
assert.equal((await fetch(item["@microsoft.graph.downloadUrl"], { headers: { authorization: "Bearer javascript" } })).status, 401);

// Names that are none.
for (const name of ["a:b", "a*", "what?", "end.", " space"]) await refused(put(name, "x"), 400);

// Pages.
for (let n = 0; n < 5; n++) await put(`pages/${n}`, "x");
const page = await api(at("pages", "children")).top(2).select("name,size").get();
assert.equal(page.value.length, 2);
const names = [];
await new graph.PageIterator(client("javascript"), page, ({ name }) => (names.push(name), true)).iterate();
assert.deepEqual(names.sort(), ["0", "1", "2", "3", "4"]);
assert.equal(await refused(api(at("pages", "children")).query({ $skiptoken: "7.x" }).get(), 410), "resyncRequired");

// Folders.
const folder = { name: "made", folder: {}, "@microsoft.graph.conflictBehavior": "fail" };
assert.ok((await api(`${ROOT}/children`).post(folder)).folder);
assert.equal(await refused(api(`${ROOT}/children`).post(folder), 409), "nameAlreadyExists");

// Uploads in pieces.
const large = Buffer.alloc(3 * 320 * 1024 + 7, "large");
const upload = async behavior => {
  const options = { uploadSessionURL: at("large", "createUploadSession"), fileName: "large", conflictBehavior: behavior, rangeSize: 320 * 1024 };
  const file = new graph.FileUpload(large.buffer.slice(large.byteOffset, large.byteOffset + large.length), "large", large.length);
  const task = await graph.OneDriveLargeFileUploadTask.createTaskWithFileObject(client("javascript"), file, options);
  return (await task.upload()).responseBody;
};
sent.length = 0;
assert.equal((await upload("fail")).size, large.length);
assert.deepEqual(sent.map(({ isSigned }) => isSigned), [true, false, false, false, false]);
// Of a piece, the client gives out the answer as it is.
assert.equal((await upload("fail").then(() => assert.fail("it was not refused"), ({ error }) => error)).code, "nameAlreadyExists");
assert.equal((await upload("replace")).size, large.length);
assert.equal(await text("large"), large.toString());

// Deleting.
const remove = (id, tag) => api(`/me/drive/items/${encodeURIComponent(id)}`).header("If-Match", tag).delete();
assert.equal(await refused(remove(third.id, first.eTag), 412), "resourceModified");
await remove(third.id, third.eTag);
assert.equal(await refused(api(at("c/Fïle & 100%")).get(), 404), "itemNotFound");

// Who asks.
assert.equal(await refused(client("expired").api(ROOT).get(), 401), "InvalidAuthenticationToken");
assert.equal(await refused(client("readonly").api(at("x", "content")).put("x"), 403), "accessDenied");
assert.equal(await refused(client("app").api("/me/drive/root").get(), 403), "accessDenied");
assert.equal(await refused(client("busy").api(ROOT).get(), 429), "activityLimitReached");
assert.equal(await refused(client("full").api(at("x", "content")).put("x".repeat(2000)), 507), "quotaLimitReached");

console.log("Microsoft's client for JavaScript: every call is answered as it should be");

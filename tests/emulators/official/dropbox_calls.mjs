// Puts the emulator of Dropbox through the official client for JavaScript.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const { Dropbox } = createRequire(`${process.argv[3]}/`)("dropbox");
const ADDRESS = process.argv[2].replace(/\/$/, "");

/** Sends what is meant for Dropbox to the emulator, and gives answers the method that the client misses in this `fetch`. */
async function toEmulator(url, options) {
  const { host, pathname, search } = new URL(url);
  assert.match(host, /^(api|content|notify)\.dropboxapi\.com$/);
  const response = await fetch(ADDRESS + pathname + search, options);
  response.buffer = async () => Buffer.from(await response.arrayBuffer());
  return response;
}

const client = (accessToken) => new Dropbox({ accessToken, fetch: toEmulator });
const dbx = client("javascript");

/** Returns the error of a call that must fail. */
async function refused(call, status = 409) {
  const error = await call.then(() => assert.fail("it was not refused"), (error) => error);
  assert.equal(error.status, status, JSON.stringify(error));
  return error.error;
}
const upload = (path, contents, more = {}) => dbx.filesUpload({ path, contents, ...more }).then(({ result }) => result);
const conflict = async (call) => {
  const { error, error_summary } = await refused(call);
  assert.ok(error_summary.startsWith("path/conflict/"), error_summary);
  return error.reason.conflict[".tag"];
};

// Conditions.
const strict = { strict_conflict: true };
const first = await upload("/c/Fïle", "one", { mode: "add", ...strict });
assert.equal(first.name, "Fïle");
assert.equal((await upload("/c/Fïle", "one", { mode: "add" })).rev, first.rev);
assert.equal(await conflict(upload("/c/Fïle", "one", { mode: "add", ...strict })), "file");
assert.equal(await conflict(upload("/c/FÏLE", "two", { mode: { ".tag": "add" } })), "file");
assert.equal(await conflict(upload("/c", "x", { mode: "overwrite" })), "folder");
assert.equal(await conflict(upload("/c/Fïle/x", "x")), "file_ancestor");
const second = await upload("/c/Fïle", "two", { mode: { ".tag": "update", update: first.rev }, ...strict });
assert.equal(await conflict(upload("/c/Fïle", "three", { mode: { ".tag": "update", update: first.rev }, ...strict })), "file");
await refused(upload("/c/Fïle", "x", { mode: { ".tag": "update", update: "no rev" } }), 400);
await refused(upload("/c/x", "x", { unknown: 1 }), 400);

// Reading.
const got = (await dbx.filesDownload({ path: "/c/fïle" })).result;
assert.equal(got.fileBinary.toString(), "two");
assert.equal(got.rev, second.rev);
assert.equal((await refused(dbx.filesDownload({ path: "/c/none" }))).error.path[".tag"], "not_found");
assert.equal((await dbx.filesGetMetadata({ path: "/c" })).result[".tag"], "folder");

// Deleting.
assert.equal((await refused(dbx.filesDeleteV2({ path: "/c/Fïle", parent_rev: first.rev }))).error.path_write.conflict[".tag"], "file");
await dbx.filesDeleteV2({ path: "/c/Fïle", parent_rev: second.rev });
assert.equal((await refused(dbx.filesDeleteV2({ path: "/c/Fïle" }))).error.path_lookup[".tag"], "not_found");
assert.equal(await conflict(upload("/c/Fïle", "x", { mode: { ".tag": "update", update: second.rev }, ...strict })), "file");
await dbx.filesCreateFolderV2({ path: "/made" });
assert.equal((await refused(dbx.filesCreateFolderV2({ path: "/made" }))).error.path.conflict[".tag"], "folder");

// Listing, changes and waiting for them.
for (let n = 0; n < 7; n++) await upload(`/l/${n}`, "x");
let page = (await dbx.filesListFolder({ path: "/l", limit: 3 })).result;
const found = page.entries.map(({ name }) => name);
while (page.has_more) {
  page = (await dbx.filesListFolderContinue({ cursor: page.cursor })).result;
  found.push(...page.entries.map(({ name }) => name));
}
assert.deepEqual(found, ["0", "1", "2", "3", "4", "5", "6"]);
const { cursor } = (await dbx.filesListFolderGetLatestCursor({ path: "/l" })).result;
const told = dbx.filesListFolderLongpoll({ cursor, timeout: 30 });
await upload("/l/new", "x");
assert.equal((await told).result.changes, true);
assert.deepEqual((await dbx.filesListFolderContinue({ cursor })).result.entries.map(({ name }) => name), ["new"]);
await refused(dbx.filesListFolderLongpoll({ cursor, timeout: 1 }), 400);

// Batches.
const { session_ids } = (await dbx.filesUploadSessionStartBatch({ num_sessions: 2 })).result;
const entries = session_ids.map((session_id, n) => ({ cursor: { session_id, offset: 0 }, length: n + 1, close: true }));
const filled = (await dbx.filesUploadSessionAppendBatch({ entries, contents: "abb" })).result.entries;
assert.deepEqual(filled.map((entry) => entry[".tag"]), ["success", "success"]);
const commit = { path: "/b/one", mode: "add", strict_conflict: true };
const finish = session_ids.map((session_id, n) => ({ cursor: { session_id, offset: n + 1 }, commit }));
const ended = (await dbx.filesUploadSessionFinishBatchV2({ entries: finish })).result.entries;
assert.equal(ended[0][".tag"], "success");
assert.equal(ended[1].failure.path.conflict[".tag"], "file");

// Tokens, room and pace.
const list = (token) => client(token).filesListFolder({ path: "" });
assert.equal((await refused(list("expired"), 401)).error[".tag"], "expired_access_token");
assert.equal((await refused(list("revoked"), 401)).error[".tag"], "invalid_access_token");
await refused(list("malformed"), 400);
const full = await refused(client("full").filesUpload({ path: "/x", contents: "x".repeat(1001) }));
assert.equal(full.error.reason[".tag"], "insufficient_space");
assert.equal((await refused(list("busy-json"), 429)).error.reason[".tag"], "too_many_requests");
await refused(list("busy-text"), 429);

console.log("the official client for JavaScript: every call is answered as it should be");

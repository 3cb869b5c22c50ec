// Puts the emulator of GitHub through the official client for JavaScript: its REST and its GraphQL side. The emulator knows the
// empty repository `ann/notes`.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { Octokit } = await import(pathToFileURL(createRequire(`${process.argv[3]}/`).resolve("@octokit/rest")));
const log = { debug() {}, info() {}, warn() {}, error() {} };
const client = (auth) => new Octokit({ auth, baseUrl: process.argv[2].replace(/\/$/, ""), log });
const octokit = client("token");
const at = { owner: "ann", repo: "notes" };
const base64 = (text) => Buffer.from(text).toString("base64");

/** Returns the error of a call that must fail. */
async function refused(call, status) {
  const error = await call.then(() => assert.fail("it was not refused"), (error) => error);
  assert.equal(error.status, status, String(error));
  return error.response.data.message;
}

// An empty repository takes contents, and nothing of git's.
assert.equal((await octokit.repos.get(at)).data.full_name, "ann/notes");
await refused(octokit.repos.get({ ...at, repo: "other" }), 404);
assert.match(await refused(octokit.git.getRef({ ...at, ref: "heads/main" }), 409), /empty/);
assert.match(await refused(octokit.git.createBlob({ ...at, content: "x" }), 409), /empty/);
const put = { ...at, path: "a file", message: "first", content: base64("one") };
const first = (await octokit.repos.createOrUpdateFileContents(put)).data;
assert.equal(first.content.sha, "43dd47ea691c90a5fa7827892c70241913351963");
assert.match(await refused(octokit.repos.createOrUpdateFileContents(put), 422), /"sha" wasn't supplied/);

// A branch, and what it holds.
const ref = await octokit.git.getRef({ ...at, ref: "heads/main" });
assert.equal(ref.data.object.sha, first.commit.sha);
const headers = { "if-none-match": ref.headers.etag };
assert.equal((await octokit.git.getRef({ ...at, ref: "heads/main", headers }).catch((error) => error)).status, 304);
await refused(octokit.git.getRef({ ...at, ref: "heads/none" }), 404);
const tree = (await octokit.git.getTree({ ...at, tree_sha: first.commit.sha, recursive: "1" })).data;
assert.deepEqual(tree.tree.map(({ path, mode, type, size }) => [path, mode, type, size]), [["a file", "100644", "blob", 3]]);
const blob = (await octokit.git.getBlob({ ...at, file_sha: first.content.sha })).data;
assert.equal(Buffer.from(blob.content, "base64").toString(), "one");
const raw = await octokit.git.getBlob({ ...at, file_sha: first.content.sha, mediaType: { format: "raw" } });
assert.equal(Buffer.from(raw.data).toString(), "one");

// A commit by hand, and conditions.
const made = (await octokit.git.createBlob({ ...at, content: base64("two"), encoding: "base64" })).data;
const base_tree = (await octokit.git.getCommit({ ...at, commit_sha: first.commit.sha })).data.tree.sha;
const entry = { path: "d/two", mode: "100644", type: "blob", sha: made.sha };
const second = (await octokit.git.createTree({ ...at, base_tree, tree: [entry] })).data;
const commit = (await octokit.git.createCommit({ ...at, message: "second", tree: second.sha, parents: [first.commit.sha] })).data;
const orphan = (await octokit.git.createCommit({ ...at, message: "alone", tree: second.sha, parents: [] })).data;
assert.match(await refused(octokit.git.updateRef({ ...at, ref: "heads/main", sha: orphan.sha, force: false }), 422), /fast forward/);
await octokit.git.updateRef({ ...at, ref: "heads/main", sha: commit.sha, force: false });
await octokit.git.createRef({ ...at, ref: "refs/heads/alone", sha: orphan.sha });
assert.match(await refused(octokit.git.createRef({ ...at, ref: "refs/heads/alone", sha: orphan.sha }), 422), /already exists/);

// Commits under a condition.
const COMMIT = "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }";
const commitOn = (expectedHeadOid, fileChanges) => octokit.graphql(COMMIT, {
  input: {
    branch: { repositoryNameWithOwner: "ann/notes", branchName: "main" },
    message: { headline: "third" }, expectedHeadOid, fileChanges,
  },
});
const additions = [{ path: "d/three", contents: base64("three") }];
const third = (await commitOn(commit.sha, { additions, deletions: [{ path: "a file" }] })).createCommitOnBranch.commit.oid;
const stale = await commitOn(commit.sha, { additions }).catch((error) => error);
assert.deepEqual(stale.errors.map(({ type }) => type), ["STALE_DATA"]);
assert.match(stale.errors[0].message, /Expected branch to point to/);
const missing = await commitOn(third, { deletions: [{ path: "a file" }] }).catch((error) => error);
assert.match(missing.errors[0].message, /requested for deletion which does not exist/);
const now = (await octokit.git.getTree({ ...at, tree_sha: third, recursive: "1" })).data.tree.map(({ path }) => path);
assert.deepEqual(now, ["d", "d/three", "d/two"]);

// A history that goes, under a condition.
const repositoryId = (await octokit.repos.get(at)).data.node_id;
const MOVE = "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }";
const move = (beforeOid, force) => octokit.graphql(MOVE, {
  input: { repositoryId, refUpdates: [{ name: "refs/heads/main", beforeOid, afterOid: orphan.sha, force }] },
});
await assert.rejects(move(commit.sha, true));
await assert.rejects(move(third, false));
await move(third, true);
const COUNT = "query($owner: String!, $name: String!, $ref: String!) { repository(owner: $owner, name: $name) { ref(qualifiedName: $ref) { target { ... on Commit { history { totalCount } } } } } }";
const counted = await octokit.graphql(COUNT, { owner: "ann", name: "notes", ref: "refs/heads/main" });
assert.equal(counted.repository.ref.target.history.totalCount, 1);

// Tokens.
await refused(client("expired").repos.get(at), 401);
await refused(client("blind").repos.get(at), 404);
await refused(client("readonly").git.createBlob({ ...at, content: "x" }), 403);

console.log("the official client for GitHub: every call is answered as it should be");

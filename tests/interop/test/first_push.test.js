// The first push of many documents to one WebDAV server, by db-to-cloud and by kite, beside each other: how many requests.
import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {mkdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {test} from "node:test";
import {promisify} from "node:util";
import {program} from "../new.js";
import {note} from "../place.js";
import {Service} from "../service.js";

const DOCUMENTS = 10_000;
const TIMES_FEWER = 100;
const TEXT = "This is a line of a note.\n".repeat(4);

test("webdav: the first push takes kite a hundredth of the requests that db-to-cloud sends", async t => {
  const service = await Service.start(t, "webdav");
  await service.requests();
  const old = service.old();
  for (let n = 0; n < DOCUMENTS; n++) old.put(note(`note ${n}`, 1, TEXT));
  await old.sync();
  const theirs = await service.requests();
  assert.equal((await service.json("meta.json")).lastChange, DOCUMENTS);
  await service.requests();

  const folder = join(service.root, "folder");
  for (let n = 0; n < 100; n++) mkdirSync(join(folder, `${n}`), {recursive: true});
  for (let n = 0; n < DOCUMENTS; n++) writeFileSync(join(folder, `${n % 100}`, `note ${n}.md`), TEXT);
  const {stdout} = await promisify(execFile)(program("kite"), ["sync", folder, "--drive", `webdav+${service.address}/ours`, "--json"]);
  const ours = await service.requests();
  assert.equal(JSON.parse(stdout).pushed, DOCUMENTS);
  t.diagnostic(`first push of ${DOCUMENTS} documents: db-to-cloud ${theirs} requests, kite ${ours}`);
  assert.ok(ours > 0 && theirs >= TIMES_FEWER * ours, `${theirs} and ${ours} requests`);
});

// A strict program over `kitestring/compat`.
import { dbToCloud, drive, type BuiltDrive, type Change, type CloudAdapter, type Progress, type State, type SyncController } from "kitestring/compat";
import { dbToCloud as deep } from "kitestring/compat/lib/db-to-cloud";
import fsDrive from "kitestring/compat/lib/drive/fs-drive";
import { LockError } from "kitestring/compat/lib/lock";
import { RequestError, createRequest } from "kitestring/compat/lib/request";

interface Note { _id: number; _rev: number; text: string }
const notes = new Map<number, Note>();
let kept: State | null = null;

const sync: SyncController = dbToCloud<Note>({
  onGet: async id => notes.get(Number(id)),
  onPut: note => notes.set(note._id, note),
  onDelete: (id, rev) => void [id, rev],
  onFirstSync: () => { for (const { _id, _rev } of notes.values()) sync.put(_id, _rev); },
  compareRevision: (a, b) => Number(a) - Number(b),
  getState: (on: BuiltDrive) => (on.name === undefined ? undefined : kept),
  setState: (_on, state) => { kept = state; },
  onProgress: ({ phase, total, loaded, change }: Progress) => void [phase, total, loaded, change satisfies Change | undefined],
  lockExpire: 5,
});
const mine: CloudAdapter = {
  get: async path => path,
  put: async () => undefined,
  post: async () => undefined,
  delete: async () => undefined,
  list: async () => [],
};
sync.use(mine);
sync.use(drive.fsDrive({ folder: "/tmp" }));
sync.use(fsDrive({ folder: "/tmp" }));
sync.use(drive.webdav({ url: "https://dav.example/", username: "ann", password: "secret" }));
sync.use(drive.google({ getAccessToken: async () => "token" }));
sync.use(drive.dropbox({ getAccessToken: () => "token" }));
await sync.init();
await sync.syncNow(false).catch((error: unknown) => {
  if (error instanceof LockError) return error.expire.toFixed();
  return error instanceof RequestError ? error.code === 401 : undefined;
});
const answer: unknown = await createRequest({ getAccessToken: () => "token" })({ path: "https://example.org" });
void [deep, answer];

// @ts-expect-error: a drive without `post` cannot take a lock
sync.use({ get: mine.get, put: mine.put, delete: mine.delete, list: mine.list });
// @ts-expect-error: an id is text or a number
sync.put({}, 1);
// @ts-expect-error: an option that does not exist
dbToCloud({ onGte: () => undefined });

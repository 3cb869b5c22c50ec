// A host that is written strictly. It is compiled, not run.
import { Client, Drive, KiteError, State, type Application, type Conflict, type Document, type Id, type Incoming, type Outcome, type Revision } from "kitestring";
import { Client as SealedClient } from "kitestring/sealed";
import { Client as CareClient, importVault, type VaultFile } from "kitestring/care";
import { Client as ClassicClient } from "kitestring/classic";
import { Dropbox } from "kitestring/dropbox";
import { GDrive } from "kitestring/gdrive";
import { ChromeStorageState } from "kitestring/chrome-storage";
import { IndexedDbState } from "kitestring/indexeddb";
import { Drive as NodeDrive, FileState } from "kitestring/node";
import { SignIn, dropbox, google, onedrive } from "kitestring/oauth";
import { GitHub } from "kitestring/github";
import { OneDrive } from "kitestring/onedrive";
import { S3 } from "kitestring/s3";
import { WebDav } from "kitestring/webdav";

class Notes implements Application {
  docs = new Map<Id, { revision: Revision; body: Uint8Array }>();
  get(ids: Id[]): Document[] {
    return ids.flatMap(id => {
      const found = this.docs.get(id);
      return found ? [{ id, ...found }] : [];
    });
  }
  apply(changes: Incoming[]): Outcome[] {
    return changes.map(({ id, revision, body, expected }) => {
      if (this.docs.get(id)?.revision !== expected) return "stale";
      if (body) this.docs.set(id, { revision, body });
      else this.docs.delete(id);
      return "applied";
    });
  }
  async entries(after: Id | undefined) {
    return after === undefined ? [...this.docs].map(([id, { revision }]) => ({ id, revision })) : [];
  }
}

export async function run(application: Notes): Promise<number> {
  const kept = new Map<string, Parameters<ConstructorParameters<typeof SignIn>[0]["store"]["save"]>[0]>();
  const signIn = new SignIn({ provider: dropbox({ clientId: "a" }), store: { load: () => kept.get("it"), save: it => kept.set("it", it) } });
  await signIn.finish(await signIn.begin("https://app.example/back"));
  const drives: Drive[] = [
    Drive.memory(),
    await GitHub.open({ owner: "ann", repository: "notes", branch: "main", folder: "vault", token: () => "t" }),
    await S3.open({ bucket: "notes", region: "eu-west-1", accessKeyId: "id", secretAccessKey: "s", style: "path" }),
    await NodeDrive.folder("/tmp/drive"),
    await Dropbox.open({ folder: "/notes", token: signIn.token }),
    await WebDav.open({ url: "https://cloud.example/notes", user: "ann", password: "p" }),
    await Dropbox.open({ folder: "/notes", token: async refused => refused ?? "t" }),
    await GDrive.open({ token: () => "t", layout: "classic" }),
    await OneDrive.open({ folder: "/notes", token: () => onedrive({ clientId: "a", allFiles: true }).service }),
  ];
  const states: State[] = [State.memory(), await IndexedDbState.open("notes", { waitMs: 0 }), await ChromeStorageState.open("notes", { waitMs: 0 }), await FileState.open("/tmp/notes")];
  const [drive, state] = [drives[0]!, states[0]!];
  const client: Client = await Client.open({ application, state, drive, device: "phone" });
  const sealed: SealedClient = await SealedClient.open({ application, state, drive, encryption: { passphrase: "p", padded: true } });
  const classic: ClassicClient = await ClassicClient.open({ application, state, drive, layout: "classic", numbers: true });
  const { nextSyncAfterMs = 60_000 } = await classic.sync({ waitMs: 0 });
  console.log(nextSyncAfterMs);
  const slot = await sealed.addKey("phone", { key: new Uint8Array(32) });
  for (const { id, isRevoked } of await sealed.devices()) {
    if (!isRevoked) await sealed.revoke({ device: id, label: slot.label, encryption: { passphrase: "q" } });
  }
  await client.sync({ pairing: await sealed.pairingCode() });
  for (const left of await client.leftVersions()) await client.resolve(await client.claim(left), "takeRemote");
  await client.queueChange({ id: 7, revision: "1", action: "put" });
  const waiting: Conflict[] = await client.conflicts();
  for (const seen of waiting) await client.resolve(seen, "keepLocal");
  try {
    const report = await client.sync({ signal: AbortSignal.timeout(30_000), onProgress: ({ phase, done }) => console.log(phase, done) });
    return report.pushed + (await client.history(7)).length;
  } catch (error) {
    if (error instanceof KiteError && error.code === "rate_limited") return error.retryAfterMs ?? 0;
    throw error;
  }
}

export async function cared(application: Notes, other: Drive): Promise<number> {
  const client: CareClient = await CareClient.open({ application, state: State.memory(), drive: Drive.memory() });
  const { findings, worst } = await client.doctor({ repair: true, onProgress: ({ done }) => console.log(done) });
  if (worst === "damage") console.log(findings.map(({ code, advice }) => `${code}: ${advice}`));
  const held = await client.heldLock();
  if (held?.isOver) await client.breakLock(held);
  const files: VaultFile[] = [];
  await client.exportVault(file => void files.push(file), { signal: AbortSignal.timeout(30_000) });
  const { resumed } = await importVault(Drive.memory(), () => files);
  await importVault(Drive.memory(), async function* () { yield* files; });
  await client.moveTo(other, { address: "dropbox:/notes" });
  const { documents } = await client.migrate(other, { address: "dropbox:/notes", encryption: { passphrase: "p" }, waitMs: 0 });
  console.log(documents);
  await client.follow(other);
  return resumed;
}

export async function wrong(application: Notes): Promise<void> {
  // @ts-expect-error: a state is compulsory.
  const client = await Client.open({ application, drive: Drive.memory() });
  // @ts-expect-error: there is no such action.
  await client.queueChange({ id: 7, revision: 1, action: "move" });
  // @ts-expect-error: options are an object.
  await client.sync(42);
  // @ts-expect-error: a key opens only a sealed client.
  await Client.open({ application, state: State.memory(), drive: Drive.memory(), encryption: { passphrase: "p" } });
  // @ts-expect-error: there is nothing to put in order in the classic layout.
  await (await ClassicClient.open({ application, state: State.memory(), drive: Drive.memory() })).compact();
  // @ts-expect-error: nothing is kept nowhere.
  new SignIn({ provider: google({ clientId: "a" }) });
  // @ts-expect-error: a vault is moved to an address.
  await (await CareClient.open({ application, state: State.memory(), drive: Drive.memory() })).moveTo(Drive.memory());
  // @ts-expect-error: files are asked for more than once.
  await importVault(Drive.memory(), []);
  // @ts-expect-error: there is no such code.
  throw new KiteError("oops", "get", "no");
}

export type Id = string | number;
export type Revision = string | number;
/** The bytes, or the size of a body that is passed in parts. */
export type Body = Uint8Array | { size: number };
export interface Document<B = Uint8Array> { id: Id; revision: Revision; body: B }
export interface Entry { id: Id; revision: Revision; digest?: string; size?: number }
export interface Change { id: Id; revision: Revision; action: "put" | "delete" }
/** No `body` means delete; no `expected` means "you have none". */
export interface Incoming<B = Uint8Array> { id: Id; revision: Revision; body?: B; expected?: Revision }
export type Outcome = "applied" | "stale" | { rejected: string };
export interface Side { revision: Revision; digest: string }
export interface Conflict {
  id: Id; kind: "edit-edit" | "edit-delete" | "delete-edit" | "adopt"; base?: Side; local?: Side; remote?: Side;
}
/** The contents of a conflict. */
export interface Versions { base?: Document<Body>; local?: Document<Body>; remote?: Document<Body> }
export type Resolution = "keepLocal" | "takeRemote" | { merged: { revision: Revision; body: Body } };
export interface OldVersion {
  id: Id; revision: Revision; writtenMs?: number; replacedMs?: number; deleted: boolean; size: number; device: string;
}
/** A version that lost against one made at the same time, and that its author has not decided about. Hand it to `claim` as it is. */
export interface LeftVersion {
  id: Id; revision: Revision; valid?: Revision; deleted: boolean; size: number; device: string; tag: string;
}
/** A device that has written to the vault. */
export interface Device { id: string; name?: string; writtenMs?: number; isOurs: boolean; isRevoked: boolean }
export type Strategy = "compare-and-swap" | "slots" | "listing";
export interface Report {
  pushed: number; pulled: number; deleted: number; conflicts: Conflict[]; skipped: { id: Id; why: string }[];
  requests: number; bytesSent: number; bytesReceived: number; elapsedMs: number;
  /** Why it ended early; the next sync goes on. */
  stopped?: "deadline";
  /** When the next sync is worth it, if nothing else happens: 0 is at once, none is not before something changes. */
  nextSyncAfterMs?: number;
}
export interface Status {
  client: string; vault?: string; strategy?: Strategy;
  documents: number; queued: number; pending: number; conflicts: number; lastSyncMs?: number;
}
export interface Progress { phase: "scan" | "read" | "pull" | "wait" | "push" | "compact"; done: number; total?: number }
export interface SyncOptions {
  /** Ends the call at once with the error `cancelled`. What was done is kept. */
  signal?: AbortSignal;
  /** Ends the sync at the next safe point after this time, with a normal report. */
  deadlineMs?: number;
  onProgress?(progress: Progress): void;
  allow?: { massDelete?: boolean; vaultChanged?: boolean; rollback?: boolean; hostOlder?: boolean };
  /** Compares the host with what was last agreed first. */
  reconcile?: boolean;
  dryRun?: boolean;
  /** How long to wait for another client's lock. */
  waitMs?: number;
  /** What another device's `pairingCode` gave: a drive that shows another vault, or an older one, is refused. */
  pairing?: string;
}

export type Code =
  | "unauthorized" | "rate_limited" | "unavailable" | "locked" | "not_found" | "condition" | "quota_exceeded" | "corrupt"
  | "wrong_key" | "vault_changed" | "moved" | "rollback" | "mass_delete" | "host_older" | "unsupported" | "needs_newer_version"
  | "application" | "state" | "cancelled" | "invalid_input" | "internal";
export interface ErrorDetails { subject?: string; retryAfterMs?: number; cause?: unknown }
/** Hosts throw it too, to say by its code what went wrong. */
export class KiteError extends Error {
  constructor(code: Code, operation: string, detail: string, details?: ErrorDetails);
  readonly code: Code;
  readonly operation: string;
  readonly detail: string;
  readonly subject?: string;
  /** When to try again: 0 is at once, none is not without a change of something else. */
  readonly retryAfterMs?: number;
  /** Of `locked`. */
  readonly owner?: string;
  readonly untilMs?: number;
  /** Of `moved`: where the vault is now; none if that is sealed and nothing was given to open it. */
  readonly to?: string;
  /** Of `mass_delete`. */
  readonly deletes?: number;
  readonly of?: number;
  /** Of `host_older`. */
  readonly reverted?: number;
  readonly changed?: number;
  /** Of `rollback`. */
  readonly remembered?: number;
  readonly found?: number;
}

export type Answer<T> = T | Promise<T>;
/** What the host implements: any object with these methods, plain or async. Bodies are whole. */
export interface Application<B = Uint8Array> {
  get(ids: Id[]): Answer<Document<B>[]>;
  apply(changes: Incoming<B>[]): Answer<Outcome[]>;
  entries(after: Id | undefined, limit: number): Answer<Entry[]>;
  missing?(ids: Id[]): Answer<Id[]>;
  uncommitted?(after: Id | undefined, limit: number): Answer<Change[]>;
  committed?(changes: Change[]): Answer<void>;
}
/** A host that passes bodies above a size in parts. */
export interface PartsApplication extends Application<Body> {
  /** The largest body, in bytes, that is passed whole. */
  readonly wholeBodyBytes: number;
  readPart(part: { id: Id; revision: Revision; offset: number; length: number }): Answer<Uint8Array | undefined>;
  stagePart(part: { id: Id; revision: Revision; offset: number; bytes: Uint8Array }): Answer<void>;
}

/** A record without value, in a batch, removes the key. Keys are ASCII. */
export interface StateRecord { key: string; value?: Uint8Array }
/** The client's own memory. One for each client; it must not call the client. */
export interface State {
  read(keys: string[]): Answer<(Uint8Array | undefined)[]>;
  /** At most `limit` records after `after`, in the order of their keys. An empty page is the end. */
  scan(prefix: string, after: string | undefined, limit: number): Answer<StateRecord[]>;
  /** All of it or nothing, and durable when it is done. */
  write(batch: StateRecord[]): Answer<void>;
}

export type Condition = "any" | "absent" | { matches: string };
export interface Capabilities {
  create?: boolean; replace?: boolean; versions?: boolean; parallel?: number; exact?: boolean; consistent?: boolean; unproven?: boolean;
}
export interface PutFile { path: string; bytes: Uint8Array; condition: Condition }
/** Named files. A missing file is an answer; a condition that does not hold is a `KiteError` with the code `condition`. */
export interface Drive {
  /** What is not claimed, the drive cannot do. */
  readonly capabilities?: Capabilities;
  get(path: string, options: { range?: { start: number; end: number }; unless?: string }):
    Answer<{ bytes: Uint8Array; version: string } | "unchanged" | undefined>;
  put(path: string, bytes: Uint8Array, condition: Condition): Answer<string>;
  delete(path: string, condition: Condition): Answer<void>;
  listDir(dir: string, cursor?: string): Answer<{ entries: { name: string; isDir: boolean; size?: number }[]; next?: string }>;
  /** One answer for each file: its version, or what went wrong. */
  putMany?(files: PutFile[]): Answer<(string | Error)[]>;
}

export interface Setup {
  application: Application | PartsApplication;
  state: State;
  drive: Drive;
  /** How the documents lie on the drive. The classic layout has an entry of its own, `kitestring/classic`. */
  layout?: "journal";
  /** A name for this device, shown to people. */
  device?: string;
  /** How long a call of the host may take: 60,000 by default. */
  callbackTimeoutMs?: number;
  /** Whether the state was copied from another device, or brought back from a backup. */
  newIncarnation?: boolean;
}

/** One device's instance. */
export class Client {
  protected constructor();
  /** Opens a client. The drive is not asked. */
  static open(setup: Setup): Promise<Client>;
  /** Queues a change, after each save. Durable when the promise is fulfilled; allowed at any time. */
  queueChange(change: Change): Promise<void>;
  queueDelete(id: Id, revision: Revision): Promise<void>;
  /** Queues all of them or none. */
  queueChanges(changes: Change[]): Promise<void>;
  sync(options?: SyncOptions): Promise<Report>;
  /** Queues what changed in the host although nobody said so. */
  reconcile(options?: SyncOptions): Promise<{ put: number; deleted: number }>;
  /** Puts the drive in order. False if there was nothing to do, or no time. */
  compact(options?: SyncOptions): Promise<boolean>;
  conflicts(): Promise<Conflict[]>;
  versions(id: Id): Promise<Versions>;
  /** Settles a conflict as it was shown; `condition` if either side has moved since. */
  resolve(seen: Conflict, resolution: Resolution): Promise<void>;
  leftVersions(): Promise<LeftVersion[]>;
  /** Makes such a version a conflict of this client. */
  claim(left: LeftVersion): Promise<Conflict>;
  /** What the client knows, without a request. */
  status(): Promise<Status>;
  history(id: Id): Promise<OldVersion[]>;
  /** Makes a document what it was: a new edit. */
  restore(id: Id, revision: Revision): Promise<void>;
  /** The devices that have written to the vault, without a request. */
  devices(): Promise<Device[]>;
  /** Says which vault this is and how far it was read, for the first sync of a new device. No secret. */
  pairingCode(): Promise<string>;
  /** Lowers the strategy of the vault, for every device and for ever. */
  lower(strategy: Strategy): Promise<void>;
  /** A running sync ends with `cancelled`, later calls too. */
  close(): void;
}

/** Gone with the program. */
export const State: { memory(): State };
/** Gone with the program. */
export const Drive: { memory(): Drive };

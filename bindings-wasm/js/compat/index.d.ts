export type Id = string | number;
export type Revision = string | number;
export interface Change { _id: Id; _rev?: Revision; action: "put" | "delete" }
/** What `getState` and `setState` keep. db-to-cloud 0.8.1 reads it, and is read from; `kitestring` is its own memory. */
export interface State { enabled?: boolean; queue?: Change[]; lastChange?: number; kitestring?: unknown }
export interface Meta { lastChange?: number; [member: string]: unknown }
export interface Progress {
  phase: "start" | "end" | "pull" | "push";
  total?: number;
  loaded?: number;
  change?: Change;
}

/** A drive: `code` of what it throws is `"ENOENT"` or 404 for what is missing, `"EEXIST"` for what is there already. */
export interface CloudAdapter {
  readonly name?: string;
  get(path: string): Promise<string>;
  put(path: string, data: string): Promise<unknown>;
  post(path: string, data: string): Promise<unknown>;
  delete(path: string): Promise<unknown>;
  list(path: string): Promise<readonly string[]>;
  init?(): Promise<unknown>;
  uninit?(): Promise<unknown>;
  /** `minutes`: how long the lock lasts. */
  acquireLock?(minutes: number): Promise<unknown>;
  releaseLock?(): Promise<unknown>;
  getMeta?(): Promise<Meta>;
  putMeta?(meta: Meta): Promise<unknown>;
  peekChanges?(oldMeta: Meta): Promise<boolean>;
}
/** The drive in use: its files are JSON values. */
export interface BuiltDrive {
  readonly name?: string;
  readonly isInit: boolean;
  get(path: string): Promise<unknown>;
  put(path: string, value: unknown): Promise<unknown>;
  post(path: string, value: unknown): Promise<unknown>;
  delete(path: string): Promise<unknown>;
  list(path: string): Promise<readonly string[]>;
  acquireLock(minutes: number): Promise<unknown>;
  releaseLock(): Promise<unknown>;
  getMeta(): Promise<Meta>;
  putMeta(meta: Meta): Promise<unknown>;
  peekChanges(oldMeta: Meta): Promise<boolean>;
}

type Awaitable<T> = T | PromiseLike<T>;
export interface Options<Doc = unknown> {
  onGet(id: Id, rev?: Revision): Awaitable<Doc | null | undefined>;
  onPut(document: Doc): Awaitable<unknown>;
  onDelete(id: Id, rev?: Revision): Awaitable<unknown>;
  onFirstSync(): Awaitable<unknown>;
  /** Above zero if the first is newer. */
  compareRevision(first: Revision, second: Revision): number;
  getState(drive: BuiltDrive): Awaitable<State | null | undefined | void>;
  /** `null`: forget it. */
  setState(drive: BuiltDrive, state: State | null): Awaitable<unknown>;
  onWarn?(message: string): void;
  onProgress?(progress: Progress): void;
  /** How many minutes a lock lasts: 60 by default. */
  lockExpire?: number;
  retryMaxAttempts?: number;
  retryExp?: number;
  /** In seconds. */
  retryDelay?: number;
}
export interface SyncController {
  use(drive: CloudAdapter): void;
  init(): Promise<void>;
  uninit(): Promise<void>;
  put(id: Id, rev?: Revision): void;
  delete(id: Id, rev?: Revision): void;
  syncNow(peekChanges?: boolean): Promise<void>;
  drive(): BuiltDrive | undefined;
  isInit(): boolean;
}
export function dbToCloud<Doc = unknown>(options: Options<Doc>): SyncController;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;
/** What has these methods of `node:fs/promises`. */
export interface FileSystem {
  readFile(path: string, encoding: "utf8"): Promise<string>;
  writeFile(path: string, data: string, options?: { flag: string }): Promise<unknown>;
  mkdir(path: string, options: { recursive: true }): Promise<unknown>;
  rename(from: string, to: string): Promise<unknown>;
  unlink(path: string): Promise<unknown>;
  readdir(path: string): Promise<string[]>;
}
export interface FsDriveOptions { folder: string; getFs?(): Awaitable<FileSystem> }
/** `Dropbox` is the class of `kitestring/dropbox`, where nothing can be imported later, as in a service worker. */
export interface DropboxOptions { getAccessToken(): Awaitable<string>; fetch?: Fetch; service?: string; Dropbox?: object }
/** `FormData` and `Blob` are no longer needed. */
export interface GoogleOptions { getAccessToken(): Awaitable<string>; fetch?: Fetch; service?: string; FormData?: unknown; Blob?: unknown }
/** `WebDav` is the class of `kitestring/webdav`, as above. `DOMParser` and `parseXML` are no longer needed. */
export interface WebdavOptions {
  url: string; username?: string; password?: string; fetch?: Fetch; WebDav?: object; DOMParser?: unknown; parseXML?: unknown;
}
export const drive: {
  fsDrive(options: FsDriveOptions): CloudAdapter;
  dropbox(options: DropboxOptions): CloudAdapter;
  webdav(options: WebdavOptions): CloudAdapter;
  google(options: GoogleOptions): CloudAdapter;
  /** Not there: throws a `KiteError` with the code `unsupported`. */
  github(options?: object): never;
  /** Not there: throws a `KiteError` with the code `unsupported`. */
  onedrive(options?: object): never;
};

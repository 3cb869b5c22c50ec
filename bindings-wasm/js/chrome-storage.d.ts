import { State, StateRecord } from "./index.js";
import { Holding } from "./indexeddb.js";

/** The part of a storage area that is used. */
export interface StorageArea {
  get(keys: string | string[] | null): Promise<Record<string, unknown>>;
  set(items: Record<string, unknown>): Promise<void>;
  remove(keys: string[]): Promise<void>;
  /** Chrome has it from version 130 on. */
  getKeys?(): Promise<string[]>;
}

/**
 * A state in `chrome.storage`, for extensions: one call for each batch. It outlives the browser; whether it outlives a power
 * failure, the browser does not promise. Held by one context at a time, as `IndexedDbState` is.
 */
export class ChromeStorageState implements State {
  private constructor();
  /** Opens it. `area` is `chrome.storage.local`, unless another is given. One name for each client. */
  static open(name: string, options?: Holding & { area?: StorageArea }): Promise<ChromeStorageState>;
  read(keys: string[]): Promise<(Uint8Array | undefined)[]>;
  scan(prefix: string, after: string | undefined, limit: number): Promise<StateRecord[]>;
  write(batch: StateRecord[]): Promise<void>;
  close(): Promise<void>;
}

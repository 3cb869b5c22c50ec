import { State, StateRecord } from "./index.js";

/** A state in a database of the browser: one transaction for each batch. */
export class IndexedDbState implements State {
  private constructor();
  /** Opens the database, and makes it if it is not there. One name for each client. */
  static open(name: string): Promise<IndexedDbState>;
  read(keys: string[]): Promise<(Uint8Array | undefined)[]>;
  scan(prefix: string, after: string | undefined, limit: number): Promise<StateRecord[]>;
  write(batch: StateRecord[]): Promise<void>;
  close(): void;
}

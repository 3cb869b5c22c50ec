import { State, StateRecord } from "./index.js";

export interface Holding {
  /** How long to wait for a page or worker that has it open, in milliseconds: 10,000 by default. Then it is `locked`. */
  waitMs?: number;
}

/**
 * A state in a database of the browser: one transaction for each batch. Of all pages and workers of an origin, one has it open:
 * by a lock of the browser, or by a lease where it has none. One that lost it nevertheless can no longer write (`state`).
 */
export class IndexedDbState implements State {
  private constructor();
  /** Opens the database, and makes it if it is not there. One name for each client. */
  static open(name: string, options?: Holding): Promise<IndexedDbState>;
  read(keys: string[]): Promise<(Uint8Array | undefined)[]>;
  scan(prefix: string, after: string | undefined, limit: number): Promise<StateRecord[]>;
  write(batch: StateRecord[]): Promise<void>;
  /** Another page or worker may open it then. */
  close(): void;
}

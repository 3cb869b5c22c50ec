import { State, StateRecord } from "./index.js";

/** A state in a folder of its own. One client of one process at a time. */
export class FileState implements State {
  private constructor();
  /** Opens the folder, and makes it if it is not there. */
  static open(folder: string): Promise<FileState>;
  read(keys: string[]): Promise<(Uint8Array | undefined)[]>;
  scan(prefix: string, after: string | undefined, limit: number): Promise<StateRecord[]>;
  write(batch: StateRecord[]): Promise<void>;
  close(): Promise<void>;
}

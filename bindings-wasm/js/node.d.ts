import { Capabilities, Condition, Drive as AnyDrive, State, StateRecord } from "./index.js";

/**
 * A folder of this machine, on Linux and macOS; `kite` and other programs that keep to its rules may use it too. It creates a file
 * once only, and does not replace one version by another: a vault that needs that is refused with `unsupported`.
 */
export interface FolderDrive extends AnyDrive {
  readonly capabilities: Capabilities;
  get(path: string, options?: { range?: { start: number; end: number }; unless?: string }): Promise<{ bytes: Uint8Array; version: string } | "unchanged" | undefined>;
  put(path: string, bytes: Uint8Array, condition: Condition): Promise<string>;
  delete(path: string, condition: Condition): Promise<void>;
  listDir(dir: string): Promise<{ entries: { name: string; isDir: boolean }[] }>;
}
/** Opens the folder, and makes it if it is not there, but no folder above it. */
export const Drive: { folder(path: string): Promise<FolderDrive> };

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

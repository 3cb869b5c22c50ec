import { Answer, Drive, Progress, Strategy } from "./index.js";
import { Setup as ClassicSetup } from "./classic.js";
import { Client as Open, Encryption, Setup } from "./sealed.js";

export * from "./sealed.js";
export interface CareOptions {
  /** Ends the call at once with the error `cancelled`. */
  signal?: AbortSignal;
  onProgress?(progress: Progress): void;
}
/** How bad it is: worth knowing; not as it should be; a sync fails or leaves something out because of it. */
export type Severity = "note" | "warning" | "damage";
/** What becomes of it: nothing is to be done; `repair: true` repairs it; it is repaired; it is not, and `advice` says why. */
export type Repair = "needless" | "possible" | "done" | "refused";
export interface Finding {
  /** A stable name. */
  code: string;
  severity: Severity;
  /** The file on the drive; for a document that cannot be read, its id. */
  path?: string;
  detail: string;
  repair: Repair;
  advice: string;
}
/** A lock, or the lease of whoever puts the vault in order. Hand it to `breakLock` as it is. */
export interface HeldLock {
  path: string; owner?: string; device?: string; untilMs?: number; isOurs: boolean; isOver: boolean; hold: string;
}
export interface Diagnosis {
  vault?: string; strategy?: Strategy; epoch: number; sealed: boolean; files: number; bytes: number; records: number; checkpoints: number;
  /** How many documents a new device gets; none if that could not be tried. */
  documents?: number;
  lock?: HeldLock;
  /** The worst first. */
  findings: Finding[];
  /** The worst that was not repaired; none if there is nothing but notes. */
  worst?: Severity;
}
/** A file of a vault, as it lies on the drive. */
export interface VaultFile { path: string; bytes: Uint8Array }
/** `resumed`: how many files were there already, of an import that was interrupted. */
export interface Transferred { vault?: string; files: number; bytes: number; resumed: number }
/** `resumed`: how many files were there already, of a move that was interrupted. */
export interface Moved { files: number; bytes: number; resumed: number }
/** How many documents were written; none if an earlier call had written them. */
export interface Migrated { documents: number }

/** Takes care of vaults, sealed and others, in either layout. */
export class Client extends Open {
  static open(setup: Setup | ClassicSetup): Promise<Client>;
  /** Reads the whole vault and says what is the matter; repairs what can be repaired safely, if asked to. It never deletes. */
  doctor(options?: CareOptions & { repair?: boolean }): Promise<Diagnosis>;
  /** The lock on the drive, if there is one. */
  heldLock(): Promise<HeldLock | undefined>;
  /** Removes a lock as it was shown; `condition` if there is another one by now. */
  breakLock(seen: HeldLock): Promise<void>;
  /**
   * Hands over every file of the vault, and at the end a list of them. A sealed vault stays sealed. A file whose path came before takes
   * the place of that. Edits that wait here are not in it: sync first.
   */
  exportVault(take: (file: VaultFile) => Answer<void>, options?: CareOptions): Promise<Transferred>;
  /**
   * Moves the vault to an empty place on another drive, for every device; this client works there from then on. Others get `moved`
   * with the address, which lies on the old drive: nothing by which somebody signs in belongs into it. What is interrupted goes on by
   * the same call.
   */
  moveTo(drive: Drive, options: CareOptions & { address: string }): Promise<Moved>;
  /**
   * Brings a vault from the classic layout to the journal layout, in an empty place, sealed there if `encryption` is given. Programs made
   * for db-to-cloud fail from then on; others get `moved` with the address, and follow. Open the client anew with the same state, that
   * drive and the journal layout. What is interrupted goes on by the same call.
   */
  migrate(drive: Drive, options: CareOptions & { address: string; encryption?: Encryption; waitMs?: number }): Promise<Migrated>;
  /** Follows a vault that was moved to this drive, once the user has agreed to the `to` of the error `moved`. */
  follow(drive: Drive): Promise<void>;
}

/**
 * Imports a vault into an empty place, as it was exported: it needs no key, and no client. `files` gives the files in the order of the
 * export; it is called more than once. What is interrupted is no vault, and the same call goes on.
 */
export function importVault(
  drive: Drive, files: () => Iterable<VaultFile> | AsyncIterable<VaultFile>, options?: CareOptions,
): Promise<Transferred>;

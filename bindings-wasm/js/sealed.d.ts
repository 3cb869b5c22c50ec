import { Client as Open, Setup as OpenSetup, SyncOptions } from "./index.js";

export * from "./index.js";
/** A passphrase, or 32 bytes. `padded`: sizes tell less. */
export type Encryption = ({ passphrase: string } | { key: Uint8Array }) & { padded?: boolean };
export interface Setup extends OpenSetup {
  /** What opens the vault, and seals it, if this client makes it. */
  encryption?: Encryption;
}
/** A passphrase or key that opens the vault. */
export interface KeySlot { id: string; label: string; isPassphrase: boolean; isOurs: boolean }
export interface Revocation {
  /** The id of the device; none for one that never wrote. */
  device?: string;
  /** What people call what opens the vault from now on: 1 to 64 bytes. */
  label: string;
  /** What opens the vault from now on; the device never had it. */
  encryption: Encryption;
  /** What else goes on opening the vault, and the device never had. */
  keep?: Encryption[];
}
export class Client extends Open {
  static open(setup: Setup): Promise<Client>;
  /** 32 bytes that open this vault as the passphrase does, for a store of keys; undefined before the first sync. */
  vaultKey(): Promise<Uint8Array | undefined>;
  /** Opens the keyring as it is on the drive now, without a sync. */
  lookForKeys(): Promise<void>;
  /** What opens the vault. A sync or `lookForKeys` comes first. */
  keys(): Promise<KeySlot[]>;
  addKey(label: string, encryption: Encryption): Promise<KeySlot>;
  removeKey(id: string): Promise<void>;
  /** Seals with a new key from now on; `keep` is what else opens the vault, as given to `addKey`. */
  rotateKey(keep?: Encryption[]): Promise<void>;
  /** Revokes a device: what it writes from then on counts for nobody. */
  revoke(revocation: Revocation, options?: SyncOptions): Promise<KeySlot>;
}

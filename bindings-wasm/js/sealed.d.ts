import { Client as Open, Setup as OpenSetup } from "./index.js";

export * from "./index.js";
/** A passphrase, or 32 bytes. `padded`: sizes tell less. */
export type Encryption = ({ passphrase: string } | { key: Uint8Array }) & { padded?: boolean };
export interface Setup extends OpenSetup {
  /** What opens the vault, and seals it, if this client makes it. */
  encryption?: Encryption;
}
export class Client extends Open {
  static open(setup: Setup): Promise<Client>;
}

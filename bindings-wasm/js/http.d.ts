import { Answer, Capabilities, Drive, PutFile } from "./index.js";

/** Sends a request; the global `fetch` by default. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;
export interface Sending { fetch?: Fetch }
/** `refused` is the token that the service has just refused. */
export interface Tokens { token(refused?: string): Answer<string> }
/** `classic` is for a client of `kitestring/classic`: the drive then keeps to the lock of db-to-cloud's. */
export interface Laid { layout?: "journal" | "classic" }
export interface HttpDrive extends Drive {
  readonly capabilities: Capabilities;
  /** Makes the folder, if it is not there. */
  makeRoot(): Promise<void>;
  putMany(files: PutFile[]): Promise<(string | Error)[]>;
}

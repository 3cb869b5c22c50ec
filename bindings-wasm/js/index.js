// The client for vaults that are not sealed.
import * as glue from "./client_bg.js";
import { journalOver } from "./journal.js";
import { Module } from "./load.js";

export const Client = journalOver(new Module(glue, "client", () => new URL("./client_bg.wasm", import.meta.url)));
export { KiteError } from "./error.js";
export { Drive, State } from "./memory.js";

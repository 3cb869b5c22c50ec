// The client for vaults in the classic layout: those of db-to-cloud.
import * as glue from "./classic_bg.js";
import { clientOver } from "./client.js";
import { Module } from "./load.js";

export const Client = clientOver(new Module(glue, "classic", () => new URL("./classic_bg.wasm", import.meta.url)));
export { KiteError } from "./error.js";
export { Drive, State } from "./memory.js";

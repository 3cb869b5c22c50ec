// The client for sealed vaults and others.
import * as glue from "./sealed_bg.js";
import { Module } from "./load.js";
import { sealedOver } from "./sealing.js";

export const Client = sealedOver(new Module(glue, "sealed", () => new URL("./sealed_bg.wasm", import.meta.url)));
export { KiteError } from "./error.js";
export { Drive, State } from "./memory.js";

// The WebAssembly module of db-to-cloud's client. Here, beside the code, since a bundle of `compat` lies here too.
import * as glue from "./compat_bg.js";
import { Module } from "./load.js";

export const module = new Module(glue, "compat", () => new URL("./compat_bg.wasm", import.meta.url));

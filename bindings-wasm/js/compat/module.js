// The WebAssembly module of db-to-cloud's client.
import * as glue from "../compat_bg.js";
import { Module } from "../load.js";

export const module = new Module(glue, "compat");

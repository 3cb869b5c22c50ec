import * as glue from "./dropbox_drive_bg.js";
import { driveOver } from "./http.js";
import { Module } from "./load.js";

export const Dropbox = driveOver(new Module(glue, "dropbox_drive", () => new URL("./dropbox_drive_bg.wasm", import.meta.url)));

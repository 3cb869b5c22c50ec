import * as glue from "./webdav_drive_bg.js";
import { driveOver } from "./http.js";
import { Module } from "./load.js";

export const WebDav = driveOver(new Module(glue, "webdav_drive", () => new URL("./webdav_drive_bg.wasm", import.meta.url)));

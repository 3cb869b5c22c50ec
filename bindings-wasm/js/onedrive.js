import * as glue from "./onedrive_drive_bg.js";
import { driveOver } from "./http.js";
import { Module } from "./load.js";

export const OneDrive = driveOver(new Module(glue, "onedrive_drive", () => new URL("./onedrive_drive_bg.wasm", import.meta.url)));

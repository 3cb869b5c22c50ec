import * as glue from "./gdrive_drive_bg.js";
import { driveOver } from "./http.js";
import { Module } from "./load.js";

export const GDrive = driveOver(new Module(glue, "gdrive_drive", () => new URL("./gdrive_drive_bg.wasm", import.meta.url)));

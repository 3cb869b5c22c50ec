import * as glue from "./github_drive_bg.js";
import { driveOver } from "./http.js";
import { Module } from "./load.js";

export const GitHub = driveOver(new Module(glue, "github_drive", () => new URL("./github_drive_bg.wasm", import.meta.url)));

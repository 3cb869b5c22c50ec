import * as glue from "./s3_drive_bg.js";
import { driveOver } from "./http.js";
import { Module } from "./load.js";

export const S3 = driveOver(new Module(glue, "s3_drive", () => new URL("./s3_drive_bg.wasm", import.meta.url)));

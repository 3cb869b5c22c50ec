import { drive } from "../../index.cjs";

declare const open: typeof drive.webdav;
export = open;

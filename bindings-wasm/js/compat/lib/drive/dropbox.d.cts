import { drive } from "../../index.cjs";

declare const open: typeof drive.dropbox;
export = open;

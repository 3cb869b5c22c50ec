import { drive } from "../../index.cjs";

declare const open: typeof drive.onedrive;
export = open;

import { drive } from "../../index.cjs";

declare const open: typeof drive.google;
export = open;

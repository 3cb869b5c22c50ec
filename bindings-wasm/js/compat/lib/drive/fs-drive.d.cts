import { drive } from "../../index.cjs";

declare const open: typeof drive.fsDrive;
export = open;

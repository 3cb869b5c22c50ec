import { drive } from "../../index.cjs";

declare const open: typeof drive.github;
export = open;

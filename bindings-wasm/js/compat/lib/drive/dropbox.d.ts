import { drive } from "../../index.js";

declare const open: typeof drive.dropbox;
export default open;

import { drive } from "../../index.js";

declare const open: typeof drive.webdav;
export default open;

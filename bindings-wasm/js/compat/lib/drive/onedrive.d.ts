import { drive } from "../../index.js";

declare const open: typeof drive.onedrive;
export default open;

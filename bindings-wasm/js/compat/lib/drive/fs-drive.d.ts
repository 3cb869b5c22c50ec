import { drive } from "../../index.js";

declare const open: typeof drive.fsDrive;
export default open;

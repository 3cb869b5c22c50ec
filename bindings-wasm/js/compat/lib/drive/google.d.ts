import { drive } from "../../index.js";

declare const open: typeof drive.google;
export default open;

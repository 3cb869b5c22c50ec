import { drive } from "../../index.js";

declare const open: typeof drive.github;
export default open;

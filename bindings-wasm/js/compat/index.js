// What npm's db-to-cloud 0.8.1 exports, over this library. COMPAT.md says what is the same and what is not.
export { dbToCloud } from "./lib/db-to-cloud.js";
export * as drive from "./lib/drive/index.js";

export { dbToCloud } from "../index.js";

// Everything of `compat`, for the bundles that are no ES modules.
export * from "./index.js";
export * from "./lib/lock.js";
export * from "./lib/request.js";

import { KiteError } from "../../../error.js";

/** Makes a drive that db-to-cloud has and this library has not: a program hears that when it asks for it. */
export const none = name => () => {
  throw new KiteError("unsupported", "open", `this library has no drive for ${name}: give one of your own`);
};

// One context at a time: of the pages, popups and workers of one origin, one holds a name, until it gives it back or is gone.
import { KiteError } from "./error.js";
import { takeLease } from "./lease.js";

/** How long somebody else is waited for, unless the caller says. */
const WAIT_MS = 10_000;
/** When to try again after that: whoever tries waits once more. */
const AGAIN_MS = 1_000;

/** Takes a name, and returns what gives it back. Refused with `locked`, if somebody else holds it for longer than `waitMs`. */
export function take(name, { waitMs = WAIT_MS } = {}) {
  return navigator.locks ? takeLock(name, waitMs) : takeLease(name, waitMs);
}

/** By the browser: a lock ends with the context that holds it, also if that is killed. */
function takeLock(name, waitMs) {
  return new Promise((resolve, reject) => {
    const impatience = new AbortController();
    const timer = setTimeout(() => impatience.abort(), waitMs);
    // A wait of nothing must not lose against a timer of nothing.
    const options = waitMs > 0 ? { signal: impatience.signal } : { ifAvailable: true };
    const held = lock => {
      clearTimeout(timer);
      if (!lock) return reject(taken(name));
      return new Promise(release => resolve(release));
    };
    navigator.locks.request(name, options, held).catch(error => reject(error.name === "AbortError" ? taken(name) : error));
  });
}

/** The error of a name that somebody else holds. */
export function taken(name) {
  const detail = "another page or worker of this browser is at work on it";
  return new KiteError("locked", "open", detail, { subject: name, retryAfterMs: AGAIN_MS });
}

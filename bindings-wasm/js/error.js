/** An error with a stable `code`. Hosts throw it too, to say by its code what went wrong. */
export class KiteError extends Error {
  name = "KiteError";

  constructor(code, operation, detail, { subject, retryAfterMs, cause } = {}) {
    super(`${operation}: ${detail}${subject === undefined ? "" : ` (${subject})`}`, { cause });
    Object.assign(this, { code, operation, detail });
    if (subject !== undefined) this.subject = subject;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}

/** Another client has locked the drive. */
export class LockError extends Error {
  name = "LockError";

  /** `expire`: when the lock ends, in milliseconds since the Unix epoch. */
  constructor(expire) {
    super(`The database is locked. Will expire at ${new Date(expire).toLocaleString()}`);
    this.expire = expire;
  }
}

/** Another client has locked the drive. */
export class LockError extends Error {
  constructor(expire: number);
  /** When the lock ends, in milliseconds since the Unix epoch. */
  readonly expire: number;
}

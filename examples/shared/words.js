// Errors, as a user is told them: what is the matter, and what to do. `action` is what a button beside it does.

const WORDS = {
  unauthorized: () => ({ text: "The server refuses this name or password.", action: "connect" }),
  rate_limited: error => ({ text: `The server asks for a pause. It is tried again in ${seconds(error)}.` }),
  unavailable: error => ({ text: `The server cannot be reached. It is tried again in ${seconds(error)}; your notes are safe here.` }),
  locked: error => ({ text: `Another tab or device is at work on the notes. It is tried again in ${seconds(error)}.` }),
  not_found: () => ({ text: "The folder on the server is gone. Check its address.", action: "connect" }),
  quota_exceeded: () => ({ text: "The server has no space left. Free some, then sync again.", action: "sync" }),
  corrupt: error => ({ text: `A file on the server is damaged (${error.subject}). Nothing here is lost.` }),
  wrong_key: () => ({ text: "The folder on the server is encrypted, and this program has no key for it.", action: "connect" }),
  vault_changed: () => ({ text: "The folder holds other notes than before. Join them with the notes here?", allow: "vaultChanged" }),
  moved: ({ to }) => ({ text: `The notes were moved to ${to ?? "another place"}. Connect to it if that is right.`, action: "connect" }),
  rollback: () => ({ text: "The folder is older than it was: somebody put back a copy. Go on with it?", allow: "rollback" }),
  host_older: () => ({ text: "Most notes here are older than they were. Take that for what you want?", allow: "hostOlder" }),
  mass_delete: ({ deletes, of }) => ({ text: `${deletes} of ${of} notes were deleted. Delete them everywhere?`, allow: "massDelete" }),
  unsupported: () => ({ text: "This server lacks what syncing needs. Choose another one.", action: "connect" }),
  needs_newer_version: () => ({ text: "The notes were written by a newer version of this program. Update it." }),
  application: () => ({ text: "The notes on this device cannot be read or written. Is the disk full?", action: "sync" }),
  state: () => ({ text: "The browser cannot store what syncing needs. Is the disk full?", action: "sync" }),
  cancelled: () => ({ text: "The sync was stopped.", action: "sync" }),
  invalid_input: error => ({ text: `The address cannot be used: ${error.detail}.`, action: "connect" }),
};

const seconds = ({ retryAfterMs = 10_000 }) => {
  const time = Math.max(1, Math.round(retryAfterMs / 1000));
  return time < 90 ? `${time} s` : `${Math.round(time / 60)} min`;
};

/** What to tell about an error. */
export function inWords(error) {
  const known = Object.hasOwn(WORDS, error.code) ? WORDS[error.code](error) : { text: "Something went wrong in this program.", action: "restart" };
  return { code: error.code, detail: error.message, ...known };
}

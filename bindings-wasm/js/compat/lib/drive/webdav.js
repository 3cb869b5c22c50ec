import { served } from "../../served.js";

/** A folder on a WebDAV server. */
export default function webdav({ username, password, url, fetch }) {
  return served("webdav", { fetch }, async fetch => {
    const { WebDav } = await import("../../../webdav.js");
    const account = username || password ? { user: username ?? "", password: password ?? "" } : {};
    return WebDav.open({ url, fetch, claimsCreate: true, ...account });
  });
}

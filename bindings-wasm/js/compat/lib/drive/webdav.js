import { classOf, served } from "../../served.js";

/** A folder on a WebDAV server. `WebDav` is the class of `kitestring/webdav`, where nothing can be imported later, as in a
 * service worker. */
export default function webdav({ username, password, url, fetch, WebDav }) {
  return served("webdav", { fetch }, async fetch => {
    const Drive = await classOf("WebDav", WebDav, () => import("../../../webdav.js"));
    const account = username || password ? { user: username ?? "", password: password ?? "" } : {};
    return Drive.open({ url, fetch, layout: "classic", ...account });
  });
}

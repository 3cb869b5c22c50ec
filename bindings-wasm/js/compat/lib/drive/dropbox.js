import { classOf, served } from "../../served.js";

/** The app's folder in Dropbox. `Dropbox` is the class of `kitestring/dropbox`, where nothing can be imported later, as in a
 * service worker; `service` is the address of an emulator. */
export default function dropbox({ getAccessToken, fetch, service, Dropbox }) {
  return served("dropbox", { fetch }, async fetch => {
    const Drive = await classOf("Dropbox", Dropbox, () => import("../../../dropbox.js"));
    return Drive.open({ folder: "/", token: () => getAccessToken(), fetch, service });
  });
}

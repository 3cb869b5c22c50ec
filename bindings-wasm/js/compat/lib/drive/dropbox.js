import { served } from "../../served.js";

/** The app's folder in Dropbox. `service` is the address of an emulator. */
export default function dropbox({ getAccessToken, fetch, service }) {
  return served("dropbox", { fetch }, async fetch => {
    const { Dropbox } = await import("../../../dropbox.js");
    return Dropbox.open({ folder: "/", token: () => getAccessToken(), fetch, service });
  });
}

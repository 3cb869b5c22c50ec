import { HttpDrive, Laid, Sending } from "./http.js";

/** A folder on a WebDAV server. A web page reaches only servers that allow it by CORS. */
export const WebDav: { open(setup: Laid & Sending & { url: string; user?: string; password?: string }): Promise<HttpDrive> };

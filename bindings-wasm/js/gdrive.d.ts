import { HttpDrive, Laid, Sending, Tokens } from "./http.js";

/** A folder of Google Drive; without `folder`, the hidden one of the app. `service` is the address of an emulator. */
export const GDrive: { open(setup: Laid & Sending & Tokens & { folder?: string; service?: string }): Promise<HttpDrive> };

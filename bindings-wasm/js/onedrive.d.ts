import { HttpDrive, Sending, Tokens } from "./http.js";

/** A folder of OneDrive, as "/notes", for either layout; without `folder`, that of the app. `service` is the address of an emulator. */
export const OneDrive: { open(setup: Sending & Tokens & { folder?: string; service?: string }): Promise<HttpDrive> };

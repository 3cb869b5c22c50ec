import { HttpDrive, Sending, Tokens } from "./http.js";

/** A folder of Dropbox, for either layout. `service` is the address of an emulator. */
export const Dropbox: { open(setup: Sending & Tokens & { folder: string; service?: string }): Promise<HttpDrive> };

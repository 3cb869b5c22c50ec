import { Answer } from "./index.js";
import { Sending, Tokens } from "./http.js";

/** A service, and the app as it is registered there. */
export interface Provider { readonly service: string; readonly clientId: string }
/** `service` is the address of an emulator. */
export function dropbox(app: { clientId: string; service?: string }): Provider;
/** Google gives a secret to apps that run with the person, where nothing is secret, and wants it back. */
export function google(app: { clientId: string; clientSecret?: string; service?: string }): Provider;

/** With `allFiles` for a folder that people see, otherwise for that of the app. */
export function onedrive(app: { clientId: string; allFiles?: boolean; service?: string }): Provider;

/** What is kept of a sign-in: plain JSON, and secret. */
export interface Kept { readonly pending?: object; readonly grant?: object }
/** Where it is kept; `undefined` is nothing. */
export interface TokenStore {
  load(): Answer<Kept | undefined>;
  save(kept: Kept | undefined): Answer<unknown>;
}
/** What `launch` needs of `chrome.identity`. */
export interface Identity {
  getRedirectURL(): string;
  launchWebAuthFlow(details: { url: string; interactive: boolean }): Promise<string | undefined>;
}

/** One account at one service, by OAuth 2 with PKCE. */
export class SignIn implements Tokens {
  constructor(setup: Sending & { provider: Provider; store: TokenStore });
  /** Begins: gives the address for the browser. The service sends it on to `redirect`, which is registered for the app there. */
  begin(redirect: string): Promise<string>;
  /** Ends it, with the address to which the browser was sent: `cancelled` if the person has said no. */
  finish(address: string): Promise<void>;
  /** Both, in the window of `chrome.identity`. */
  launch(identity?: Identity): Promise<void>;
  /** For `Dropbox.open`, `GDrive.open` and `OneDrive.open`. One refresh serves all who ask; `unauthorized` once somebody must sign in anew. */
  readonly token: (refused?: string) => Promise<string>;
  /** Gives the tokens back to the service, and forgets them. */
  end(): Promise<void>;
}

// Signing in to Dropbox, Google and OneDrive by OAuth 2 with PKCE, from a page or an extension, and tokens that stay fresh.
import { Endpoint } from "./endpoint.js";
import { failure, ofAnswer, signedOut } from "./failure.js";

export { dropbox, google, onedrive } from "./provider.js";

/** A token is renewed at this part of its life. */
const RENEWED_AT = 0.8;
/** How long a token that is due and cannot be renewed is used without another attempt. */
const QUIET_MS = 30_000;

const isDue = ({ issuedMs, lifeMs }, part) => lifeMs !== undefined && Date.now() >= issuedMs + part * lifeMs;

/** One account at one service. What is known of it is where the host keeps it. */
export class SignIn {
  #provider;
  #store;
  #endpoint;
  #grant;
  #renewal;
  #quietUntil = 0;

  constructor({ provider, store, fetch: send = (...given) => fetch(...given) }) {
    this.#provider = provider;
    this.#store = store;
    this.#endpoint = new Endpoint(provider, send);
  }

  /** Begins: returns the address for the browser. The service sends it on to `redirect`, which the app has registered there. */
  async begin(redirect) {
    const { address, pending } = await this.#endpoint.begin(redirect);
    await this.#store.save({ ...(await this.#store.load()), pending });
    return address;
  }

  /** Ends it, with the address to which the browser was sent. */
  async finish(address) {
    const pending = (await this.#store.load())?.pending;
    if (!pending) throw failure("invalid_input", "no sign-in is under way here: begin one");
    let answer;
    try {
      answer = this.#endpoint.answer(address, pending);
    } catch (error) {
      throw ofAnswer(error, this.#provider.service);
    }
    await this.#keep(await this.#endpoint.exchange(answer, pending));
  }

  /** The same by the window that an extension opens. */
  async launch(identity = globalThis.chrome.identity) {
    const url = await this.begin(identity.getRedirectURL());
    const address = await identity.launchWebAuthFlow({ url, interactive: true }).catch(() => undefined);
    if (!address) throw failure("cancelled", "the window was closed, or could not be loaded; nothing was changed", { retryAfterMs: 0 });
    await this.finish(address);
  }

  /** Gives the token for a request: what the drives of this package ask for. `refused` is one that the service has refused. */
  token = async refused => {
    if (this.#fits(this.#grant, refused)) return this.#grant.access;
    if (this.#renewal) {
      const access = await this.#renewal;
      if (access !== refused) return access;
    }
    this.#renewal ??= this.#renewed(refused).finally(() => (this.#renewal = undefined));
    return this.#renewal;
  };

  /** Gives the tokens back, and forgets them. */
  async end() {
    const grant = (await this.#store.load())?.grant;
    if (grant) await this.#endpoint.revoke(grant);
    await this.#store.save(undefined);
    this.#grant = undefined;
  }

  #fits(grant, refused) {
    return grant && grant.access !== refused && !isDue(grant, Date.now() < this.#quietUntil ? 1 : RENEWED_AT);
  }

  /** Another page or worker may have renewed it: what is kept comes first. */
  async #renewed(refused) {
    const grant = (await this.#store.load())?.grant;
    if (grant?.clientId !== this.#provider.clientId) throw signedOut(this.#provider.service);
    this.#grant = grant;
    if (this.#fits(grant, refused)) return grant.access;
    try {
      return await this.#keep(await this.#endpoint.refresh(grant));
    } catch (error) {
      if (error.code === "unauthorized" || grant.access === refused || isDue(grant, 1)) throw error;
      this.#quietUntil = Date.now() + QUIET_MS;
      return grant.access;
    }
  }

  /** Keeps new tokens before they are used. */
  async #keep(grant) {
    await this.#store.save({ grant });
    this.#grant = grant;
    return grant.access;
  }
}

// Where a service gives tokens, renews them and takes them back: `oauth4webapi` makes the requests and reads the answers.
import * as oauth from "oauth4webapi";
import { failure, ofRequest, ofStatus } from "./failure.js";

export class Endpoint {
  #provider;
  #client;
  #authentication;
  #options;
  #send;

  constructor(provider, send) {
    this.#provider = provider;
    this.#send = send;
    this.#client = { client_id: provider.clientId };
    this.#authentication = provider.clientSecret === undefined ? oauth.None() : oauth.ClientSecretPost(provider.clientSecret);
    // An emulator on this machine has no TLS.
    this.#options = { [oauth.customFetch]: send, [oauth.allowInsecureRequests]: provider.isLocal };
  }

  /** Begins a sign-in: where the person goes, and what is to be remembered until the answer. */
  async begin(redirect) {
    const { clientId, server, scopes, parameters } = this.#provider;
    const pending = { redirect, state: oauth.generateRandomState(), verifier: oauth.generateRandomCodeVerifier() };
    const query = new URLSearchParams({
      client_id: clientId,
      response_type: "code",
      redirect_uri: redirect,
      state: pending.state,
      scope: scopes.join(" "),
      code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: "S256",
      ...parameters,
    });
    return { address: `${server.authorization_endpoint}?${query}`, pending };
  }

  /** Takes what the address holds to which the browser was sent back, if it answers this sign-in. */
  answer(address, { state }) {
    return oauth.validateAuthResponse(this.#provider.server, this.#client, new URL(address), state);
  }

  /** Gives a code for tokens. */
  async exchange(answer, { redirect, verifier }) {
    const { server, service, scopes } = this.#provider;
    const tokens = await this.#tokens(
      () => oauth.authorizationCodeGrantRequest(server, this.#client, this.#authentication, answer, redirect, verifier, this.#options),
      response => oauth.processAuthorizationCodeResponse(server, this.#client, response),
    );
    const granted = tokens.scope?.split(" ") ?? [];
    // Microsoft does not name `offline_access`: the refresh token says that it was granted.
    const lacking = tokens.scope && scopes.find(scope => scope !== "offline_access" && !granted.includes(scope));
    if (lacking) throw failure("unauthorized", `${service} may not give \`${lacking}\`: sign in once more, and allow all that is asked for`);
    if (!tokens.refresh_token) throw failure("unauthorized", `${service} gave no refresh token: sign in once more`);
    return this.#grant(tokens, tokens.refresh_token);
  }

  /** Gives a refresh token for new tokens. */
  async refresh({ refresh }) {
    const { server } = this.#provider;
    const tokens = await this.#tokens(
      () => oauth.refreshTokenGrantRequest(server, this.#client, this.#authentication, refresh, this.#options),
      response => oauth.processRefreshTokenResponse(server, this.#client, response),
    );
    return this.#grant(tokens, tokens.refresh_token ?? refresh);
  }

  /** Gives tokens back, if the service takes any. Those that it knows no longer count as given back. */
  async revoke(grant) {
    const { service, revocation } = this.#provider;
    if (!revocation) return;
    const { url, init } = revocation(grant);
    const response = await this.#send(url, init).catch(error => Promise.reject(ofRequest(error, undefined, service)));
    if (!response.ok && response.status !== 400 && response.status !== 401) throw ofStatus(response, service);
  }

  async #tokens(request, read) {
    let response;
    try {
      response = await request();
      return await read(response);
    } catch (error) {
      throw ofRequest(error, response, this.#provider.service);
    }
  }

  #grant({ access_token: access, token_type: kind, expires_in: seconds }, refresh) {
    const { clientId, service } = this.#provider;
    if (kind !== "bearer") throw failure("unsupported", `${service} gave a token of a kind that drives do not know`);
    return { clientId, access, refresh, issuedMs: Date.now(), ...(seconds && { lifeMs: seconds * 1000 }) };
  }
}

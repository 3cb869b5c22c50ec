// What goes wrong at a sign-in, in a caller's words. What a service says beyond its code is left out, and no `cause` is given:
// both may hold a token.
import * as oauth from "oauth4webapi";
import { KiteError } from "../error.js";

/** As long as a service that does not answer is left alone. */
const REST_MS = 10_000;

export const failure = (code, detail, more) => new KiteError(code, "sign-in", detail, more);

export const signedOut = service => failure("unauthorized", `nobody is signed in to ${service}: sign in`);

const REFUSALS = {
  invalid_grant: "does not accept this sign-in: it has expired or was revoked; sign in once more",
  invalid_client: "does not know this app: check its id, and its secret if it has one",
  unauthorized_client: "does not know this app: check its id, and its secret if it has one",
};

/** What the address says to which the browser was sent back, if it brings no code. */
export function ofAnswer(error, service) {
  if (!(error instanceof oauth.AuthorizationResponseError)) {
    return failure("invalid_input", "this answer belongs to another sign-in, or is none: begin once more");
  }
  if (error.error === "access_denied") return failure("cancelled", "access was denied; nothing was changed", { retryAfterMs: 0 });
  return failure("unauthorized", `${service} gave no code: check the app's settings there`);
}

/** What a service answers that does not give tokens. */
export function ofStatus(response, service) {
  const seconds = Number(response.headers.get("retry-after"));
  const retryAfterMs = seconds > 0 ? seconds * 1000 : REST_MS;
  if (response.status === 429) return failure("rate_limited", `${service} is asked too often`, { retryAfterMs });
  return failure("unavailable", `${service} gives no tokens at the moment: ${response.status}`, { retryAfterMs });
}

/** What has come of a request for tokens. */
export function ofRequest(error, response, service) {
  if (error instanceof KiteError) return error;
  if (response === undefined) return failure("unavailable", `${service} cannot be reached`, { retryAfterMs: REST_MS });
  if (error instanceof oauth.ResponseBodyError && response.status !== 429) {
    return failure("unauthorized", `${service} ${REFUSALS[error.error] ?? "refuses what this app asks for: check its settings there"}`);
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) return failure("unauthorized", `${service} ${REFUSALS.invalid_client}`);
  return ofStatus(response, service);
}

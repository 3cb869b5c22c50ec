// Requests of drives that a program makes itself: one at a time, with the credentials of the drive.
import { pause, turns } from "../time.js";

/** What a service answered that is no success. `code` is its status, unless a drive makes it `"ENOENT"` or `"EEXIST"`. */
export class RequestError extends Error {
  name = "RequestError";

  constructor(message, origin, code = origin?.status) {
    super(message);
    this.code = code;
    this.origin = origin;
  }
}

const base64 = text => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** The most pauses of one request that a service may ask for. */
const MOST_PAUSES = 10;

/** `cooldown`: how many milliseconds nothing is sent after what is no `GET`. */
export function createRequest({ fetch = globalThis.fetch, cooldown = 0, getAccessToken, username, password }) {
  const inTurn = turns();
  const basic = username || password ? `Basic ${base64(`${username}:${password}`)}` : undefined;

  async function credentials() {
    if (basic) return { Authorization: basic };
    return getAccessToken ? { Authorization: `Bearer ${await getAccessToken()}` } : {};
  }

  async function answered({ path, contentType, headers, format, raw = false, ...init }) {
    const type = contentType ? { "Content-Type": contentType } : {};
    const sent = { headers: { ...(await credentials()), ...type, ...headers }, ...init };
    for (let pauses = 0; ; pauses += 1) {
      const response = await fetch(path, sent);
      if (response.ok) return raw ? response : content(response, format);
      const seconds = Number(response.headers.get("Retry-After"));
      if (!seconds || pauses === MOST_PAUSES) {
        throw new RequestError(`failed to fetch [${response.status}]: ${await response.text()}`, response);
      }
      await pause(seconds * 1000);
    }
  }

  return async request => {
    let rest = 0;
    const answer = inTurn(async () => {
      rest = request.method && request.method !== "GET" ? cooldown : 0;
      return answered(request);
    });
    inTurn(() => rest && pause(rest));
    return answer;
  };
}

function content(response, format) {
  if (format) return response[format]();
  return /application\/json/.test(response.headers.get("Content-Type")) ? response.json() : response.text();
}

/** What a service answered that is no success. */
export class RequestError extends Error {
  constructor(message: string, origin?: Response, code?: number | string);
  /** The status, unless a drive makes it `"ENOENT"` or `"EEXIST"`. */
  code?: number | string;
  readonly origin?: Response;
}
export interface Request extends RequestInit {
  path: string;
  contentType?: string;
  /** The method of `Response` that reads the content. */
  format?: "text" | "json" | "blob" | "arrayBuffer";
  /** Returns the `Response` itself. */
  raw?: boolean;
}
export interface RequestOptions {
  fetch?(url: string, init: RequestInit): Promise<Response>;
  /** How many milliseconds nothing is sent after what is no `GET`. */
  cooldown?: number;
  getAccessToken?(): string | Promise<string>;
  username?: string;
  password?: string;
}
export function createRequest(options: RequestOptions): (request: Request) => Promise<unknown>;

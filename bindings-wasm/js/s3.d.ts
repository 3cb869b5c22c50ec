import { HttpDrive, Sending } from "./http.js";

/** Where a bucket is, and the keys to it. */
export interface Bucket {
  bucket: string;
  /** A folder in the bucket; the bucket itself by default. */
  folder?: string;
  /** The address of the store; that of Amazon by default. */
  endpoint?: string;
  /** `us-east-1` by default, which most stores but Amazon's take. */
  region?: string;
  /** Whether the bucket is named by the path or by the host; as is usual at the store by default. */
  style?: "path" | "host";
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** The store refuses one write after the other, but lets two pass that come at once. */
  withoutConditions?: boolean;
}

/**
 * A bucket of Amazon S3 or of a store that speaks like it; `makeRoot` makes sure that it is there, and makes none. A web page
 * reaches only buckets that allow it by CORS: `GET`, `HEAD`, `PUT`, `POST` and `DELETE`, all headers, `ETag` exposed.
 */
export const S3: { open(setup: Sending & Bucket): Promise<HttpDrive> };

//! The TypeScript declarations of everything that is a plain value.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const FACE: &str = r#"
export type Id = string | number;
export type Revision = string | number;
/** The bytes, or the size of a body that is passed in parts. */
export type Body = Uint8Array | { size: number };
export interface Document<B = Uint8Array> { id: Id; revision: Revision; body: B }
export interface Entry { id: Id; revision: Revision; digest?: string; size?: number }
export interface Change { id: Id; revision: Revision; action: "put" | "delete" }
/** No `body` means delete; no `expected` means "you have none". */
export interface Incoming<B = Uint8Array> { id: Id; revision: Revision; body?: B; expected?: Revision }
export type Outcome = "applied" | "stale" | { rejected: string };
export interface Side { revision: Revision; digest: string }
export interface Conflict { id: Id; kind: "edit-edit" | "edit-delete" | "delete-edit" | "adopt"; base?: Side; local?: Side; remote?: Side }
export type Resolution = "keepLocal" | "takeRemote" | { merged: { revision: Revision; body: Body } };
export interface Report {
  pushed: number; pulled: number; deleted: number; conflicts: Conflict[]; skipped: { id: Id; why: string }[];
  requests: number; elapsedMs: number; stopped?: "deadline";
}
export interface KiteError extends Error { code: string; operation: string; subject?: string; detail: string; retryAfterMs?: number }
type Answer<T> = T | Promise<T>;
/** What the host implements: any object with these methods, plain or async. Bodies are whole. */
export interface Application<B = Uint8Array> {
  get(ids: Id[]): Answer<Document<B>[]>;
  apply(changes: Incoming<B>[]): Answer<Outcome[]>;
  entries(after: Id | undefined, limit: number): Answer<Entry[]>;
  missing?(ids: Id[]): Answer<Id[]>;
  uncommitted?(after: Id | undefined, limit: number): Answer<Change[]>;
  committed?(changes: Change[]): Answer<void>;
}
/** A host that passes bodies above a size in parts. */
export interface PartsApplication extends Application<Body> {
  /** The largest body, in bytes, that is passed whole. */
  readonly wholeBodyBytes: number;
  readPart(part: { id: Id; revision: Revision; offset: number; length: number }): Answer<Uint8Array | undefined>;
  stagePart(part: { id: Id; revision: Revision; offset: number; bytes: Uint8Array }): Answer<void>;
}
"#;

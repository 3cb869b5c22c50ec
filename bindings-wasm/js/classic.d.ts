import { Client as Open, Setup as OpenSetup } from "./index.js";

export * from "./index.js";
export interface Setup extends Omit<OpenSetup, "layout"> {
  layout?: "classic";
  /** Whether ids and revisions whose text is a number are numbers on the drive, also for a host that has text. */
  numbers?: boolean;
}
/** What the client of the other layout has, and this one has not. */
type OnlyJournal = "compact" | "leftVersions" | "claim" | "history" | "restore" | "devices" | "pairingCode" | "lower";
/** One device's instance, in a vault that clients of db-to-cloud use too. Bodies are JSON texts. */
export interface Client extends Omit<Open, OnlyJournal> {}
export const Client: {
  /** Opens a client. The drive is not asked. */
  open(setup: Setup): Promise<Client>;
};

import { HttpDrive, Laid, Sending, Tokens } from "./http.js";

/** Where a drive is in GitHub. */
export interface Repository {
  owner: string;
  repository: string;
  /** `kitestring` by default: a branch of its own, with a history of its own. */
  branch?: string;
  /** A folder in the branch; its top by default. */
  folder?: string;
  /** The address of an emulator. */
  service?: string;
}

/** A branch of a repository of GitHub; `makeRoot` makes the branch, and no repository. */
export const GitHub: { open(setup: Laid & Repository & Sending & Tokens): Promise<HttpDrive> };

// Lets another program use a drive of the npm package: node drive.mjs MODULE FOLDER. Its first line says what the drive can do;
// then each line is a question, `{ id, call, given }`, and has a line as its answer. Bytes travel as Base64.
import { createInterface } from "node:readline";

const [, , module, folder] = process.argv;
const tell = what => process.stdout.write(`${JSON.stringify(what)}\n`);
const failed = ({ code = "internal", detail, message }) => ({ error: { code, detail: detail ?? message } });

const calls = {
  get: (drive, { path, range, unless }) => drive.get(path, { range: range ?? undefined, unless: unless ?? undefined }),
  put: (drive, { path, bytes, condition }) => drive.put(path, new Uint8Array(Buffer.from(bytes, "base64")), condition),
  delete: (drive, { path, condition }) => drive.delete(path, condition),
  list: (drive, { path, cursor }) => drive.listDir(path, cursor ?? undefined),
};

async function answered(drive, { id, call, given }) {
  try {
    const answer = await calls[call](drive, given);
    return { id, answer: answer?.bytes ? { ...answer, bytes: Buffer.from(answer.bytes).toString("base64") } : (answer ?? null) };
  } catch (error) {
    return { id, ...failed(error) };
  }
}

try {
  const { FolderDrive } = await import(module);
  const drive = await FolderDrive.open(folder);
  tell(drive.capabilities);
  createInterface({ input: process.stdin }).on("line", async line => tell(await answered(drive, JSON.parse(line))));
} catch (error) {
  tell(failed(error));
}

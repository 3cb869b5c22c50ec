// The new side: the `host` program over kitestring, one process for each device.
import {spawn} from "node:child_process";
import {createInterface} from "node:readline";
import {fileURLToPath} from "node:url";

const target = process.env.CARGO_TARGET_DIR || fileURLToPath(new URL("../../target", import.meta.url));

/** Where cargo puts the program `name`. */
export function program(name) {
  return `${target}/debug/${name}`;
}

/** An error that the host reported. */
export class HostError extends Error {
  constructor(fields) {
    super(`${fields.code}: ${fields.detail}`);
    Object.assign(this, fields);
  }
}

/** One device that runs kitestring. */
export class NewClient {
  #answers;

  /** `home` keeps the documents and the client's state; `delayMs` slows every request to the drive. */
  constructor(drive, home, delayMs = 0) {
    this.process = spawn(program("host"), [drive, home, String(delayMs)], {stdio: ["pipe", "pipe", "inherit"]});
    this.ended = new Promise(resolve => this.process.on("exit", resolve));
    this.process.stdin.on("error", () => {}); // a killed host is noticed by its missing answer
    this.#answers = createInterface({input: this.process.stdout})[Symbol.asyncIterator]();
  }

  async #ask(request) {
    this.process.stdin.write(JSON.stringify(request) + "\n");
    const {value, done} = await this.#answers.next();
    if (done) throw new Error("the host ended without an answer");
    const answer = JSON.parse(value);
    if (answer.error) throw new HostError(answer.error);
    return answer;
  }

  put(...docs) { return this.#ask({put: {docs}}); }
  delete(id, rev) { return this.#ask({delete: {id, rev}}); }
  sync(options = {}) { return this.#ask({sync: options}); }
  async all() { return (await this.#ask("dump")).docs.sort((a, b) => String(a._id) < String(b._id) ? -1 : 1); }
  async conflicts() { return (await this.#ask("conflicts")).conflicts; }
  resolve(id, how) { return this.#ask({resolve: {id, how}}); }

  async close() {
    this.process.stdin.end();
    await this.ended;
  }

  async kill() {
    this.process.kill("SIGKILL");
    await this.ended;
  }
}

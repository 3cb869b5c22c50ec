// The kite side: a folder of files, and the command run on it.
import {execFile} from "node:child_process";
import {existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {program} from "./new.js";

/** A folder of files that kite syncs with the drive of a place. */
export class Folder {
  constructor(place, name) {
    this.path = join(place.root, name);
    mkdirSync(this.path);
    this.drive = place.drive;
  }

  write(file, text) {
    mkdirSync(dirname(join(this.path, file)), {recursive: true});
    writeFileSync(join(this.path, file), text);
  }

  read(file) { return readFileSync(join(this.path, file), "utf8"); }
  has(file) { return existsSync(join(this.path, file)); }
  remove(file) { rmSync(join(this.path, file)); }

  /** Runs kite on the folder and checks its exit code. */
  kite(command, args = [], code = 0) {
    return new Promise((resolve, reject) => {
      const child = execFile(program("kite"), [command, this.path, ...args], (error, stdout, stderr) => {
        const ended = error ? error.code : 0;
        if (ended === code) resolve(stdout);
        else reject(new Error(`kite ${command} ended with ${ended}\n${stdout}${stderr}`));
      });
      child.stdin.end();
    });
  }

  init() { return this.kite("sync", ["--drive", this.drive, "--layout", "classic"]); }
  sync(code) { return this.kite("sync", [], code); }
}

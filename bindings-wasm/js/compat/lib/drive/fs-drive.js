// A folder of this machine, for Node.

const nodeFs = () => import(/* webpackIgnore: true */ /* @vite-ignore */ "node:fs/promises");

/** `getFs` gives what has the methods of `node:fs/promises`. */
export default function fsDrive({ folder, getFs = nodeFs }) {
  let fs;
  const at = file => `${folder}/${file}`;

  /** Makes the folder of a file when it turns out to be missing. */
  async function withFolder(file, work) {
    try {
      await work();
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
      await fs.mkdir(at(file).replace(/\/[^/]*$/, ""), { recursive: true });
      await work();
    }
  }

  /** Nobody reads half a file: it is written in the root, where no document is, and takes the other's place. */
  async function replace(file, text) {
    const fresh = `.writing-${Math.random().toString(36).slice(2)}`;
    await withFolder(fresh, () => fs.writeFile(at(fresh), text));
    await withFolder(file, () => fs.rename(at(fresh), at(file)));
  }

  return {
    name: "fs-drive",
    async init() {
      fs = await getFs();
    },
    get: file => fs.readFile(at(file), "utf8"),
    put: replace,
    post: (file, text) => withFolder(file, () => fs.writeFile(at(file), text, { flag: "wx" })),
    delete: file =>
      fs.unlink(at(file)).catch(error => {
        if (error.code !== "ENOENT") throw error;
      }),
    list: file => fs.readdir(at(file)),
  };
}

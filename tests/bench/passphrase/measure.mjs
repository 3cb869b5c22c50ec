// Prints how long a passphrase of the usual cost takes in WebAssembly under Node: the best of seven.
//
//   cd tests/bench/passphrase
//   cargo build --release --target wasm32-unknown-unknown --target-dir ../../../target/bench/passphrase
//   node measure.mjs ../../../target/bench/passphrase/wasm32-unknown-unknown/release/kitestring_bench_passphrase.wasm
import { readFileSync } from "node:fs";

const [file, memory = 65536, passes = 10, lanes = 1] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(file));
const times = [];
for (let n = 0; n < 7; n++) {
  const begun = performance.now();
  if (instance.exports.try_passphrase(+memory, +passes, +lanes) === 256) throw new Error("refused");
  times.push(performance.now() - begun);
}
console.log(`Argon2id, ${memory} KiB, ${passes} passes, ${lanes} lane: ${Math.min(...times).toFixed(0)} ms, Node ${process.version}`);

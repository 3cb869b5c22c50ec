// The page's worker: syncing takes nothing from the page's own thread.
import { Syncing } from "./syncing.js";

const EVERY_MS = 5 * 60_000;

const started = Syncing.start();
let timer;

/** Syncs, and again when it is time. */
async function keepingOn(work) {
  clearTimeout(timer);
  const againMs = await work(await started);
  clearTimeout(timer);
  timer = setTimeout(() => keepingOn(syncing => syncing.sync()), againMs ?? EVERY_MS);
}

onmessage = async ({ data: message, ports: [port] }) => {
  const syncs = message.what === "sync" || message.what === "edited";
  if (syncs) keepingOn(syncing => syncing.answer(message));
  port.postMessage(syncs ? undefined : await (await started).answer(message));
};

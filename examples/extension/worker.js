// The extension's worker, the one place that syncs. The browser ends it whenever it likes: nothing is kept in memory that matters,
// and an alarm that is set before a sync wakes it again if the sync has not ended.
import { Syncing } from "./syncing.js";

const EVERY_MINUTES = 30;
/** A browser rings an alarm after half a minute at the earliest. */
const SOON_MINUTES = 0.5;

let started;
/** How many of those who sync have not ended. */
let running = 0;
const syncing = () => (started ??= Syncing.start());

/** Runs what syncs, and sees to it that somebody goes on if it does not end, or ends too early. */
async function keepingOn(work) {
  running += 1;
  // A worker that calls the browser now and then is at work.
  const awake = setInterval(() => chrome.runtime.getPlatformInfo(), 20_000);
  try {
    await chrome.alarms.create("again", { delayInMinutes: SOON_MINUTES, periodInMinutes: SOON_MINUTES });
    const againMs = await work(await syncing());
    if (running > 1) return;
    if (againMs === undefined) await chrome.alarms.clear("again");
    else await chrome.alarms.create("again", { delayInMinutes: Math.max(SOON_MINUTES, againMs / 60_000) });
  } finally {
    running -= 1;
    clearInterval(awake);
  }
}

// A browser may forget its alarms when it ends.
const begin = () => chrome.alarms.create("sync", { delayInMinutes: SOON_MINUTES, periodInMinutes: EVERY_MINUTES });
chrome.runtime.onInstalled.addListener(begin);
chrome.runtime.onStartup.addListener(begin);
chrome.alarms.onAlarm.addListener(() => keepingOn(syncing => syncing.sync()));

chrome.runtime.onMessage.addListener((message, _, answer) => {
  if (message.what === "restart") return chrome.runtime.reload();
  if (message.what === "sync" || message.what === "edited") {
    keepingOn(syncing => syncing.answer(message));
    return answer();
  }
  syncing().then(syncing => syncing.answer(message)).then(answer);
  // The answer comes later.
  return true;
});

// The extension's worker, the one place that syncs. The browser ends it whenever it likes: nothing is kept in memory that matters,
// and an alarm that is set before a sync wakes it again if the sync has not ended.
import { Syncing } from "./syncing.js";

const EVERY_MINUTES = 30;
/** A browser rings an alarm after half a minute at the earliest. */
const SOON_MINUTES = 0.5;

let started;
const syncing = () => (started ??= Syncing.start());

/** Runs what syncs, and sees to it that somebody goes on if it does not end, or ends too early. */
async function keepingOn(work) {
  await chrome.alarms.create("again", { delayInMinutes: SOON_MINUTES, periodInMinutes: SOON_MINUTES });
  // A worker that calls the browser now and then is at work.
  const awake = setInterval(() => chrome.runtime.getPlatformInfo(), 20_000);
  try {
    const againMs = await work(await syncing());
    if (againMs === undefined) await chrome.alarms.clear("again");
    else await chrome.alarms.create("again", { delayInMinutes: Math.max(SOON_MINUTES, againMs / 60_000) });
  } finally {
    clearInterval(awake);
  }
}

chrome.runtime.onInstalled.addListener(() => chrome.alarms.create("sync", { periodInMinutes: EVERY_MINUTES }));
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

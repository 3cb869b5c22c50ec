// The controller: what a program calls, one call after the other. What happens on the drive is the module's.
import { built, fileVerbs } from "../drive.js";
import { module } from "../../compat_module.js";
import { programOf } from "../program.js";
import { debounced, pause, turns } from "../time.js";
import { LockError } from "./lock.js";

/** What the program itself threw is thrown on as it is. */
function translated(error) {
  if (error?.name !== "KiteError") return error;
  return error.code === "locked" ? new LockError(error.untilMs) : (error.cause ?? error);
}

const asThrown = promise => promise.catch(error => Promise.reject(translated(error)));

export function dbToCloud(options) {
  const { onFirstSync, onProgress, onWarn = console.error, getState, setState } = options;
  const { lockExpire = 60, retryMaxAttempts = 5, retryExp = 1.5, retryDelay = 10 } = options;
  const inTurn = turns();
  const saveState = debounced(() => setState(drive, state));
  const standing = { state: () => state, save: saveState };
  const meta = { known: undefined };
  let drive, state, engine;

  /** The module's side, over the drive in use. */
  function opened() {
    if (engine) return engine;
    const made = module.load().then(glue => asThrown(module.call(() => glue.Compat.open(programOf(options, standing), fileVerbs(drive, meta)))));
    // What failed is tried again.
    made.catch(() => {
      if (engine === made) engine = undefined;
    });
    return (engine = made);
  }

  const call = async work => {
    const on = await opened();
    return asThrown(module.call(() => work(on)));
  };

  /** The lock of a drive that brings none. That it is tried is remembered first: a program that dies finds its own again. */
  const fileLock = {
    async acquireLock(minutes) {
      const left = state?.kitestring?.held;
      const hold = await call(on => on.newHold());
      if (state) {
        state.kitestring = { ...state.kitestring, held: hold };
        await saveState();
      }
      await call(on => on.acquire(minutes * 60_000, hold, left));
    },
    async releaseLock() {
      await call(on => on.release());
      delete state?.kitestring?.held;
    },
  };

  function use(newDrive) {
    drive = built(newDrive, fileLock);
    engine = meta.known = undefined;
  }

  const init = () => inTurn(async () => {
    if (state?.enabled) return;
    if (!drive) throw new Error("cloud drive is undefined");
    state = (await getState(drive)) || {};
    state.enabled = true;
    state.queue ??= [];
  });

  const uninit = () => inTurn(async () => {
    if (!state?.enabled) return;
    state = null;
    engine = meta.known = undefined;
    if (drive.uninit && drive.isInit) {
      await drive.uninit();
      drive.isInit = false;
    }
    await saveState();
  });

  const syncNow = peek => inTurn(async () => {
    if (!state?.enabled) throw new Error("Cannot sync now, the sync is not enabled");
    if (drive.init && !drive.isInit) {
      await drive.init();
      drive.isInit = true;
    }
    if (state.lastChange == null) await onFirstSync();
    await observed(peek);
  });

  async function observed(peek = true) {
    onProgress?.({ phase: "start" });
    try {
      if (!state.queue.length && peek && meta.known && !(await drive.peekChanges(meta.known))) return;
      await sync();
    } finally {
      onProgress?.({ phase: "end" });
    }
  }

  async function sync() {
    await acquire();
    try {
      const { lastChange, kitestring } = state;
      await call(on => on.sync({ lastChange: lastChange ?? undefined, memory: kitestring && JSON.stringify(kitestring) }));
    } catch (error) {
      // What was read on the way must not be taken for done.
      meta.known = undefined;
      await drive.releaseLock().catch(second => onWarn(`The lock could not be released: ${second?.message}`));
      throw error;
    }
    await drive.releaseLock();
  }

  async function acquire() {
    for (let tried = 1, wait = retryDelay; ; tried += 1, wait *= retryExp) {
      try {
        return await drive.acquireLock(lockExpire);
      } catch (error) {
        if (error?.name !== "LockError" || tried >= retryMaxAttempts) throw error;
      }
      await pause(wait * 1000);
    }
  }

  function queue(change) {
    if (!state?.enabled) return;
    state.queue.push(change);
    saveState().catch(error => onWarn(`The state could not be saved: ${error?.message}`));
  }

  return {
    use,
    init,
    uninit,
    put: (_id, _rev) => queue({ _id, _rev, action: "put" }),
    delete: (_id, _rev) => queue({ _id, _rev, action: "delete" }),
    syncNow,
    drive: () => drive,
    isInit: () => Boolean(state?.enabled),
  };
}

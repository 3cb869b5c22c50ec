// Locks where the browser has none (a page that was loaded over plain HTTP): a lease in IndexedDB, which its holder renews.
// A holder that sleeps loses it. So it keeps two contexts apart, as a rule; that a state is not damaged rests on its own check.
import { settled, transact } from "./database.js";
import { taken } from "./locks.js";

/** How long a lease lasts, and how often it is renewed. */
const LEASE_MS = 30_000;
const RENEW_MS = 5_000;
/** How long between two attempts to take it. */
const PAUSE_MS = 250;

const STORE = "leases";

function open() {
  const request = indexedDB.open("kitestring-leases", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return settled(request);
}

/** Takes the lease of a name, and returns what gives it back. */
export async function takeLease(name, waitMs) {
  const [database, owner, until] = [await open(), crypto.getRandomValues(new Uint32Array(4)).join("-"), Date.now() + waitMs];
  while (!(await claim(database, name, owner))) {
    if (Date.now() >= until) {
      database.close();
      throw taken(name);
    }
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS));
  }
  const renewing = setInterval(() => claim(database, name, owner).catch(() => {}), RENEW_MS);
  let given;
  return () => {
    clearInterval(renewing);
    // What cannot be given back runs out.
    given ??= giveBack(database, name, owner).catch(() => {}).finally(() => database.close());
    return given;
  };
}

/** Takes or renews it, unless somebody else has it. A time that is too far ahead is of a clock that was set back. */
async function claim(database, name, owner) {
  let ours = false;
  await transact(database, STORE, store => {
    store.get(name).onsuccess = ({ target: { result: lease } }) => {
      const now = Date.now();
      ours = !lease || lease.owner === owner || lease.untilMs <= now || lease.untilMs > now + LEASE_MS;
      if (ours) store.put({ owner, untilMs: now + LEASE_MS }, name);
    };
  });
  return ours;
}

function giveBack(database, name, owner) {
  return transact(database, STORE, store => {
    store.get(name).onsuccess = ({ target: { result: lease } }) => {
      if (lease?.owner === owner) store.delete(name);
    };
  });
}

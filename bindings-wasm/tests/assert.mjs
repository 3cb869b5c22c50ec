// The two assertions that also a page has.
const shown = value => JSON.stringify(value, (_, v) => (v === undefined ? "undefined" : v instanceof Uint8Array ? [...v] : v));

function equal(found, wanted) {
  if (!Object.is(found, wanted)) throw new Error(`${shown(found)} is not ${shown(wanted)}`);
}

export default { equal, deepEqual: (found, wanted) => equal(shown(found), shown(wanted)) };

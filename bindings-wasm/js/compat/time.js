// Who comes when.

export const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

/** Makes a function that does one piece of work after the other. */
export function turns() {
  let last = Promise.resolve();
  return work => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
}

/** Makes a function whose calls of one moment are one call of `work`. */
export function debounced(work) {
  let next;
  return () => {
    next ??= pause(0).then(() => {
      next = undefined;
      return work();
    });
    return next;
  };
}

// Conflicts, one after the other: both sides are shown, and the user takes one or writes what it is to be.
const $ = id => document.getElementById(id);

/** Shows every conflict that waits, until none is left or the user has had enough. */
export async function settle(ask) {
  let moved = false;
  for (;;) {
    const conflicts = await ask({ what: "conflicts" });
    if (!conflicts?.length) return;
    const answer = await show(conflicts, moved);
    if (!answer) return;
    moved = !(await ask({ what: "resolve", seen: conflicts[0].seen, ...answer }));
  }
}

/** Shows the first one. Returns what the user chose, or nothing. */
async function show([{ local, remote }, ...more], moved) {
  const dialog = $("conflict");
  $("conflict-count").textContent = more.length > 0 ? `${more.length} more after this one` : "";
  side($("local"), local, remote);
  side($("remote"), remote, local);
  $("merged").value = local ?? remote ?? "";
  $("moved").textContent = moved ? "It has changed again meanwhile: this is how it is now." : "";
  let answer;
  const choose = (button, make) => ($(button).onclick = () => ((answer = make()), dialog.close()));
  choose("keep", () => ({ choice: "keepLocal" }));
  choose("take", () => ({ choice: "takeRemote" }));
  choose("merge", () => ({ choice: "merged", text: $("merged").value }));
  if (!dialog.open) dialog.showModal();
  $("local").focus();
  await new Promise(resolve => dialog.addEventListener("close", resolve, { once: true }));
  return answer;
}

/** Writes a side line by line; what the other side has not is marked. */
function side(element, text, other) {
  element.classList.toggle("deleted", text === undefined);
  if (text === undefined) return (element.textContent = "Deleted");
  const known = new Set((other ?? "").split("\n"));
  const lines = text.split("\n").map(line => {
    const shown = document.createElement(known.has(line) ? "span" : "mark");
    shown.textContent = `${line}\n`;
    return shown;
  });
  element.replaceChildren(...lines);
}

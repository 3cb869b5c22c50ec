// What is seen: the list, the editor, and how the sync stands.
import { Notes } from "./notes.js";
import { settle } from "./conflict.js";

/** An edit is saved when nothing was typed for so long. */
const PAUSE_MS = 300;
/** So many notes are listed at first, and so many more when that is asked for. */
const PAGE = 100;
const $ = id => document.getElementById(id);

const title = text => text.trimStart().split("\n", 1)[0].trim() || "Untitled";
/** The time of today, the day of everything else. */
function when(ms) {
  const [time, today] = [new Date(ms), new Date()];
  const how = time.toDateString() === today.toDateString() ? { timeStyle: "short" } : { dateStyle: "medium" };
  return time.toLocaleString(undefined, how);
}

export class View {
  #ask;
  #permit;
  #notes;
  /** The note in the editor, as it was when it was shown or saved; none is a new one. */
  #note;
  /** How many notes are listed. */
  #limit = PAGE;
  #typing;
  #saving = Promise.resolve();
  #status = {};

  /** `ask` takes a message to the worker and brings its answer; `permit` asks the user for what an address needs. */
  static async start({ ask, permit = async () => {} }) {
    const view = new this();
    view.#ask = ask;
    view.#permit = permit;
    view.#notes = await Notes.open();
    view.#listen();
    await view.#list();
    view.#show(await ask({ what: "status" }));
    return view;
  }

  #listen() {
    new BroadcastChannel("notes").onmessage = ({ data }) => this.#show(data);
    $("new").onclick = () => this.#edit(undefined);
    $("sync").onclick = () => this.#save().then(() => this.#ask({ what: "sync" }));
    $("settings").onclick = () => this.connect();
    $("more").onclick = () => ((this.#limit += PAGE), this.#list());
    $("delete").onclick = () => this.#remove();
    $("differ").lastElementChild.onclick = () => this.#decide();
    $("problem").lastElementChild.onclick = () => this.#mend();
    $("text").oninput = () => {
      $("saved").textContent = "";
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#save(), PAUSE_MS);
    };
    // A popup is closed by a click beside it.
    document.onvisibilitychange = () => document.hidden && this.#save();
    for (const button of document.querySelectorAll("dialog .cancel")) button.onclick = () => button.closest("dialog").close();
  }

  async #list() {
    const [notes, count] = await Promise.all([this.#notes.latest(this.#limit), this.#notes.count()]);
    $("none").hidden = count > 0;
    $("more").hidden = count <= this.#limit;
    const focused = $("list").contains(document.activeElement) && document.activeElement.dataset.id;
    $("list").replaceChildren(...notes.map(note => this.#item(note)));
    if (focused) $("list").querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
    await this.#follow();
  }

  #item(note) {
    const [item, button, name, time] = ["li", "button", "strong", "time"].map(kind => document.createElement(kind));
    name.textContent = title(note.text);
    time.textContent = when(note.editedMs);
    button.append(name, time);
    button.dataset.id = note.id;
    if (note.id === this.#note?.id) button.setAttribute("aria-current", "true");
    button.onclick = () => this.#save().then(() => this.#edit(note));
    item.append(button);
    return item;
  }

  /** Shows in the editor what a sync has changed, unless the user is typing there. */
  async #follow() {
    if (!this.#note || this.#typed()) return;
    const now = await this.#notes.one(this.#note.id);
    if (!now) $("editor").hidden = true;
    else if (now.revision !== this.#note.revision) $("text").value = now.text;
    this.#note = now;
  }

  #typed() {
    return !$("editor").hidden && $("text").value !== (this.#note?.text ?? "");
  }

  async #edit(note) {
    this.#note = note && (await this.#notes.one(note.id));
    $("text").value = this.#note?.text ?? "";
    $("saved").textContent = "";
    $("delete").hidden = !this.#note;
    $("editor").hidden = false;
    $("text").focus();
    await this.#list();
  }

  /** Saves what was typed: one after the other, each over what the one before it has saved. */
  #save() {
    clearTimeout(this.#typing);
    this.#saving = this.#saving.then(async () => {
      if (!this.#typed()) return;
      const { id, revision } = this.#note ?? {};
      this.#note = await this.#notes.save({ id, revision, text: $("text").value });
      const apart = id !== undefined && this.#note.id !== id;
      $("saved").textContent = apart ? "Saved as a note of its own: the other one was changed meanwhile" : "Saved";
      $("delete").hidden = false;
      await this.#list();
      this.#ask({ what: "edited" });
    });
    return this.#saving;
  }

  async #remove() {
    const [note, dialog] = [this.#note, $("sure")];
    $("sure-title").textContent = `Delete “${title(note.text)}”?`;
    dialog.returnValue = "no";
    dialog.showModal();
    await new Promise(resolve => dialog.addEventListener("close", resolve, { once: true }));
    if (dialog.returnValue !== "yes") return;
    this.#note = undefined;
    $("editor").hidden = true;
    await this.#notes.remove(note.id);
    await this.#list();
    $("new").focus();
    this.#ask({ what: "edited" });
  }

  /** Asks where to sync to. */
  async connect() {
    const dialog = $("connect");
    const fields = ["url", "user", "password"].map($);
    const known = (await this.#notes.settings()) ?? {};
    for (const field of fields) field.value = known[field.id] ?? "";
    $("refused").textContent = "";
    dialog.querySelector("form").onsubmit = async event => {
      event.preventDefault();
      const settings = Object.fromEntries(fields.filter(({ value }) => value).map(({ id, value }) => [id, value]));
      // Asked at once: a browser grants only what a click asks for.
      await this.#permit(new URL(settings.url));
      const refused = await this.#ask({ what: "connect", settings });
      if (refused) return ($("refused").textContent = refused);
      dialog.close();
      this.#ask({ what: "sync" });
    };
    dialog.showModal();
  }

  async #decide() {
    await this.#save();
    await settle(this.#ask);
    this.#ask({ what: "sync" });
  }

  /** Does what the button beside a problem says. */
  #mend() {
    const { action, allow } = this.#status.problem;
    if (action === "connect") return this.connect();
    if (action === "restart") return this.#ask({ what: "restart" });
    return this.#ask({ what: "sync", allow: allow && { [allow]: true } });
  }

  #show({ changed, ...status }) {
    this.#status = status;
    $("status").textContent = inShort(status);
    $("sync").disabled = Boolean(status.running);
    this.#showProgress(status.progress);
    this.#showProblem(status.problem);
    const count = status.conflicts ?? 0;
    $("differ").hidden = count === 0;
    $("differ").firstElementChild.textContent = count === 1 ? "One note was changed in two places." : `${count} notes were changed in two places.`;
    if (changed) this.#list();
  }

  #showProgress(progress) {
    $("progress").hidden = !progress;
    if (!progress) return;
    const { done, total } = progress;
    if (total) Object.assign($("progress"), { max: total, value: done });
    else $("progress").removeAttribute("value");
  }

  #showProblem(problem) {
    const [text, button] = $("problem").children;
    $("problem").hidden = !problem;
    // A live region says again what is written again.
    if (!problem || text.textContent === problem.text) return;
    text.textContent = problem.text;
    text.title = problem.detail ?? "";
    const labels = { connect: "Settings", restart: "Restart", sync: "Try again" };
    button.hidden = !problem.action && !problem.allow;
    button.textContent = problem.allow ? "Yes, go on" : labels[problem.action];
  }
}

const PHASES = { scan: "Looking", read: "Looking", pull: "Receiving", wait: "Waiting for another device", push: "Sending", compact: "Tidying up" };

/** One sentence about how the sync stands. Without numbers: it is read aloud whenever it changes. */
function inShort({ running, progress, lastSyncMs, queued }) {
  if (running) return progress ? `${PHASES[progress.phase]} …` : "Syncing …";
  const waiting = queued ? `, ${queued} to be sent` : "";
  return lastSyncMs ? `Last sync ${when(lastSyncMs)}${waiting}` : "Not synced yet";
}

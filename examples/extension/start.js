// The popup, and the same in a tab: it shows notes, and asks the worker for everything else.
import { View } from "./view.js";

class Popup extends View {
  /** In a tab: a popup is gone as soon as the browser asks for a permission. */
  connect() {
    return chrome.tabs.create({ url: "notes.html#settings" });
  }
}

const isPopup = location.search === "?popup";
document.body.classList.toggle("popup", isPopup);
const view = await (isPopup ? Popup : View).start({
  ask: message => chrome.runtime.sendMessage(message),
  // What the user has not allowed, the extension cannot reach.
  permit: ({ origin }) => chrome.permissions.request({ origins: [`${origin}/*`] }),
});
if (location.hash === "#settings") view.connect();

// The popup: it shows notes, and asks the worker for everything else.
import { View } from "./view.js";

document.body.classList.add("popup");
View.start({
  ask: message => chrome.runtime.sendMessage(message),
  // What the user has not allowed, the extension cannot reach.
  permit: ({ origin }) => chrome.permissions.request({ origins: [`${origin}/*`] }),
});

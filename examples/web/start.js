// The page: it shows notes, and asks its worker for everything else.
import { View } from "./view.js";

const worker = new Worker("worker.js", { type: "module" });

/** Brings a message to the worker, and its answer back. */
function ask(message) {
  // The parts of the library that have stopped are only loaded anew with the worker.
  if (message.what === "restart") return location.reload();
  const { port1, port2 } = new MessageChannel();
  worker.postMessage(message, [port2]);
  return new Promise(resolve => (port1.onmessage = ({ data }) => resolve(data)));
}

View.start({ ask }).then(() => ask({ what: "sync" }));
// Back in the network.
addEventListener("online", () => ask({ what: "sync" }));

/* Keeps posts that are shown true: edited ones are drawn again, deleted ones leave, and the inbox's number follows.
 * A post in which somebody is (focus, an open menu) is left alone until they are done. */

import { fragment, listen } from "./events.js";
import { wake } from "./kontor.js";

export function keepFresh(address, numberOf) {
  listen(address, "changed", async (event) => {
    const old = document.getElementById(`post-${event.id}`);
    if (!old || isInUse(old)) return;
    const fresh = await fragment(event.fragment, old.classList.contains("post--open"));
    if (!fresh || isInUse(old)) return;
    old.replaceWith(fresh);
    await wake(fresh);
    numberOf?.();
  });
  listen(address, "gone", (event) => {
    const old = document.getElementById(`post-${event.id}`);
    if (!old || old.classList.contains("post--open")) return;
    old.remove();
    numberOf?.();
  });
  listen(address, "unread", ({ count }) => {
    for (const mark of document.querySelectorAll("[data-unread]")) {
      mark.hidden = !count;
      mark.textContent = count > 9 ? "9+" : String(count);
    }
  });
}

function isInUse(post) {
  return post.contains(document.activeElement) || post.querySelector("details.menu[open]") !== null;
}

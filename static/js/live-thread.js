/* Adds replies to the open thread as they come, below what is there, and says so once. */

import { fragment, listen } from "./events.js";
import { keepFresh } from "./freshness.js";
import { wake } from "./kontor.js";
import { counted } from "./words.js";

export default function liveThread(list) {
  const words = document.querySelector("[data-live-words]");
  let added = 0;
  let adding = Promise.resolve();

  listen(list.dataset.events, "post", (event) => {
    if (event.in_reply_to) adding = adding.then(() => add(event));
  });
  listen(list.dataset.events, "stale", () => location.reload());
  keepFresh(list.dataset.events);

  async function add(event) {
    if (document.getElementById(`post-${event.id}`)) return;
    const post = await fragment(event.fragment);
    if (!post || document.getElementById(post.id)) return;
    post.classList.add("post--new");
    list.append(post);
    await wake(list);
    added += 1;
    words.textContent = counted(list, added);
  }
}

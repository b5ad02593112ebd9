/* Says that there are new posts, and shows them when asked. Never moves what somebody reads. */

import { fragment, listen } from "./events.js";
import { wake } from "./kontor.js";
import { counted } from "./words.js";

const MOST_AT_ONCE = 40;

export default function liveFeed(feed) {
  const news = document.querySelector("[data-news]");
  const waiting = new Map();

  listen(feed.dataset.events, "post", (event) => {
    if (event.in_reply_to || document.getElementById(`post-${event.id}`)) return;
    waiting.set(event.id, event.fragment);
    say();
  });
  listen(feed.dataset.events, "unread", ({ count }) => {
    for (const mark of document.querySelectorAll("[data-unread]")) {
      mark.hidden = !count;
      mark.textContent = count > 9 ? "9+" : String(count);
    }
  });

  function say() {
    let button = news.querySelector("button");
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      button.className = "button";
      button.dataset.key = "fresh";
      button.addEventListener("click", show);
      news.replaceChildren(button);
    }
    button.textContent = counted(news, waiting.size);
  }

  async function show() {
    if (waiting.size > MOST_AT_ONCE) {
      location.reload();
      return;
    }
    const addresses = [...waiting.values()];
    waiting.clear();
    news.replaceChildren();
    const posts = (await Promise.all(addresses.map(fragment))).filter(Boolean);
    for (const post of posts) {
      post.classList.add("post--new");
      feed.prepend(document.importNode(post, true));
    }
    await wake(feed);
    feed.querySelector("[data-post]")?.focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }
}

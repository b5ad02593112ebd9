/* Shows new posts as they come when the reader is at the top and not in the feed; otherwise says that there are some and
 * shows them when asked. Never moves what somebody reads, never takes the focus away. */

import { fragment, listen } from "./events.js";
import { keepFresh } from "./freshness.js";
import { wake } from "./kontor.js";
import { counted } from "./words.js";

const MOST_AT_ONCE = 40;
const AT_THE_TOP = 160;

export default function liveFeed(feed) {
  const news = document.querySelector("[data-news]");
  const waiting = new Map();
  let showing = Promise.resolve();

  listen(feed.dataset.events, "post", (event) => {
    if (document.getElementById(`post-${event.id}`)) return;
    waiting.set(event.id, event.fragment);
    if (isReaderElsewhere()) say();
    else showing = showing.then(add);
  });
  listen(feed.dataset.events, "stale", () => {
    waiting.set("more", null);
    say();
  });
  keepFresh(feed.dataset.events, number);

  function isReaderElsewhere() {
    return scrollY > AT_THE_TOP || feed.contains(document.activeElement) || feed.querySelector("details[open]") !== null;
  }

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
    if (waiting.size > MOST_AT_ONCE || waiting.has("more")) {
      location.reload();
      return;
    }
    await add();
    feed.querySelector("[data-post]")?.focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }

  async function add() {
    const addresses = [...waiting.values()];
    const ids = [...waiting.keys()];
    waiting.clear();
    news.replaceChildren();
    const posts = await Promise.all(addresses.map((address) => fragment(address)));
    posts.forEach((post, at) => {
      if (!post || document.getElementById(`post-${ids[at]}`)) return;
      post.classList.add("post--new");
      feed.prepend(post);
    });
    document.querySelector("[data-nothing-yet]")?.remove();
    number();
    await wake(feed);
  }

  function number() {
    const posts = feed.querySelectorAll(":scope > article");
    posts.forEach((post, at) => {
      post.setAttribute("aria-posinset", String(at + 1));
      post.setAttribute("aria-setsize", String(posts.length));
    });
  }
}

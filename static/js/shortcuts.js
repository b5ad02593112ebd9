/* Single keys for people who keep their hands on the keyboard; off in any field and with any modifier (WCAG 2.1.4). */

const TYPED_IN = "input, textarea, select, [contenteditable]";
const SECOND_KEY_WITHIN = 1200;

export default function shortcuts(body) {
  const places = { s: body.dataset.home, g: body.dataset.groups, p: body.dataset.people, i: body.dataset.inbox };
  let goUntil = 0;

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      document.querySelector("#search")?.focus();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.(TYPED_IN) || document.querySelector("dialog[open]")) return;

    if (event.timeStamp < goUntil) {
      goUntil = 0;
      if (places[event.key]) location.assign(places[event.key]);
      return;
    }
    const act = keys[event.key];
    if (act && act(event) !== false) event.preventDefault();
  });

  const keys = {
    g: (event) => { goUntil = event.timeStamp + SECOND_KEY_WITHIN; },
    j: () => step(1),
    k: () => step(-1),
    o: () => open(),
    r: () => current()?.querySelector("[data-key=reply]")?.click() ?? false,
    e: () => current()?.querySelector("[data-key=archive]")?.click() ?? false,
    c: () => write(),
    ".": () => { scrollTo({ top: 0 }); document.querySelector("[data-key=fresh]")?.click(); },
    "?": () => document.querySelector("#shortcuts")?.showModal(),
  };

  function posts() {
    return [...document.querySelectorAll("[data-post], [data-queue-item]")];
  }

  function current() {
    return document.activeElement?.closest("[data-post], [data-queue-item]");
  }

  function step(by) {
    const all = posts();
    const at = all.indexOf(current());
    const next = all[at === -1 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  function open() {
    const post = current();
    const address = post?.dataset.url ?? post?.href;
    if (!address) return false;
    location.assign(address);
    return true;
  }

  function write() {
    const composer = document.querySelector("#compose");
    if (!composer) {
      location.assign(`${body.dataset.home}?write=1#compose`);
      return;
    }
    if (composer instanceof HTMLDetailsElement) composer.open = true;
    composer.querySelector("[data-compose]")?.focus();
  }
}

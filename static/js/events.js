/* One stream per address, shared by everything on the page that listens. A page in the background closes its stream, so
 * that many open tabs do not use up the browser's connections, and asks for what it missed when it is looked at again. */

const HEARD = ["post", "changed", "gone", "unread", "stale"];
const streams = new Map();

export function listen(address, type, heard) {
  let stream = streams.get(address);
  if (!stream) {
    stream = new Stream(address);
    streams.set(address, stream);
  }
  stream.listeners.push([type, heard]);
}

class Stream {
  constructor(address) {
    this.address = new URL(address, location.href);
    this.listeners = [];
    document.addEventListener("visibilitychange", () => (document.hidden ? this.close() : this.open()));
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", (event) => event.persisted && this.open());
    if (!document.hidden) this.open();
  }

  open() {
    if (this.source) return;
    this.source = new EventSource(this.address);
    for (const type of HEARD) this.source.addEventListener(type, (event) => this.hear(type, event));
  }

  close() {
    this.source?.close();
    this.source = null;
  }

  hear(type, event) {
    if (event.lastEventId) this.address.searchParams.set("after", event.lastEventId);
    let facts;
    try {
      facts = JSON.parse(event.data);
    } catch (error) {
      console.warn("event not understood", type, error);
      return;
    }
    for (const [wanted, heard] of this.listeners) if (wanted === type) heard(facts);
  }
}

/* A rendered post, as an element, whole where it is the one that the page is about; null where it is gone. */
export async function fragment(address, open = false) {
  const wanted = new URL(address, location.href);
  if (open) wanted.searchParams.set("open", "1");
  wanted.searchParams.set("at", location.pathname + location.search);
  const answer = await fetch(wanted, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const article = page.querySelector("article");
  return article && document.importNode(article, true);
}

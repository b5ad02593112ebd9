/* One stream per address, shared by everything on the page that listens. */

const streams = new Map();

export function listen(address, type, heard) {
  let stream = streams.get(address);
  if (!stream) {
    stream = new EventSource(address);
    streams.set(address, stream);
  }
  stream.addEventListener(type, (event) => {
    try {
      heard(JSON.parse(event.data));
    } catch (error) {
      console.warn("event not understood", type, error);
    }
  });
}

/* A rendered piece of page, as an element; null where the viewer may not see it any more. */
export async function fragment(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!answer.ok) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("article");
}

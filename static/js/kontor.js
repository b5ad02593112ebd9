/* Wakes behaviours: `data-behavior="menu draft"` loads menu.js and draft.js and calls their default export with the
 * element. A page loads only what it uses; without this file every page still works. */

const woken = new WeakMap();

export async function wake(root = document) {
  const found = [...root.querySelectorAll("[data-behavior]")];
  if (root instanceof Element && root.matches("[data-behavior]")) found.unshift(root);
  await Promise.all(found.map(wakeOne));
}

async function wakeOne(element) {
  const names = woken.get(element) ?? new Set();
  woken.set(element, names);
  for (const name of element.dataset.behavior.split(/\s+/)) {
    if (!name || names.has(name)) continue;
    names.add(name);
    const module = await import(`./${name}.js`);
    module.default(element);
  }
}

document.documentElement.dataset.js = "";
wake();

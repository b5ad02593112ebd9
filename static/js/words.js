/* Sentences come from the server in two forms and carry `{count}`; the page's language chooses between them. */

const rules = new Intl.PluralRules(document.documentElement.lang || "en");

export function counted(element, count) {
  const form = rules.select(count) === "one" ? element.dataset.one : element.dataset.other;
  return (form ?? "").replace("{count}", String(count));
}

/* Keeps "5 minutes ago" true while the page stays open. Older than a day keeps the server's date. */

const DAY = 86_400;
const EVERY = 30_000;
const UNITS = [["hour", 3600], ["minute", 60], ["second", 1]];
const words = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { style: "short", numeric: "always" });
const shown = new Set();

function refresh(time) {
  const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
  if (Math.abs(seconds) >= DAY) return;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS[2];
  time.textContent = words.format(Math.trunc(seconds / size), unit);
}

setInterval(() => {
  for (const time of shown) {
    if (time.isConnected) refresh(time);
    else shown.delete(time);
  }
}, EVERY);

export default function relativeTime(time) {
  shown.add(time);
}

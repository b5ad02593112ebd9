/* Keeps what is being written in this browser until it is sent. Escape, a closed tab or a fault lose nothing. */

const PREFIX = "kontor-draft-";
const KEPT = "textarea, input[type=text], select";

export default function draft(form) {
  const key = PREFIX + form.dataset.draft;
  const state = form.querySelector("[data-draft-state]");
  const text = form.querySelector("textarea");
  let later = 0;

  restore();
  addEventListener("pageshow", () => delete form.dataset.sending);
  form.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(keep, 400);
  });
  form.addEventListener("submit", (event) => {
    if (form.dataset.sending) {
      event.preventDefault(); // a second press while the first is on its way
      return;
    }
    form.dataset.sending = "1";
    clearTimeout(later);
    keep();
    // The next page removes it: it carries no errors when the text was taken.
    sessionStorage.setItem(PREFIX + "sent", key);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });

  function keep() {
    const values = {};
    for (const field of form.querySelectorAll(KEPT)) if (field.name && field.name !== "alt") values[field.name] = field.value;
    try {
      if (text.value.trim()) localStorage.setItem(key, JSON.stringify(values));
      else localStorage.removeItem(key);
      if (state) state.textContent = text.value.trim() ? form.dataset.saved : "";
    } catch {
      if (state) state.textContent = "";
    }
  }

  function restore() {
    const refused = form.querySelector(".error-summary") !== null;
    if (sessionStorage.getItem(PREFIX + "sent") === key) {
      sessionStorage.removeItem(PREFIX + "sent");
      if (!refused) localStorage.removeItem(key);
    }
    const kept = localStorage.getItem(key);
    if (!kept || text.value !== text.defaultValue || text.value.trim()) return;
    for (const [name, value] of Object.entries(JSON.parse(kept))) {
      const field = form.querySelector(`[name="${CSS.escape(name)}"]`);
      if (field && !(field instanceof HTMLSelectElement && ![...field.options].some((option) => option.value === value))) {
        field.value = value;
        field.dispatchEvent(new Event("change", { bubbles: true }));
      }
    }
    const composer = form.closest("details");
    if (composer) composer.open = true;
    if (state) state.textContent = form.dataset.restored;
  }
}

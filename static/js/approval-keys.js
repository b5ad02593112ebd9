/* At the gate: `a` goes to the approval, `x` opens the return. Neither key decides; pressing the button does. */

const TYPED_IN = "input, textarea, select, [contenteditable]";

export default function approvalKeys(section) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(TYPED_IN)) return;
    if (!document.body.dataset.behavior?.includes("shortcuts")) return;
    if (event.key === "a") {
      const button = section.querySelector("[data-approve]");
      if (!button) return;
      event.preventDefault();
      button.focus();
    }
    if (event.key === "x") {
      const details = section.querySelector("[data-return]");
      if (!details) return;
      event.preventDefault();
      details.open = true;
      details.querySelector("textarea")?.focus();
    }
  });
}

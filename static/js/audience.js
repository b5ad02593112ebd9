/* Shows who will get it for the chosen place; the sentences are in the page already. */

export default function audience(form) {
  const place = form.querySelector("select[name=group]");
  if (!place) return;
  const sentences = form.querySelectorAll("[data-place]");

  function follow() {
    for (const sentence of sentences) sentence.hidden = sentence.dataset.place !== place.value;
  }

  place.addEventListener("change", follow);
  follow();
}

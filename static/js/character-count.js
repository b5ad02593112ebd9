/* Counts down when little is left; before that the number would only distract. */

const SPEAK_FROM = 200;

export default function characterCount(field) {
  const text = field.querySelector("textarea");
  const words = field.querySelector("[data-count]");
  const max = Number(field.dataset.max);

  function count() {
    const left = max - [...text.value].length;
    words.hidden = left > SPEAK_FROM;
    words.classList.toggle("field__count--over", left < 0);
    words.textContent = (left < 0 ? field.dataset.over : field.dataset.left)?.replace("{count}", String(Math.abs(left))) ?? "";
  }

  text.addEventListener("input", count);
  count();
}

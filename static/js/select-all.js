/* Selects the whole value when the field is entered, ready to copy. */

export default function selectAll(input) {
  input.addEventListener("focus", () => input.select());
}

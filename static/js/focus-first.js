/* Takes the focus once, so that a screen reader begins with what went wrong. */

export default function focusFirst(element) {
  element.focus();
}

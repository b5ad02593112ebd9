/* Shows the chosen picture beside the field that asks what one sees in it; the next slot appears then. */

export default function imagePreview(slot) {
  const input = slot.querySelector("input[type=file]");
  let image = null;

  input.addEventListener("change", () => {
    if (image) {
      URL.revokeObjectURL(image.src);
      image.remove();
      image = null;
    }
    const [file] = input.files;
    if (!file?.type.startsWith("image/")) return;
    image = document.createElement("img");
    image.src = URL.createObjectURL(file);
    image.alt = "";
    input.after(image);
    slot.dataset.chosen = "";
  });
}

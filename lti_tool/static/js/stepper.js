// Minus and plus beside a number; the field alone is enough.
export function steppers(root) {
  for (const box of root.querySelectorAll("[data-stepper]:not([data-ready])")) {
    box.dataset.ready = "";
    const field = box.querySelector("input");
    const step = Number(box.dataset.step);
    const least = Number(box.dataset.least);
    const button = (sign, by, words) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = sign;
      made.ariaLabel = words;
      made.addEventListener("click", () => {
        const now = Number.parseInt(field.value, 10) || 0;
        const next = by > 0 ? Math.floor(now / step) * step + step : Math.ceil(now / step) * step - step;
        field.value = String(Math.max(least, next));
        field.dispatchEvent(new Event("input", { bubbles: true }));
      });
      return made;
    };
    box.prepend(button("−", -1, box.dataset.less));
    box.append(button("+", 1, box.dataset.more));
  }
}

// Of a list of requests, those ticked are in the sum: each of them gets the amount.
import { number } from "./words.js";

export function ticks(root) {
  const form = root.querySelector?.("form.asking[data-sum]") ?? document.querySelector("form.asking[data-sum]");
  if (!form || form.dataset.counts !== undefined) return;
  form.dataset.counts = "";
  const count = () => {
    const people = form.querySelectorAll("input[name=request]:checked").length;
    form.dataset.people = people;
    form.dataset.label = (people === 1 ? form.dataset.one : form.dataset.several).replace("{num}", number(people));
    form.elements.namedItem("amount")?.dispatchEvent(new Event("input"));
  };
  form.addEventListener("change", (event) => {
    if (event.target.name === "request") count();
  });
  count(); // a page that is gone back to has the ticks that were left there
}

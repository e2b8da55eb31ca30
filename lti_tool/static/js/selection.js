// The action bar: who is ticked, and what giving each of them one bundle would leave. Ticks outlast a search or sort.
import { atEachPage } from "./load.js";
import { filled, number } from "./words.js";

const kept = new Set();
atEachPage(() => kept.clear());

export function selection(root) {
  const form = root.querySelector?.("[data-selection]") ?? document.querySelector("[data-selection]");
  if (!form || form.dataset.ready !== undefined) return;
  form.dataset.ready = "";
  for (const box of boxes(form)) box.checked = kept.has(box.value);
  const all = form.elements.namedItem("all");
  form.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes(form)) box.checked = all.checked;
    else if (all) all.checked = false;
    remember(form, event.target === all && !all.checked);
    show(form, all);
  });
  form.querySelector("[data-bar-clear] button")?.addEventListener("click", () => {
    kept.clear();
    for (const box of boxes(form)) box.checked = false;
    if (all) all.checked = false;
    show(form, all);
  });
  show(form, all);
}

const boxes = (form) => form.querySelectorAll("input[name=member][type=checkbox]");

function remember(form, clear) {
  if (clear) kept.clear();
  for (const box of boxes(form)) if (box.checked) kept.add(box.value);
    else kept.delete(box.value);
}

function show(form, all) {
  for (const hidden of form.querySelectorAll("[data-kept]")) hidden.remove();
  const here = new Set([...boxes(form)].map((box) => box.value));
  for (const id of kept) if (!here.has(id)) form.append(keep(id));
  for (const box of boxes(form)) box.closest("tr").classList.toggle("selected", box.checked);
  const bar = form.querySelector("[data-bar]");
  const count = all?.checked ? Number(form.dataset.total) : kept.size;
  if (all) all.indeterminate = !all.checked && count > 0;
  form.classList.toggle("picked", count > 0);
  if (!bar || count === 0) return;
  const [pool, each] = [Number(form.dataset.pool), Number(form.dataset.each)];
  const needed = count * each;
  const says = bar.dataset;
  const sentence = needed <= pool
    ? count === 1 ? says.enoughOne : says.enough
    : count === 1 ? says.shortOne : says.short;
  const figures = { count, each, needed, pool, remain: pool - needed, missing: needed - pool };
  bar.querySelector("[data-bar-sum]").textContent = filled(sentence, figures);
  bar.querySelector("[data-bar-says]").textContent = filled(says.selected, figures);
  bar.querySelector("[data-bar-clear]").hidden = false;
}

function keep(id) {
  const input = document.createElement("input");
  Object.assign(input, { type: "hidden", name: "member", value: id });
  input.dataset.kept = "";
  return input;
}

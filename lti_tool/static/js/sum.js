// The sum of the Add form follows what is typed; the server says the same again at Save.
import { filled, number } from "./words.js";

export function sums(root) {
  const form = root.querySelector?.("form[data-sum]") ?? document.querySelector("form[data-sum]");
  if (!form || form.dataset.ready !== undefined) return;
  form.dataset.ready = "";
  const amount = form.elements.namedItem("amount");
  if (!amount) return;
  amount.addEventListener("input", () => show(form, amount.value));
  if (amount.value !== amount.defaultValue) show(form, amount.value); // somebody was faster than this script
  const note = form.elements.namedItem("note");
  const hint = form.querySelector("#note-hint");
  note.addEventListener("input", () => {
    hint.textContent = filled(note.dataset.counted, { length: [...note.value].length, most: note.maxLength });
  });
}

function show(form, typed) {
  const each = /^\s*\d{1,9}\s*$/.test(typed) ? Number(typed) : 0;
  const [pool, count] = [Number(form.dataset.pool), Number(form.dataset.people)];
  const remain = pool - each * count;
  const say = (name, words) => {
    form.querySelector(`[data-sum="${name}"]`).textContent = words;
  };
  say("label", filled(form.dataset.label, { each }));
  say("minus", `− ${number(each * count)}`);
  say("remain-label", remain < 0 ? form.dataset.missing : form.dataset.remain);
  say("remain", number(Math.abs(remain)));
  form.querySelector(".sum").classList.toggle("short", remain < 0);
}

// What is typed beside a choice chooses it; without scripts it is chosen by hand.
export function offers(root) {
  for (const field of root.querySelectorAll("[data-picks]:not([data-ready])")) {
    field.dataset.ready = "";
    field.addEventListener("input", () => { document.getElementById(field.dataset.picks).checked = true; });
  }
}

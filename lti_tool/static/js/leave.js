// A form that opens another tab can be sent once: it gives way to the words that say where it went.
export function leaving(root) {
  for (const form of root.querySelectorAll("form[data-leaves]:not([data-ready])")) {
    form.dataset.ready = "";
    form.addEventListener("submit", () => setTimeout(() => {
      const words = form.parentElement.querySelector("[data-left]");
      form.hidden = true;
      words.hidden = false;
      words.querySelector("h1").focus();
    }));
  }
}

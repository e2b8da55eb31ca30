// "Copy": the button's own text, or else ("Copy both") the lines of the list that it stands in.
const lines = (list) => [...list.querySelectorAll("div")].map((line) => `${line.querySelector("dt").textContent}: ${line.querySelector("dd").firstChild.textContent.trim()}`).join("\n");

export function copying(root) {
  for (const button of root.querySelectorAll("[data-copy]:not([data-ready])")) {
    button.dataset.ready = "";
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy || lines(button.closest("[data-copy-from]")));
        button.textContent = document.querySelector("main").dataset.copied;
      } catch {
        button.hidden = true; // a frame without leave to copy: the lines can still be marked by hand
      }
    });
  }
}

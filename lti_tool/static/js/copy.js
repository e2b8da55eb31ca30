// "Copy both": the lines of the list that the button stands in.
export function copying(root) {
  for (const button of root.querySelectorAll("[data-copy]:not([data-ready])")) {
    button.dataset.ready = "";
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      const lines = [...button.closest("[data-copy-from]").querySelectorAll("div")];
      const text = lines.map((line) => `${line.querySelector("dt").textContent}: ${line.querySelector("dd").firstChild.textContent.trim()}`);
      try {
        await navigator.clipboard.writeText(text.join("\n"));
        button.textContent = "Copied";
      } catch {
        button.hidden = true; // a frame without leave to copy: the lines can still be marked by hand
      }
    });
  }
}

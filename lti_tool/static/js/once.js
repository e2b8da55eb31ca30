// A form that is on its way is not sent twice by a double click; the server would count it once in any case.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.dataset.once === undefined) return;
  if (button.ariaDisabled === "true") {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  button.style.minWidth = `${button.offsetWidth}px`;
  button.ariaDisabled = "true";
  if (button.dataset.once) setTimeout(() => { if (button.ariaDisabled === "true") say(button, button.dataset.once); }, 400);
}, true);

// What did not arrive can be sent again.
for (const kind of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(kind, () => {
    for (const button of document.querySelectorAll("[data-once][aria-disabled]")) {
      button.ariaDisabled = null;
      if (button.dataset.words) button.textContent = button.dataset.words;
    }
  });
}

function say(button, words) {
  button.dataset.words = button.textContent;
  button.textContent = words;
}

// A page that the browser brings back from its memory is ready for use again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

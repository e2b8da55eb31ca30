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
  if (button.dataset.once) setTimeout(() => { if (button.ariaDisabled === "true") button.textContent = button.dataset.once; }, 400);
}, true);

// A page that the browser brings back from its memory is ready for use again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

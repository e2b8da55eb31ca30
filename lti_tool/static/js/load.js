// Runs an enhancement on the page, and on each part that htmx puts into it later.
export function atEachLoad(enhance) {
  enhance(document);
  document.addEventListener("htmx:afterSettle", (event) => enhance(event.detail.elt?.isConnected ? event.detail.elt.parentElement ?? document : document));
}

// Runs an enhancement on the page, and on each part that htmx puts into it later.
export function atEachLoad(enhance) {
  enhance(document);
  document.addEventListener("htmx:afterSettle", (event) => enhance(event.detail.elt?.isConnected ? event.detail.elt.parentElement ?? document : document));
}

// Runs before another page takes the place of the one that is there.
export function atEachPage(act) {
  document.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.target === document.body) act(event); });
  document.addEventListener("htmx:historyCacheMissLoad", act);
}

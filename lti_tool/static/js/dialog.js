// The Add form in a dialog instead of on its own page; htmx fetches it, the browser closes it with Esc.
document.addEventListener("htmx:afterSwap", (event) => {
  const dialog = event.target.closest?.("dialog") ?? (event.target.id === "dialog" ? event.target : null);
  if (!dialog) return;
  for (const close of dialog.querySelectorAll("[data-close]")) {
    close.hidden = false;
    close.addEventListener("click", (click) => {
      click.preventDefault();
      dialog.close();
    });
  }
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
  const amount = dialog.querySelector("input[name=amount]");
  if (amount && document.activeElement === amount) amount.select();
});

// What htmx asked for was refused, or never came back: said where it was asked, and nothing was lost.
for (const kind of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(kind, (event) => {
    const status = event.detail.xhr?.status ?? 0;
    if (event.detail.elt?.id === "roster") return stopWatching(event.detail.elt, status);
    const main = document.querySelector("main");
    const { noNetwork, visitEnded, ourFault } = main.dataset;
    const words = status === 0 ? noNetwork : status === 401 || status === 400 ? visitEnded : ourFault;
    const place = document.querySelector("dialog[open] .sheet-body") ?? main;
    place.querySelector(":scope > [data-network]")?.remove();
    const notice = Object.assign(document.createElement("div"), { className: "notice bad", textContent: words });
    notice.setAttribute("role", "alert");
    notice.dataset.network = "";
    place.prepend(notice);
  });
}

// The line of the class list asks each second; it stops when the visit has ended, and bears a network that comes back.
function stopWatching(line, status) {
  if (status === 0) return;
  const still = line.cloneNode(true);
  for (const name of ["hx-get", "hx-trigger", "hx-swap"]) still.removeAttribute(name);
  line.replaceWith(still);
}

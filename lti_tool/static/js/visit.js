// The page's own visit goes with everything that it asks. htmx opens links and sends forms (hx-boost), since a browser
// that does so by itself sends cookies only: none, or those of whoever launched last.
const HEADER = "X-Creditroll-Visit";
const VISIT = "meta[name=creditroll-visit]";
let visit = document.querySelector(VISIT)?.content;

// For what a script asks by itself.
export const visitHeaders = () => (visit ? { [HEADER]: visit } : {});

if (visit) {
  document.addEventListener("htmx:configRequest", (event) => { event.detail.headers[HEADER] = visit; });
  document.addEventListener("htmx:historyCacheMiss", (event) => event.detail.xhr.setRequestHeader(HEADER, visit));
  // The next page's has what was chosen on the way to it: the language.
  document.addEventListener("htmx:beforeOnLoad", ({ detail: { target, xhr } }) => {
    if (target !== document.body) return;
    visit = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector(VISIT)?.content ?? visit;
  });
}

// A page that looks by itself, and whose visit has ended, looks no more: a copy of its part has nothing that htmx follows.
document.addEventListener("htmx:responseError", ({ detail: { elt, xhr } }) => {
  if (xhr.status !== 401 || !elt.getAttribute("hx-trigger")?.startsWith("every ")) return;
  const still = elt.cloneNode(true);
  still.removeAttribute("hx-get");
  still.removeAttribute("hx-trigger");
  elt.replaceWith(still);
});

// A form that leaves us, or this tab, is the browser's own.
document.addEventListener("htmx:beforeProcessNode", (event) => {
  const form = event.target;
  if (form.tagName !== "FORM") return;
  const to = new URL(form.getAttribute("action") ?? "", location.href).origin;
  if (to !== location.origin || form.getAttribute("target")) form.setAttribute("hx-boost", "false");
});

// Going back to a page that is no more, or without a network: as if it had been opened anew.
document.addEventListener("htmx:historyCacheMiss", (event) => event.detail.xhr.addEventListener("error", () => location.reload()));
document.addEventListener("htmx:historyCacheMissLoadError", () => location.reload());

// A whole page is shown even if it is a refusal: it says what to do.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr } = event.detail;
  if (target !== document.body || xhr.status === 204 || !xhr.getResponseHeader("Content-Type")?.startsWith("text/html")) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});

// What a browser does by itself when it opens a page: whoever listens hears where they are, in the page's language.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target !== document.body) return;
  const main = document.getElementById("main");
  for (const name of ["lang", "dir"]) document.documentElement[name] = main[name]; // this page may have changed it
  const first = document.querySelector("[autofocus]") ?? document.querySelector("h1");
  if (first.tabIndex < 0) first.tabIndex = -1;
  first.focus({ preventScroll: true });
});

// What other people change shows by itself. Figures change where they stand; a list with buttons waits while the pointer
// or the focus is in it, and says so: nothing moves under a finger.
import { visitHeaders } from "./visit.js";

const EVERY_MS = 8_000;
const waiting = new Map();

const beat = () => look().catch(() => {}); // no network: the next look may have one

setInterval(() => { if (!document.hidden) beat(); }, EVERY_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) beat(); });
for (const kind of ["pointerout", "focusout", "close"]) document.addEventListener(kind, () => setTimeout(showWaiting), true);
document.addEventListener("click", ({ target }) => { if (target.closest?.(".live-waits button")) showWaiting(true); });

async function look() {
  const line = document.getElementById("live");
  if (!line || line.dataset.ended !== undefined) return;
  const answer = await fetch(line.dataset.from, { headers: visitHeaders() });
  if (answer.status === 401) line.dataset.ended = ""; // the visit is over: the page says so at the next press
  if (!answer.ok || await answer.text() === line.dataset.pulse) return;
  const page = await fetch(location.href, { headers: visitHeaders() });
  if (!page.ok || !line.isConnected) return;
  take(line, new DOMParser().parseFromString(await page.text(), "text/html"));
}

function take(line, page) {
  const now = page.getElementById("live");
  if (!now) return;
  line.dataset.pulse = now.dataset.pulse;
  waiting.clear();
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (fresh && isInUse(part)) waiting.set(part.id, fresh);
    else if (fresh) put(part, fresh);
  }
  line.querySelector("[role=status]").textContent = line.dataset.said;
  sayWaiting();
}

function showWaiting(atOnce = false) {
  if (waiting.size === 0) return;
  for (const [id, fresh] of waiting) {
    const part = document.getElementById(id);
    if (part && !atOnce && isInUse(part)) continue;
    waiting.delete(id);
    if (part) put(part, fresh);
  }
  sayWaiting();
}

function sayWaiting() {
  const notice = document.querySelector("#live .live-waits");
  if (notice) notice.hidden = waiting.size === 0;
}

function isInUse(part) {
  const isUnderFinger = part.dataset.live === "list" && part.matches(":hover");
  return isUnderFinger || part.contains(document.activeElement) || document.querySelector("dialog[open]");
}

function put(part, fresh) {
  const opened = [...part.querySelectorAll("details[open][id]")].map(({ id }) => id);
  for (const details of fresh.querySelectorAll("details[id]")) details.open = opened.includes(details.id);
  htmx.swap(part, fresh.outerHTML, { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 });
}

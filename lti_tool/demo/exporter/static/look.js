// While an export is under way, its part of the page is looked at again every half second.
const EVERY_MS = 500;

async function look() {
  const state = document.getElementById("state");
  if (state?.dataset.looks !== "yes") return;
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("state");
    if (fresh?.dataset.looks === "yes") proceed(state, fresh);
    else if (fresh) finish(state, fresh);
  } catch { /* the network is away for a moment: the next look says more */ }
  setTimeout(look, EVERY_MS);
}

// The bar moves; words that have not changed are not said again.
function proceed(state, fresh) {
  state.querySelector("progress").value = fresh.querySelector("progress").value;
  for (const part of ["[role=status]", ".bar span"]) {
    const [now, then] = [state, fresh].map((of) => of.querySelector(part));
    if (now.textContent !== then.textContent) now.textContent = then.textContent;
  }
}

function finish(state, fresh) {
  state.replaceWith(fresh);
  const told = fresh.querySelector(".told");
  told.tabIndex = -1;
  told.focus();
}

setTimeout(look, EVERY_MS);

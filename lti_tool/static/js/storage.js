// Platform storage (LTI Platform Storage 0.1): the LMS's page keeps a login's secret for a browser that takes no cookies.
const PREFIXES = ["lti.", "org.imsglobal.lti."]; // the second is what older LMSs and Sakai answer
const NEXT_AFTER_MS = 500;
const GIVE_UP_AFTER_MS = 1500;

const page = document.querySelector("[data-storage]");
const { storage: does, target, key } = page.dataset;
const home = new URL(page.dataset.origin).origin;

if (does === "put") {
  const goOn = page.querySelector("[data-go-on]");
  let isHere = true;
  page.querySelector("[data-new-tab]").addEventListener("click", () => {
    isHere = false; // the LMS takes its hints once: the other tab needs them
    document.querySelector("[data-elsewhere]").hidden = false;
  });
  await ask("put_data", { key, value: page.dataset.value });
  if (isHere) location.replace(goOn.href); // kept or not: the cookie may do, and the launch finds out
} else {
  page.elements.namedItem("proof").value = (await ask("get_data", { key })) ?? "";
  page.submit();
}

// The value that the LMS answers with; null if it answers nothing, or that it has none, within a second and a half.
function ask(what, fields) {
  const frame = findFrame();
  if (!frame) return Promise.resolve(null);
  const id = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return new Promise((resolve) => {
    const waiting = [...PREFIXES];
    const timers = [];
    const send = () => {
      const prefix = waiting.shift();
      if (!prefix) return;
      try {
        // Only a window of this origin receives it.
        frame.postMessage({ subject: prefix + what, message_id: id, ...fields }, home);
      } catch {
        end(null); // not a window: an LMS may name its frame like a property of one
      }
    };
    const end = (value) => {
      removeEventListener("message", hear);
      timers.forEach(clearTimeout);
      resolve(value);
    };
    const hear = (event) => {
      const answer = event.data;
      if (event.source !== frame || event.origin !== home) return;
      if (typeof answer !== "object" || answer === null || answer.message_id !== id) return;
      if (!PREFIXES.some((prefix) => answer.subject === `${prefix}${what}.response`)) return;
      if (answer.error) return answer.error.code === "unsupported_subject" && waiting.length ? send() : end(null);
      if (answer.key === fields.key) end(typeof answer.value === "string" ? answer.value : null);
    };
    addEventListener("message", hear);
    timers.push(setTimeout(send, NEXT_AFTER_MS), setTimeout(end, GIVE_UP_AFTER_MS, null));
    send();
  });
}

// `_parent` is the page around this one, any other name a frame beside it; in a tab of its own, the page that opened it.
function findFrame() {
  const around = parent === window ? opener : parent;
  if (target === "_parent" || !around) return around;
  try {
    return around.frames[target] ?? null;
  } catch {
    return null; // a browser may throw instead of saying that there is no such frame
  }
}

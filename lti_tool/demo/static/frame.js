// lti.frameResize, as Canvas answers it: the tool, and nobody else, says how high its frame should be.
const frame = document.querySelector("iframe[data-tool-origin]");
const LOWEST_PX = 300;
const HIGHEST_PX = 12000;

window.addEventListener("message", (event) => {
  if (event.source !== frame.contentWindow || event.origin !== frame.dataset.toolOrigin) return;
  const message = parse(event.data);
  if (message?.subject !== "lti.frameResize") return;
  const height = Number.parseFloat(message.height);
  if (!Number.isFinite(height)) return;
  frame.style.height = `${Math.min(Math.max(height, LOWEST_PX), HIGHEST_PX)}px`;
  event.source.postMessage({ subject: "lti.frameResize.response", message_id: message.message_id }, event.origin);
});

function parse(data) {
  if (typeof data !== "string") return data;
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

// LTI Platform Storage as Canvas answers it: short texts for the tool, and nobody else, until this page is left.
const { toolOrigin, prefix } = document.currentScript.dataset;
const MOST = 500;
const LONGEST = 4096;
const SUBJECTS = ["capabilities", "put_data", "get_data"];
const kept = new Map();

window.addEventListener("message", (event) => {
  const { subject, message_id, key, value } = Object(event.data);
  if (event.origin !== toolOrigin || typeof subject !== "string" || !/(^lti|^org\.imsglobal\.lti)\./.test(subject)) return;
  const what = subject.split(".").pop();
  if (!SUBJECTS.includes(what)) return; // another script's
  const answer = (fields) => event.source.postMessage({ subject: `${subject}.response`, message_id, ...fields }, event.origin);
  const refuse = (code, message) => answer({ error: { code, message } });
  if (subject !== prefix + what) return refuse("unsupported_subject", `${subject} is not known here`);
  if (what === "capabilities") return answer({ supported_messages: SUBJECTS.map((one) => ({ subject: prefix + one })) });
  if (typeof key !== "string" || !message_id) return refuse("bad_request", "key or message_id is missing");
  if (what === "get_data") return answer({ key, value: kept.get(key) ?? null });
  if (value === null || value === undefined) kept.delete(key);
  else if (String(value).length > LONGEST || (kept.size >= MOST && !kept.has(key))) return refuse("storage_exhaustion", "that is too much");
  else kept.set(key, String(value));
  answer({ key, value });
});

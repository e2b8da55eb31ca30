// Times come in UTC; here they become the reader's own, and near ones are named by their day.
import { language } from "./words.js";

const STYLES = {
  short: { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" },
  day: { month: "short", day: "numeric" },
  long: { month: "long", day: "numeric" },
};
const DAY = 86_400_000;

export function times(root) {
  for (const element of root.querySelectorAll("time[data-style]:not([data-ready])")) {
    element.dataset.ready = "";
    const moment = new Date(element.dateTime);
    const text = words(moment, element.dataset.style);
    element.textContent = element.dataset.style === "start" ? text[0].toUpperCase() + text.slice(1) : text;
    element.title = moment.toLocaleString(language(), { dateStyle: "full", timeStyle: "short" });
  }
}

function words(moment, style) {
  const options = { ...(STYLES[style] ?? STYLES.short) };
  if (moment.getFullYear() !== new Date().getFullYear()) options.year = "numeric";
  if (style === "day" || style === "long") return moment.toLocaleDateString(language(), options);
  const ago = Math.round((midnight(new Date()) - midnight(moment)) / DAY);
  const clock = moment.toLocaleTimeString(language(), { hour: "numeric", minute: "2-digit" });
  // Within a sentence "today" fits in English wherever a date does; in Spanish a date has its article before it.
  const isNamed = style === "start" || language().startsWith("en");
  if (!isNamed || (ago !== 0 && ago !== 1)) return moment.toLocaleString(language(), options);
  return `${new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(-ago, "day")}, ${clock}`;
}

function midnight(moment) {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
}

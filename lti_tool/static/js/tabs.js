// Where the tabs are wider than the screen (large text, small phone), the current one is in view. Not by scrollIntoView:
// that would move the LMS's own page too.
const tabs = document.querySelector(".tabs");
const current = tabs?.querySelector("[aria-current]");
if (current) {
  const [all, one] = [tabs.getBoundingClientRect(), current.getBoundingClientRect()];
  tabs.scrollLeft += one.left + one.width / 2 - all.left - all.width / 2;
}

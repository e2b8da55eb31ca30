// Where the tabs are wider than the screen (large text, small phone), the current one is in view. Not by scrollIntoView:
// that would move the LMS's own page too.
export function tabs(root) {
  const all = root.querySelector?.(".tabs");
  const current = all?.querySelector("[aria-current]");
  if (!current) return;
  const [row, one] = [all.getBoundingClientRect(), current.getBoundingClientRect()];
  all.scrollLeft += one.left + one.width / 2 - row.left - row.width / 2;
}

// A page whose only purpose is to go on goes on by itself; its button is for whoever stops it, and comes back.
export function handingOn(root) {
  const form = root.querySelector("form[data-hands-on]:not([data-ready])");
  if (!form) return;
  form.dataset.ready = "";
  form.submit();
}

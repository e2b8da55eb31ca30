// A name with letters that Lato lacks (Arabic, Chinese, Vietnamese) is set in the system's typeface as a whole: letter by
// letter, as browsers fall back, "Nguyễn" would be of two hands. The ranges are those of tokens.css.
const NOT_LATO = /[^\u0000-\u024f\u02bb-\u02dd\u1e00-\u1e9f\u1ef2-\u1eff\u2000-\u206f\u20a0-\u20c0\u2190-\u22ff]/;

export function letters(root) {
  for (const name of root.querySelectorAll("bdi")) if (NOT_LATO.test(name.textContent)) name.classList.add("other-letters");
}

// The words that pages made by the server use too.
export const language = () => document.documentElement.lang || "en";
export const number = (value) => value.toLocaleString(language(), { useGrouping: "always" }).replace("-", "−");
// "6 people × {each}" of a template, in the reader's language, with its figures.
export const filled = (sentence, figures) => sentence.replace(/\{(\w+)\}/g, (_, name) => number(figures[name]));

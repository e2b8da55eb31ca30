// The words that pages made by the server use too.
export const language = () => document.documentElement.lang || "en";
export const number = (value) => value.toLocaleString(language(), { useGrouping: "always" }).replace("-", "−");
export const people = (count) => `${number(count)} ${count === 1 ? "person" : "people"}`;

// The words that pages made by the server use too.
export const number = (value) => value.toLocaleString("en-US").replace("-", "−");
export const people = (count) => `${number(count)} ${count === 1 ? "person" : "people"}`;

// The answer to the LMS goes off by itself; the button under it is for whoever has no scripts.
document.querySelector("[data-send]").submit();

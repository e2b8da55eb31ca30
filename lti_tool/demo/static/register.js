// The tool says when its registration page is done (LTI Dynamic Registration 1.0, 3.7): then the list of tools is next.
const origin = document.querySelector("[data-tool-origin]").dataset.toolOrigin;
const back = document.querySelector("[data-back]").href;

window.addEventListener("message", (event) => {
  if (event.origin === origin && event.data?.subject === "org.imsglobal.lti.close") location.assign(back);
});

document.querySelector("[data-popup]")?.addEventListener("click", (event) => {
  event.preventDefault();
  window.open(event.currentTarget.href, "registration", "popup,width=800,height=700");
});

// "Done" after a registration: the LMS opened this page in a frame, tab or window, and closes it when it is told (LTI
// Dynamic Registration 1.0, 3.8). Canvas goes on to its summary only then.
const STILL_HERE_MS = 600;

export function closing(root) {
  for (const button of root.querySelectorAll("[data-lti-close]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      // No secret in it, and which of the LMS's hosts shows us is not known here.
      (window.opener ?? window.parent).postMessage({ subject: "org.imsglobal.lti.close" }, "*");
      if (window.opener) window.close(); // a tab that its opener leaves open
      setTimeout(() => { document.querySelector("[data-lti-closed]").hidden = false; }, STILL_HERE_MS);
    });
  }
}

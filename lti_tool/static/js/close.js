// "Done" after a registration: the LMS opened this page in a frame, tab or window of its own, and closes it when told
// (LTI Dynamic Registration 1.0, step 4). Canvas goes on to its summary only then.
export function closing(root) {
  for (const button of root.querySelectorAll("[data-lti-close]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      // No secret in it, and which of its hosts shows us is not known here.
      (window.opener ?? window.parent).postMessage({ subject: "org.imsglobal.lti.close" }, "*");
      if (window.parent === window) window.close(); // a tab of its own, which its opener may have left
    });
  }
}

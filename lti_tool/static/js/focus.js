// Browsers do not obey `autofocus` in a frame of another site, which every LMS is: a refused field, or the notice that
// something was saved, would not be heard.
document.querySelector("[autofocus]")?.focus();

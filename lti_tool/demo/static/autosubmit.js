// The button stays for whoever has no script.
document.querySelector("form[data-auto-submit]").submit();

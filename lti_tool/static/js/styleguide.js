// A tick that stands for some of a list has no attribute of its own.
for (const box of document.querySelectorAll("[data-mixed]")) box.indeterminate = true;

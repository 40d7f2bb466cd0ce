// One tick for all rows of a page.
for (const all of document.querySelectorAll("[data-tick-all]")) {
  const boxes = [...document.querySelectorAll(`input[type="checkbox"][name="${all.dataset.tickAll}"]`)];
  all.disabled = !boxes.length;
  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
  for (const box of boxes) {
    box.addEventListener("change", () => {
      const ticked = boxes.filter((one) => one.checked).length;
      all.checked = ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
    });
  }
}

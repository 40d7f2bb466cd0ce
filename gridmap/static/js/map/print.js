// Printing: the map takes the proportions of the paper, waits for its tiles, and then asks for the printer.

/** Print what the map shows. Resolves when the dialog is closed. */
export function printMap(map, frame, isIdle) {
  const root = document.documentElement;
  root.classList.add("is-printing");
  map.invalidateSize({ animate: false, pan: false });
  return new Promise((resolve) => {
    const finish = () => {
      window.print();
      root.classList.remove("is-printing");
      map.invalidateSize({ animate: false, pan: false });
      resolve();
    };
    const started = Date.now();
    const wait = () => {
      if (isIdle() || Date.now() - started > 8000) requestAnimationFrame(finish);
      else setTimeout(wait, 60);
    };
    setTimeout(wait, 60);
  });
}

// The map says when it stands: on the page, as a mark for measuring, and as an event for what waits for it.

/** Say `data-map="loading"` and `"idle"` on the page, and fire `gridmap:idle` two frames after all tiles are drawn. */
export function announceIdle(layer) {
  let first = true;
  layer.on("load", () =>
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        document.documentElement.dataset.map = "idle";
        performance.mark("gridmap:idle");
        window.dispatchEvent(new CustomEvent("gridmap:idle", { detail: { first } }));
        first = false;
      }),
    ),
  );
  layer.on("loading", () => {
    document.documentElement.dataset.map = "loading";
  });
}

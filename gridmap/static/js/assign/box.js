// A box drawn over the map gives everything in it: with the tool switched on, or with Shift held down.
import { element } from "../map/dom.js";

const LEAST = 6; // px; less was a click

/**
 * Boxes over `map`. `isWanted()` says whether one may begin; `onBox(min, max)` hears of corners in container pixels.
 * Returns {set(on)}: while on, dragging draws boxes and does not move the map.
 */
export function boxTool(map, { isWanted, onBox }) {
  const frame = map.getContainer();
  const shown = element("div", { name: "give-box", set: { "aria-hidden": "true", hidden: "" } });
  frame.append(shown);
  map.boxZoom.disable();
  let on = false;
  let from = null;

  function corners(event) {
    const to = map.mouseEventToContainerPoint(event);
    const min = window.L.point(Math.min(from.x, to.x), Math.min(from.y, to.y));
    return [min, window.L.point(Math.max(from.x, to.x), Math.max(from.y, to.y))];
  }

  function move(event) {
    const [min, max] = corners(event);
    shown.hidden = false;
    shown.style.transform = `translate(${min.x}px, ${min.y}px)`;
    shown.style.width = `${max.x - min.x}px`;
    shown.style.height = `${max.y - min.y}px`;
  }

  function stop() {
    from = null;
    shown.hidden = true;
    if (!on) map.dragging.enable();
  }

  frame.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0 || !(on || event.shiftKey) || !isWanted()) return;
      event.preventDefault();
      from = map.mouseEventToContainerPoint(event);
      map.dragging.disable();
      frame.setPointerCapture(event.pointerId);
    },
    true,
  );
  frame.addEventListener("pointermove", (event) => from && move(event));
  frame.addEventListener("pointercancel", () => from && stop());
  frame.addEventListener("pointerup", (event) => {
    if (!from) return;
    const [min, max] = corners(event);
    stop();
    if (max.x - min.x < LEAST && max.y - min.y < LEAST) return;
    // the click that follows a drag means no place
    const swallow = (click) => click.stopPropagation();
    frame.addEventListener("click", swallow, true);
    setTimeout(() => {
      frame.removeEventListener("click", swallow, true);
      onBox(min, max);
    }, 0);
  });

  return {
    set(wanted) {
      on = wanted;
      frame.classList.toggle("is-boxing", on);
      map.dragging[on ? "disable" : "enable"]();
    },
  };
}

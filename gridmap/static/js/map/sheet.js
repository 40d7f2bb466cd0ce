// On phones the panel is a sheet at the bottom with three heights: peek, half, full. Pressing its handle steps through
// them, dragging goes to the nearest; nothing needs the drag.

const STATES = ["peek", "half", "full"];

/** Make `panel` a sheet with the button `handle`. Returns {state, set(state)}; on desktops the CSS ignores it. */
export function sheet(panel, handle, onChange) {
  let state = "peek";
  let drag = null;

  function set(next) {
    state = next;
    panel.dataset.sheet = next;
    handle.setAttribute("aria-expanded", String(next !== "peek"));
    panel.style.removeProperty("height");
    onChange(next);
  }

  function nearest(height) {
    const room = panel.parentElement.clientHeight;
    if (height < room * 0.3) return "peek";
    return height < room * 0.68 ? "half" : "full";
  }

  handle.addEventListener("pointerdown", (event) => {
    drag = { y: event.clientY, height: panel.offsetHeight, moved: false };
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const way = drag.y - event.clientY;
    if (Math.abs(way) < 6 && !drag.moved) return;
    drag.moved = true;
    panel.classList.add("is-dragged");
    panel.style.setProperty("height", `${Math.max(72, drag.height + way)}px`);
  });
  const drop = () => {
    if (!drag) return;
    panel.classList.remove("is-dragged");
    if (drag.moved) set(nearest(panel.offsetHeight));
    // the click that follows a drag is not a press
    setTimeout(() => {
      drag = null;
    }, 0);
  };
  handle.addEventListener("pointerup", drop);
  handle.addEventListener("pointercancel", drop);
  handle.addEventListener("click", () => {
    if (drag && drag.moved) return;
    set(STATES[(STATES.indexOf(state) + 1) % STATES.length]);
  });

  set("peek");
  return {
    set,
    get state() {
      return state;
    },
  };
}

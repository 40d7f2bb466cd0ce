// The month slider: says the month while it moves, and goes there when it is let go.
const frame = document.querySelector(".month-slider");

if (frame) {
  const months = frame.dataset.months.split(" ").map((day) => day.slice(0, 7));
  const slider = frame.querySelector("input");
  const goal = frame.querySelector("output");
  const first = slider.value;
  const say = () => {
    slider.setAttribute("aria-valuetext", months[slider.value]);
    goal.textContent = slider.value === first ? "" : months[slider.value];
  };
  slider.addEventListener("input", say);
  slider.addEventListener("change", () => {
    if (slider.value === first) return;
    const address = new URL(frame.dataset.address, window.location.href);
    address.searchParams.set("month", months[slider.value]);
    window.location.assign(address);
  });
}

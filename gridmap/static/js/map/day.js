// The map of another day: who was responsible and where boundaries ran; names and counts stay today's, and it says so.

/** Wire the date box and the banner. `onDay(day|null)` hears of a choice. Returns {show(day)}. */
export function dayChoice({ input, banner, t, locale, today, onDay }) {
  const words = banner.querySelector("[data-day-words]");
  const form = new Intl.DateTimeFormat(locale === "zh" ? "zh-CN" : locale, { dateStyle: "long", timeZone: "UTC" });

  function show(day) {
    input.value = day || today;
    banner.hidden = !day;
    if (!day) return;
    const written = form.format(new Date(`${day}T00:00:00Z`));
    words.textContent = t("Responsible people and boundaries of {day}; names and counts are today’s.", { day: written });
  }

  input.addEventListener("change", () => {
    const day = input.value && input.value < today ? input.value : null;
    show(day);
    onDay(day);
  });
  banner.querySelector("button").addEventListener("click", () => {
    show(null);
    onDay(null);
    input.focus();
  });
  return { show };
}

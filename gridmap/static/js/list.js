// A list prints itself, and a choice shows its rows without a second press.
for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}

const filters = document.querySelector(".filters");
if (filters) {
  filters.addEventListener("change", (event) => {
    // another street has other communities, another community other grids
    const deeper = { street: ["community", "grid", "estate"], community: ["grid", "estate"] }[event.target.name] || [];
    for (const name of deeper) {
      const field = filters.elements[name];
      if (field) field.value = "";
    }
  });
}

"use strict";
for (const form of document.querySelectorAll("form.filters")) {
  const section = document.getElementById(form.dataset.of);
  let items;
  const read = () => [...section.querySelectorAll(".item")].map((row) => ({ row, text: row.textContent.toLowerCase() }));
  const groups = [...section.querySelectorAll(".group")].map((group) => ({ group, open: group.open }));
  const count = form.querySelector("output");
  const chosen = ["severity", "agent", "owner"];
  const apply = () => {
    items ??= read();
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = chosen.filter((name) => form.elements[name].value);
    let shown = 0;
    for (const { row, text } of items) {
      const fits = words.every((word) => text.includes(word)) &&
        wanted.every((name) => row.dataset[name] === form.elements[name].value);
      row.hidden = !fits;
      shown += fits;
    }
    const active = words.length > 0 || wanted.length > 0;
    for (const { group, open } of groups) {
      group.hidden = active && !group.querySelector(".item:not([hidden])");
      group.open = active ? !group.hidden : open;
    }
    count.textContent = active ? `${shown} of ${items.length} shown` : "";
  };
  let waiting;
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 120); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  if (form.elements.text.value || chosen.some((name) => form.elements[name].value)) apply();
}

const box = document.querySelector("input"), count = document.querySelector("output");
const rows = [...document.querySelectorAll("main div")].map(row => [row, row.textContent.toLowerCase()]);
box.parentElement.hidden = false;
box.addEventListener("input", () => {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const [row, text] of rows) {
    row.hidden = !words.every(word => text.includes(word));
    shown += !row.hidden;
  }
  count.textContent = words.length ? `${shown} of ${rows.length}` : "";
});

// What one points at in a chart, in words; and to drag over a time shows that time. The numbers are those of the table below.
const state = { line: null, box: null, brush: null, from: null };

const part = (name) => Object.assign(document.createElement("div"), { className: name });

function at(event) {
  const field = event.target.closest?.(".field");
  if (!field) return null;
  const chart = field.closest(".chart"), bounds = field.getBoundingClientRect();
  const share = Math.min(Math.max((event.clientX - bounds.left) / bounds.width, 0), 1);
  return { field, chart, bounds, share, plot: chart.querySelector(".plot") };
}

function leave() {
  for (const name of ["line", "box", "brush"]) { state[name]?.remove(); state[name] = null; }
}

function tell({ chart, plot, bounds, share }) {
  const rows = chart.querySelectorAll(".numbers tbody tr"), heads = chart.querySelectorAll(".numbers thead th");
  const step = Math.min(Math.floor(share * rows.length), rows.length - 1);
  if (step < 0) return;
  const left = plot.getBoundingClientRect().left, x = bounds.left - left + ((step + 0.5) / rows.length) * bounds.width;
  state.line ??= plot.appendChild(part("hover-line"));
  state.box ??= plot.appendChild(part("hover-box"));
  state.line.style.left = `${x}px`;
  state.box.replaceChildren();
  [...rows[step].children].forEach((cell, place) => {
    if (place === 0) return state.box.append(Object.assign(document.createElement("b"), { textContent: cell.textContent }));
    const row = document.createElement("span");
    row.append(Object.assign(document.createElement("i"), { textContent: heads[place].textContent }), cell.textContent);
    state.box.append(row);
  });
  const width = state.box.offsetWidth;
  state.box.style.left = `${x + 14 + width > plot.clientWidth ? x - 14 - width : x + 14}px`;
}

document.addEventListener("pointermove", (event) => {
  const found = state.from ? { ...at({ target: state.from.field, clientX: event.clientX }) } : at(event);
  if (!found?.field) return leave();
  if (state.line && state.line.parentElement !== found.plot) leave();
  tell(found);
  if (!state.from) return;
  const [from, to] = [state.from.share, found.share].sort((one, other) => one - other);
  const left = found.bounds.left - found.plot.getBoundingClientRect().left;
  state.brush ??= found.plot.appendChild(part("brush"));
  state.brush.style.left = `${left + from * found.bounds.width}px`;
  state.brush.style.width = `${(to - from) * found.bounds.width}px`;
});

document.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || event.pointerType === "touch" || event.target.closest("a")) return;
  state.from = at(event);
  if (state.from) { event.preventDefault(); state.from.field.dataset.busy = ""; }
});

document.addEventListener("pointerup", (event) => {
  const from = state.from;
  state.from = null;
  leave();
  if (!from) return;
  delete from.field.dataset.busy;
  const to = at({ target: from.field, clientX: event.clientX });
  if (Math.abs(to.share - from.share) < 0.01) return;
  const [start, end] = [Number(from.chart.dataset.start), Number(from.chart.dataset.end)];
  const times = [from.share, to.share].sort((one, other) => one - other).map((share) => new Date(start + share * (end - start)).toISOString());
  const next = new URL(location.href);
  next.searchParams.set("since", times[0]);
  next.searchParams.set("until", times[1]);
  next.searchParams.delete("cursor");
  location.assign(next);
});

document.addEventListener("pointerleave", leave);
document.addEventListener("cupola:again", leave);

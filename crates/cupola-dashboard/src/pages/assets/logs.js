// Entries are read in full once they are opened, and rows that come in are put before the others. Without this, links do the same.
const fresh = (element) => element.dispatchEvent(new Event("cupola:fresh", { bubbles: true }));
const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

document.addEventListener("toggle", async (event) => {
  const details = event.target;
  if (!details.matches?.("details[data-lazy]") || !details.open) return;
  const body = details.querySelector(".row-body"), link = body?.querySelector("a");
  if (!link || "asked" in details.dataset) return;
  details.dataset.asked = "";
  const place = new URL(link.href);
  place.searchParams.set("lines", "0");
  try {
    const answer = await fetch(place, { credentials: "same-origin" });
    const entry = answer.ok ? parsed(await answer.text()).querySelector(".entry") : null;
    if (!entry) throw new Error("no entry");
    entry.classList.remove("panel");
    body.replaceChildren(entry);
    fresh(body);
  } catch {
    // The link stays, and says why once it is followed.
    delete details.dataset.asked;
  }
}, true);

// What comes in. Rows wait for the next frame; while it is paused, so many as are kept.
const live = document.querySelector("[data-live]");
if (live) {
  const part = (name) => live.querySelector(`[data-live-${name}]`);
  const list = live.querySelector(".row-list"), most = Number(live.dataset.most);
  let waiting = [], came = 0, dropped = 0, paused = false, planned = false, source = null;

  const state = (says, kind) => { part("state").textContent = says; part("state").className = `state ${kind}`; };
  const drop = (number) => {
    dropped += number;
    part("dropped").hidden = dropped === 0;
    part("dropped").querySelector("b").textContent = dropped.toLocaleString();
  };
  const show = () => {
    planned = false;
    if (paused) return state(`Paused, ${waiting.length} wait`, "fair");
    for (const row of parsed(`<ol>${waiting.join("")}</ol>`).querySelectorAll("ol > li")) list.prepend(row);
    waiting = [];
    // One that somebody reads is left where it is.
    const closed = [...list.children].filter((row) => !row.querySelector("details[open]"));
    for (const row of closed.slice(most)) row.remove();
    fresh(list);
  };
  const plan = () => { if (!planned) { planned = true; requestAnimationFrame(show); } };

  const open = () => {
    source = new EventSource(live.dataset.live);
    state("Connecting", "");
    source.addEventListener("open", () => state("Live", "good"));
    source.addEventListener("row", ({ data }) => {
      came += 1;
      part("count").textContent = came.toLocaleString();
      waiting.push(data);
      if (waiting.length > most) { waiting.shift(); if (paused) drop(1); }
      plan();
    });
    source.addEventListener("dropped", ({ data }) => drop(Number(data)));
    source.addEventListener("refused", ({ data }) => { source.close(); state(data, "bad"); });
    source.addEventListener("error", () => { if (source.readyState !== EventSource.CLOSED) state("Connecting again", "fair"); });
  };
  part("pause").addEventListener("click", () => {
    paused = !paused;
    part("pause").textContent = paused ? "Go on" : "Pause";
    if (!paused) state("Live", "good");
    plan();
  });
  addEventListener("pagehide", () => source?.close());
  open();
}

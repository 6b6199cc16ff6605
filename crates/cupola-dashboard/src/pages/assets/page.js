// Local times, reading a page again, menus and keys. Every page works without this.
const root = document.documentElement;
root.classList.add("scripted-page");

const two = (number) => String(number).padStart(2, "0");
const day = (time) => `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
const clock = (time) => `${two(time.getHours())}:${two(time.getMinutes())}`;
const second = (time) => `${clock(time)}:${two(time.getSeconds())}`;
const forms = {
  time: (time) => (day(time) === day(new Date()) ? second(time) : `${day(time)} ${second(time)}`),
  milli: (time) => `${second(time)}.${String(time.getMilliseconds()).padStart(3, "0")}`,
  second, minute: clock,
  day: (time) => time.toLocaleDateString(undefined, { month: "short", day: "numeric" }),
};

/** Times of the visitor's own zone; UTC shows where one points. */
export function localize(within) {
  for (const element of within.querySelectorAll("time[data-form]")) {
    const time = new Date(element.dateTime);
    const utc = `${element.dateTime.slice(0, 19).replace("T", " ")} UTC`;
    if (element.dataset.form !== "ago") {
      element.textContent = (forms[element.dataset.form] ?? forms.time)(time);
      element.title = utc;
    } else {
      element.title = `${day(time)} ${second(time)} (${utc})`;
    }
  }
  for (const tick of within.querySelectorAll("[data-tick]")) {
    tick.textContent = (forms[tick.dataset.form] ?? clock)(new Date(Number(tick.dataset.tick)));
  }
  for (const zone of within.querySelectorAll("[data-zone]")) {
    zone.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone || "local time";
  }
}
localize(document);
// Other scripts have names that change, so that none is imported: they tell what they have put into the page.
document.addEventListener("cupola:fresh", (event) => localize(event.target));

// A date and a time of day is meant in the zone that is shown.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-times]")) return;
  for (const input of event.target.querySelectorAll("input[type=text]")) {
    const said = input.value.trim();
    if (/^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?$/.test(said)) {
      const time = new Date(said.length === 10 ? `${said}T00:00` : said.replace(" ", "T"));
      if (!Number.isNaN(time.getTime())) input.value = time.toISOString();
    }
  }
});

// The same page again, every so often. Not while nobody looks, or somebody is about to do something.
let paused = false;
const busy = () =>
  paused || document.hidden || document.querySelector("main details[open], .menu[open], main [data-busy]") ||
  document.activeElement?.matches("main input, main select, main textarea") || String(getSelection() ?? "");

export async function again() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" }, credentials: "same-origin" });
  if (answer.redirected || !answer.ok) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of ["main", ".foot", ".bar"]) {
    const [old, fresh] = [document.querySelector(part), page.querySelector(part)];
    if (!old || !fresh || (part === ".bar" && old.contains(document.activeElement))) continue;
    localize(fresh);
    old.replaceWith(fresh);
  }
  document.dispatchEvent(new Event("cupola:again"));
  return true;
}

let last = Date.now();
setInterval(async () => {
  const every = Number(document.querySelector("main")?.dataset.refresh ?? 0);
  if (every && Date.now() - last >= every * 1000 && !busy()) {
    last = Date.now();
    await again().catch(() => false);
  }
}, 1000);

// What happens to alerts is shown at once, where a page tells of them. Not while nobody looks: each tab would hold a connection.
let events = null;
const watch = () => {
  const address = document.querySelector("main")?.dataset.watches;
  if (document.hidden) {
    events?.close();
    events = null;
  } else if (address && !events) {
    events = new EventSource(address);
    events.addEventListener("change", () => { last = 0; });
  }
};
document.addEventListener("visibilitychange", watch);
watch();

// One menu at a time, closed by Escape or a click elsewhere.
const close = (but) => document.querySelectorAll(".menu[open]").forEach((menu) => { if (menu !== but) menu.open = false; });
document.addEventListener("click", (event) => close(event.target.closest(".menu")));

// Keys: g and a letter goes to a page, t opens the times, r reads again, p pauses, / searches, ? tells of these.
let after = "";
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return close();
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  const before = after;
  after = "";
  if (before === "g") {
    document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
  } else if (event.key === "g") {
    after = "g";
  } else if (event.key === "r") {
    again().catch(() => false);
  } else if (event.key === "p") {
    paused = !paused;
    document.querySelectorAll("[data-refreshes]").forEach((said) => { said.textContent = paused ? "Paused" : `${document.querySelector("main").dataset.refresh} s`; });
  } else if (event.key === "?") {
    document.querySelector("#keys")?.showModal();
  } else if (event.key === "/") {
    const search = document.querySelector("main input[type=search]");
    if (search) { event.preventDefault(); search.focus(); }
  } else {
    const menu = document.querySelector(`[data-opens="${CSS.escape(event.key)}"]`);
    if (menu) { menu.click(); menu.focus(); }
  }
});

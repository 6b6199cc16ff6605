// Looks at every page with a real browser: node pages.js ADDRESS. Says what is wrong, and ends with 1 then.
const { AxeBuilder } = require("@axe-core/playwright");
const { launch, PAGES } = require("./chromium.js");

const base = process.argv[2];
const faults = [];
const fault = (where, what) => faults.push(`${where}: ${what}`);

/** A page that tells of whatever goes wrong in it. */
async function open(browser, name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, timezoneId: "America/New_York", ...options });
  const page = await context.newPage();
  page.on("console", (said) => { if (["error", "warning"].includes(said.type())) fault(`${name} ${page.url()}`, said.text()); });
  page.on("pageerror", (error) => fault(`${name} ${page.url()}`, error.message));
  page.on("request", (request) => { if (!request.url().startsWith(base)) fault(name, `asks ${request.url()}`); });
  // What is given up because one goes on has not failed.
  page.on("requestfailed", (request) => { if (request.failure().errorText !== "net::ERR_ABORTED") fault(name, `${request.url()} failed`); });
  return page;
}

async function go(page, path) {
  const answer = await page.goto(base + path, { waitUntil: "load" });
  if (answer.status() !== 200) fault(path, `status ${answer.status()}`);
}

const expect = (where, is, what) => { if (!is) fault(where, what); };

/** Adds the pages that the navigation leads to. */
async function places(browser) {
  const page = await open(browser, "places");
  await go(page, "/cupola");
  const found = await page.locator("nav a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  expect("places", found.length > 1, "the navigation leads nowhere");
  PAGES.unshift(...found);
  const traces = await page.request.get(`${base}/cupola/traces?since=2h`);
  const trace = /\/cupola\/traces\/[0-9a-f]{32}/.exec(await traces.text());
  if (trace) PAGES.push(trace[0]);
  expect("places", trace, "no trace is shown");
  const jobs = await page.request.get(`${base}/cupola/jobs?outcome=failed`);
  const job = /\/cupola\/jobs\/job[^"]+/.exec(await jobs.text());
  if (job) PAGES.push(job[0]);
  expect("places", job, "no job is shown");
  await page.context().close();
}

/** Each page once: as wide as a phone, in full with all that can be opened, and in the dark, where nothing but colours differs. */
async function looks(browser) {
  const page = await open(browser, "looks", { colorScheme: "light", reducedMotion: "reduce" });
  const well = async (where, axe) => {
    const { violations } = await axe.analyze();
    for (const { id, help, nodes } of violations) fault(where, `axe ${id}: ${help}: ${nodes[0].html.slice(0, 200)}`);
  };
  for (const path of PAGES) {
    await page.setViewportSize({ width: 360, height: 740 });
    await go(page, path);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(`phone ${path}`, width <= 360, `is ${width} pixels wide`);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
    await well(`light ${path}`, new AxeBuilder({ page }));
    await page.emulateMedia({ colorScheme: "dark" });
    await well(`dark ${path}`, new AxeBuilder({ page }).withRules(["color-contrast"]));
    await page.emulateMedia({ colorScheme: "light" });
  }
  await page.context().close();
}

async function withoutScript(browser) {
  const page = await open(browser, "no script", { javaScriptEnabled: false });
  for (const path of PAGES) await go(page, path);
  await go(page, "/cupola");
  expect("no script", (await page.locator("time").first().textContent()).match(/ago|UTC|just now/), "times do not say their zone");
  await page.locator("summary", { hasText: "Last hour" }).click();
  await page.getByRole("link", { name: "Last 3 hours" }).click();
  expect("no script", page.url().includes("since=3h"), "a range cannot be chosen");
  await page.getByTitle("Colours: dark").click();
  expect("no script", page.url().includes("since=3h"), "colours lead away");
  expect("no script", (await page.locator("html").getAttribute("data-theme")) === "dark", "colours cannot be chosen");
  expect("no script", await page.locator(".scripted").first().isHidden(), "what needs a script is shown");
  await page.context().close();
}

async function works(browser) {
  const page = await open(browser, "works");
  await go(page, "/cupola");
  const tick = await page.locator("[data-tick]").first().evaluate((tick) => {
    const time = new Date(Number(tick.dataset.tick));
    return [tick.textContent, `${String(time.getHours()).padStart(2, "0")}:${String(time.getMinutes()).padStart(2, "0")}`];
  });
  expect("works", tick[0] === tick[1], `a tick says ${tick[0]}, and is ${tick[1]} here`);

  // A look at a bar says what it is, and dragging over some shows their time.
  const field = page.locator(".field").last();
  await field.scrollIntoViewIfNeeded();
  const box = await field.boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 60);
  expect("works", /info/.test((await page.locator(".hover-box").textContent()) ?? ""), "a bar says nothing");
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 4 });
  await Promise.all([page.waitForURL(/since=.*until=/), page.mouse.up()]);
  const range = new URL(page.url()).searchParams;
  const minutes = (new Date(range.get("until")) - new Date(range.get("since"))) / 60_000;
  expect("works", minutes > 10 && minutes < 14, `a fifth of an hour is ${minutes} minutes`);
  expect("works", (await page.locator("main").getAttribute("data-refresh")) === "0", "what is over is read again");

  // Keys.
  await go(page, "/cupola");
  await page.keyboard.press("t");
  expect("works", await page.getByRole("link", { name: "Last 24 hours" }).isVisible(), "t does not open the times");
  await page.keyboard.press("Escape");
  expect("works", await page.getByRole("link", { name: "Last 24 hours" }).isHidden(), "Escape does not close them");
  await page.keyboard.press("?");
  expect("works", await page.getByRole("dialog", { name: "Keys" }).isVisible(), "? does not tell of the keys");
  await page.keyboard.press("Escape");
  await Promise.all([page.waitForURL(/settings/), page.keyboard.type("g,")]);

  // Read again, the page is another one at the same place.
  await go(page, "/cupola");
  const before = await page.locator("main").getAttribute("data-now");
  await page.keyboard.press("r");
  await page.waitForFunction((before) => document.querySelector("main").dataset.now !== before, before);

  // A time of day is meant as it is shown.
  await page.keyboard.press("t");
  await page.locator("input[name=since]").fill("2026-01-02 03:04");
  await page.locator("input[name=until]").fill("2026-01-02 04:04");
  await Promise.all([page.waitForURL(/2026-01-02T08%3A04/), page.locator("form[data-times] button").click()]);
  await page.context().close();
}

/** From what is wrong to the request that shows why, by clicks. */
async function story(browser) {
  const page = await open(browser, "story");
  await go(page, "/cupola");
  await page.locator("tr.group a").first().click();
  expect("story", page.url().includes("service=vm-provisioner"), `what is worst is ${page.url()}`);
  await page.locator("main table a[href*='/route']").first().click();
  expect("story", page.url().includes("route=/api/v1/vms"), `its worst route is ${page.url()}`);
  await page.locator("a:has(.dot.bad)").first().click();
  await page.waitForURL(/\/cupola\/traces\/[0-9a-f]{32}/);
  const says = await page.locator("main").innerText();
  expect("story", /hypervisor hv-\d+ did not answer within \d s/.test(says), "the trace does not say why it failed");
  await page.locator("main table a[href*='/cupola/jobs/']").last().click();
  await page.waitForURL(/\/cupola\/jobs\/job/);
  const line = page.locator(".row.of-error", { hasText: "machine could not be placed" }).first();
  await line.locator("summary").click();
  await line.locator(".row-body .fields").waitFor();
  const why = await line.innerText();
  expect("story", /has no room|is being restarted/.test(why) && /placement::/.test(why), `the fifth click ends at ${why}`);
  await page.context().close();
}

/** Entries, traces and groups of errors: each is read in full where it stands, and leads to the others. */
async function entries(browser) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open(browser, `entries ${colorScheme}`, { colorScheme });
    const well = async (where) => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      for (const { id, help, nodes } of violations) fault(`${colorScheme} ${where}`, `axe ${id}: ${help}: ${nodes[0].html.slice(0, 200)}`);
    };
    await go(page, "/cupola/logs?query=level%3Derror%20error_type%21%3D");
    await page.locator(".row summary").first().click();
    await page.locator(".row-body .fields").first().waitFor();
    await well("an entry in its row");
    await page.locator(".row-body").getByRole("link", { name: "Trace", exact: true }).first().click();
    await page.locator(".waterfall").waitFor();
    await page.locator(".fall-row:not(.fall-line) summary").first().click();
    await page.locator(".row-body .fields").first().waitFor();
    await well("a trace");
    await page.locator(".fall-line summary").first().click();
    await page.locator(".fall-line .row-body .fields").first().waitFor();
    await page.locator(".fall-line .row-body").getByRole("link", { name: "Lines around it" }).first().click();
    await page.locator(".row.chosen").waitFor();
    await well("the lines around an entry");
    await go(page, "/cupola/errors");
    await page.locator("tbody a").first().click();
    await page.waitForURL(/errors\/1/);
    await page.locator(".entry .fields").first().waitFor();
    await well("a group of errors");
    await page.context().close();
  }
  const page = await open(browser, "entries");
  await go(page, "/cupola/logs");
  await page.locator(".facet-value", { hasText: "billing" }).first().click();
  await page.waitForURL(/query=service%3Dbilling/);
  await page.keyboard.press("/");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("level>=");
  // What cannot be read is no page that was asked for, so that the console says its status.
  const [answer] = await Promise.all([page.waitForResponse(/level%3E%3D/), page.keyboard.press("Enter")]);
  expect("entries", answer.status() === 400, "a search that cannot be read is answered");
  expect("entries", /expected a value/.test(await page.locator("#search-fault").textContent()), "and it is not said why");
  faults.splice(0, faults.length, ...faults.filter((said) => !/status of 400/.test(said)));
  await go(page, "/cupola/logs?live=1");
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText(/^Paused/).waitFor();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("Live", { exact: true }).waitFor();
  await page.context().close();
}

async function people(browser) {
  const page = await open(browser, "people");
  await go(page, "/cupola/login?back=/cupola/settings");
  await page.getByLabel("Token").fill("demo");
  await page.getByRole("button", { name: "Log in with the token" }).click();
  await page.waitForURL(/settings$/);
  await go(page, "/cupola/logs?query=level%3E%3Dwarn");
  await page.locator("summary", { hasText: "Views" }).click();
  await page.getByLabel("Save this page as").fill("What is wrong");
  await page.getByLabel("Everyone sees it").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForURL(/logs\?query=level%3E%3Dwarn$/);
  await go(page, "/cupola/views");
  await page.getByRole("link", { name: "What is wrong" }).first().waitFor();
  await page.getByRole("button", { name: "Remove What is wrong" }).click();
  await page.getByText("No view was saved yet").waitFor();
  // Acknowledged elsewhere, an alert is shown so at once: by itself the page would be read again after half a minute.
  await go(page, "/cupola/alerts");
  const elsewhere = await page.context().newPage();
  await elsewhere.goto(`${base}/cupola/alerts`);
  await elsewhere.getByRole("button", { name: "Acknowledge" }).first().click();
  await page.getByRole("heading", { name: "Acknowledged" }).waitFor({ timeout: 10_000 });
  await elsewhere.close();
  await go(page, "/cupola/settings");
  await page.getByLabel("Name").fill("grace");
  await page.getByLabel("Password").fill("a long password");
  await page.getByRole("button", { name: "Set user" }).click();
  await page.getByRole("row", { name: "grace" }).first().waitFor();
  await page.getByRole("button", { name: "Remove grace" }).click();
  await page.getByRole("button", { name: "Remove grace" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByText("0 problems found").waitFor().catch(() => go(page, "/cupola/settings"));
  await page.getByText("0 problems found").waitFor();
  const { violations } = await new AxeBuilder({ page }).analyze();
  for (const { id, help, nodes } of violations) fault("settings of an admin", `axe ${id}: ${help}: ${nodes[0].html.slice(0, 200)}`);
  await page.getByRole("button", { name: "Log out" }).click();
  await page.waitForURL(/login/);
  await page.context().close();
}

(async () => {
  const browser = await launch();
  const have = async (parts) => {
    for (const part of parts) await part(browser).catch((error) => fault(part.name, error.message));
  };
  await have([places]);
  await Promise.all([have([looks]), have([withoutScript, works, story, entries, people])]);
  await browser.close();
  if (faults.length > 0) {
    console.error(faults.join("\n"));
    process.exit(1);
  }
})();

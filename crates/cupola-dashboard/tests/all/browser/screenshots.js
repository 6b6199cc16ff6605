// Pictures of the pages in both themes: node screenshots.js ADDRESS FOLDER. The address is that of the example `pages`:
//   cargo run -p cupola-dashboard --example pages -- 127.0.0.1:8089
//   NODE_PATH=… node crates/cupola-dashboard/tests/all/browser/screenshots.js http://127.0.0.1:8089 docs/img
const { launch } = require("./chromium.js");

const [base, folder] = process.argv.slice(2);

/** Each picture's name, and the page that it is of. */
const PICTURES = [
  ["overview", "/cupola"],
  ["service", "/cupola/service?service=vm-provisioner"],
  ["route", "/cupola/route?service=vm-provisioner&route=/api/v1/vms"],
  ["logs", "/cupola/logs?query=level%3E%3Dwarn"],
  ["traces", "/cupola/traces"],
  ["errors", "/cupola/errors"],
  ["jobs", "/cupola/jobs"],
  ["executions", "/cupola/executions"],
  ["llm", "/cupola/llm"],
  ["system", "/cupola/system"],
  ["alerts", "/cupola/alerts"],
  ["rules", "/cupola/rules"],
  ["settings", "/cupola/settings"],
];

(async () => {
  const browser = await launch();
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 860 } });
    const page = await context.newPage();
    await page.goto(`${base}/cupola/login`);
    await page.getByLabel("Token").fill("demo");
    await page.getByRole("button", { name: "Log in with the token" }).click();
    for (const [name, path] of PICTURES) {
      await page.goto(base + path);
      await page.screenshot({ path: `${folder}/${name}-${colorScheme}.png` });
    }
    // One that failed.
    await page.goto(`${base}/cupola/route?service=vm-provisioner&route=/api/v1/vms`);
    await page.locator("a:has(.dot.bad)").first().click();
    await page.waitForURL(/traces/);
    await page.screenshot({ path: `${folder}/trace-${colorScheme}.png` });
    await page.locator("main table a[href*='/cupola/jobs/']").last().click();
    await page.waitForURL(/jobs\/job/);
    await page.screenshot({ path: `${folder}/job-${colorScheme}.png` });
    await context.close();
  }
  await browser.close();
})();

// What Lighthouse says of the pages: node lighthouse.js ADDRESS. Ends with 1 where a page has less than 95 of 100.
const { flags } = require("./chromium.js");

const base = process.argv[2];
const LEAST = 0.95;
const CATEGORIES = ["performance", "accessibility", "best-practices"];
const PAGES = [
  "/cupola",
  "/cupola/service?service=vm-provisioner",
  "/cupola/logs",
  "/cupola/traces",
  "/cupola/alerts",
  "/cupola/settings",
];

/** What counts against a category, the worst first. */
const against = ({ audits }, { auditRefs }) =>
  auditRefs
    .filter(({ id, weight }) => weight > 0 && audits[id].score !== null && audits[id].score < 0.9)
    .map(({ id }) => `${id} ${audits[id].displayValue ?? ""} ${audits[id].details?.items?.[0]?.node?.snippet ?? ""}`.trim());

(async () => {
  // They are modules, which do not look in NODE_PATH by themselves.
  const [{ default: lighthouse }, { launch }] = await Promise.all(["lighthouse", "chrome-launcher"].map((name) => import(`file://${require.resolve(name)}`)));
  const chromium = await launch({ chromePath: process.env.CHROMIUM ?? "/usr/bin/chromium", chromeFlags: [...flags, "--headless=new"] });
  const look = async (path) => (await lighthouse(base + path, { port: chromium.port, logLevel: "silent", onlyCategories: CATEGORIES })).lhr;
  const faults = [];
  for (const path of PAGES) {
    let found = await look(path);
    // Others at work on the machine make a page slow; a page that is slow by itself is so each time.
    for (let again = 0; again < 3 && found.categories.performance.score < LEAST; again++) found = await look(path);
    const scores = CATEGORIES.map((name) => [name, found.categories[name]]);
    console.log(path, ...scores.map(([, { score }]) => Math.round(score * 100)));
    for (const [name, category] of scores) {
      if (!(category.score >= LEAST)) faults.push(`${path} has ${category.score} for ${name}: ${against(found, category).join("; ")}`);
    }
  }
  await chromium.kill();
  if (faults.length > 0) {
    console.error(faults.join("\n"));
    process.exit(1);
  }
})();

// A browser, as the tests and the screenshots start it. Needs playwright-core in NODE_PATH, and Chromium.
const { chromium } = require("playwright-core");

const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

exports.launch = (more = []) => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...args, ...more] });

/** The pages that a demo's store has something to show on, below the server's address. */
exports.PAGES = [
  "/cupola",
  "/cupola?since=24h&sort=p95",
  "/cupola/service?service=vm-provisioner",
  "/cupola/route?service=vm-provisioner&route=/api/v1/vms",
  "/cupola/service?service=nobody",
  "/cupola/settings",
  "/cupola/login",
];

// A browser, as the tests and the screenshots start it. Needs playwright-core in NODE_PATH, and Chromium.
const { chromium } = require("playwright-core");

const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

exports.flags = flags;

exports.launch = (more = []) => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...flags, ...more] });

/** Pages that the navigation does not lead to, or not so; those that it leads to are looked at, too. */
exports.PAGES = [
  "/cupola?since=24h&sort=p95",
  "/cupola/service?service=vm-provisioner",
  "/cupola/route?service=vm-provisioner&route=/api/v1/vms",
  "/cupola/service?service=nobody",
  "/cupola/logs?query=level%3E%3Derror",
  "/cupola/logs?query=nothing+at+all",
  "/cupola/logs?columns=route,status&facet=user_id",
  "/cupola/traces?of=lines&failed=1",
  "/cupola/errors?requests=1&sort=last",
  "/cupola/executions",
  "/cupola/rules",
  "/cupola/rules/too%20many%20fail?preview=yes",
  "/cupola/rule",
  "/cupola/silences",
  "/cupola/alerts-history",
  "/cupola/views",
  "/cupola/login",
];

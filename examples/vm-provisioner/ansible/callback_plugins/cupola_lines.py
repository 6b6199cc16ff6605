"""Tells what a playbook does while it does it: one JSON line an event. Results of `no_log` tasks come here censored."""

import json
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: cupola_lines
type: stdout
short_description: one JSON line an event
description: Written for a program that reads along.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "stdout", "cupola_lines"

    def __init__(self):
        super().__init__()
        self.begun = {}

    def say(self, event, **fields):
        print(json.dumps({"event": event, **fields}, default=str), flush=True)

    def result(self, status, result, event="result", **fields):
        host, task, said = result._host.get_name(), result._task, result._result
        took = time.monotonic() - self.begun.get((host, task._uuid), time.monotonic())
        message = None if "censored" in said else said.get("msg")
        fields.update(task=task.get_name(), host=host, status=status, duration_ms=round(took * 1000, 3))
        self.say(event, message=None if message is None else str(message)[:1000], **fields)

    def item(self, status, result):
        self.result(status, result, "item", item=str(self._get_item_label(result._result))[:200])

    def v2_runner_on_start(self, host, task):
        self.begun[(host.get_name(), task._uuid)] = time.monotonic()
        self.say("start", task=task.get_name(), host=host.get_name())

    def v2_runner_on_ok(self, result):
        self.result("changed" if result._result.get("changed") else "ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.result("failed", result, ignored=ignore_errors)

    def v2_runner_on_unreachable(self, result):
        self.result("unreachable", result, ignored=bool(result._task.ignore_unreachable))

    def v2_runner_on_skipped(self, result):
        self.result("skipped", result)

    def v2_runner_item_on_ok(self, result):
        self.item("changed" if result._result.get("changed") else "ok", result)

    def v2_runner_item_on_failed(self, result):
        self.item("failed", result)

    def v2_runner_item_on_skipped(self, result):
        self.item("skipped", result)

    def v2_playbook_on_stats(self, stats):
        totals = {"ok": stats.ok, "changed": stats.changed, "failed": stats.failures, "unreachable": stats.dark,
                  "skipped": stats.skipped, "ignored": stats.ignored, "rescued": stats.rescued}
        self.say("stats", **{name: sum(by_host.values()) for name, by_host in totals.items()})

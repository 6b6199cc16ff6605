#!/usr/bin/env python3
"""Makes cupola.json, the dashboard for Grafana, of the list of panels below: `make.py > cupola.json`."""

import json
import sys

WIDTH = 24
HERE = 'instance=~"$instance"'
ROUTE = HERE + ', http_route=~"$route"'
FAILED = 'error_type!~"|closed_before_head|closed_mid_body"'


def rate(metric, by="", where=HERE):
    return f"sum by ({by}) (rate({metric}{{{where}}}[$__rate_interval]))"


def quantile(share, metric, by="", where=HERE):
    return f"histogram_quantile({share}, {rate(metric + '_bucket', ', '.join(filter(None, [by, 'le'])), where)})"


def quantiles(metric, where=HERE):
    return [(quantile(share, metric, "", where), name) for share, name in [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")]]


# A row: its title, and its panels: title, unit, width, what is asked and how it is called. `?` before a title: often there is nothing, and that is well.
SECONDS, PER_SECOND, BYTES, SHARE, COUNT = "s", "reqps", "bytes", "percentunit", "short"
REQUESTS = "http_server_request_duration_seconds"
ROWS = [
    ("Requests", [
        ("stat:Requests", PER_SECOND, 5, [(rate(REQUESTS + "_count", "", ROUTE), "")]),
        ("stat:Failed", SHARE, 5, [(f"(({rate(REQUESTS + '_count', '', ROUTE + ', ' + FAILED)}) or vector(0)) / {rate(REQUESTS + '_count', '', ROUTE)}", "")]),
        ("stat:p95", SECONDS, 5, [(quantile(0.95, REQUESTS, "", ROUTE), "")]),
        ("stat:In flight", COUNT, 5, [(f"sum(http_server_active_requests{{{HERE}}})", "")]),
        ("stat:Dropped telemetry", COUNT, 4, [(f'sum(increase({{__name__=~"cupola_log_lines_total|cupola_otlp_items_total|cupola_store_entries_total", {HERE}, outcome="dropped"}}[$__range]))', "")]),
        ("Requests by route", PER_SECOND, 8, [(rate(REQUESTS + "_count", "http_request_method, http_route", ROUTE), "{{http_request_method}} {{http_route}}")]),
        ("Failed, by route", SHARE, 8, [(f"{rate(REQUESTS + '_count', 'http_route', ROUTE + ', ' + FAILED)} / {rate(REQUESTS + '_count', 'http_route', ROUTE)}", "{{http_route}}")]),
        ("exemplars:How long they take", SECONDS, 8, quantiles(REQUESTS, ROUTE)),
        ("p95 by route", SECONDS, 8, [(quantile(0.95, REQUESTS, "http_route", ROUTE), "{{http_route}}")]),
        ("Statuses", PER_SECOND, 8, [(rate(REQUESTS + "_count", "http_response_status_code", ROUTE), "{{http_response_status_code}}")]),
        ("p95 to the head of the response", SECONDS, 8, [(quantile(0.95, "cupola_http_time_to_head_seconds", "http_route", ROUTE), "{{http_route}}")]),
        ("In flight", COUNT, 8, [(f"sum by (http_request_method) (http_server_active_requests{{{HERE}}})", "{{http_request_method}}")]),
        ("?Not ended by a whole response", PER_SECOND, 8, [(rate("cupola_http_aborted_total", "http_route, outcome", ROUTE), "{{outcome}} {{http_route}}"), (rate("cupola_http_slow_total", "http_route", ROUTE), "slow {{http_route}}")]),
        ("Bytes of bodies", "Bps", 8, [(rate("http_server_request_body_size_bytes_sum", "", ROUTE), "in"), (rate("http_server_response_body_size_bytes_sum", "", ROUTE), "out")]),
        ("table:Routes", COUNT, 24, [
            (rate(REQUESTS + "_count", "http_request_method, http_route", ROUTE), "requests a second"),
            (f"{rate(REQUESTS + '_count', 'http_request_method, http_route', ROUTE + ', ' + FAILED)} / {rate(REQUESTS + '_count', 'http_request_method, http_route', ROUTE)}", "failed"),
            (quantile(0.5, REQUESTS, "http_request_method, http_route", ROUTE), "p50"),
            (quantile(0.95, REQUESTS, "http_request_method, http_route", ROUTE), "p95"),
            (quantile(0.99, REQUESTS, "http_request_method, http_route", ROUTE), "p99"),
        ]),
    ]),
    ("Calls to others, and databases", [
        ("Calls", PER_SECOND, 8, [(rate("cupola_client_call_duration_seconds_count", "cupola_dependency"), "{{cupola_dependency}}")]),
        ("Attempts by status", PER_SECOND, 8, [(rate("http_client_request_duration_seconds_count", "cupola_dependency, http_response_status_code, error_type"), "{{cupola_dependency}} {{http_response_status_code}} {{error_type}}")]),
        ("p95 of calls", SECONDS, 8, [(quantile(0.95, "cupola_client_call_duration_seconds", "cupola_dependency"), "{{cupola_dependency}}")]),
        ("Queries", PER_SECOND, 8, [(rate("db_client_operation_duration_seconds_count", "cupola_dependency, db_operation_name"), "{{cupola_dependency}} {{db_operation_name}}")]),
        ("?Queries that failed", PER_SECOND, 8, [(rate("db_client_operation_duration_seconds_count", "cupola_dependency, error_type", HERE + ', error_type!=""'), "{{cupola_dependency}} {{error_type}}")]),
        ("p95 of queries", SECONDS, 8, [(quantile(0.95, "db_client_operation_duration_seconds", "cupola_dependency, db_operation_name"), "{{cupola_dependency}} {{db_operation_name}}")]),
    ]),
    ("Jobs and executions", [
        ("Jobs by outcome", "ops", 8, [(rate("messaging_process_duration_seconds_count", "cupola_job_kind, cupola_job_outcome"), "{{cupola_job_kind}} {{cupola_job_outcome}}")]),
        ("p95 of jobs", SECONDS, 8, [(quantile(0.95, "messaging_process_duration_seconds", "cupola_job_kind"), "{{cupola_job_kind}}")]),
        ("p95 in the queue", SECONDS, 8, [(quantile(0.95, "cupola_job_queue_latency_seconds", "messaging_destination_name"), "{{messaging_destination_name}}")]),
        ("Jobs at work", COUNT, 8, [(f"sum by (cupola_job_kind) (cupola_job_active{{{HERE}}})", "{{cupola_job_kind}}")]),
        ("?Tried again", "ops", 8, [(rate("cupola_job_retries_total", "cupola_job_kind, cupola_job_retry_reason"), "{{cupola_job_kind}} {{cupola_job_retry_reason}}")]),
        ("Executions", "ops", 8, [(rate("cupola_execution_duration_seconds_count", "cupola_execution_name, cupola_execution_state"), "{{cupola_execution_name}} {{cupola_execution_state}}")]),
    ]),
    ("Language models", [
        ("Calls", PER_SECOND, 8, [(rate("gen_ai_client_operation_duration_seconds_count", "gen_ai_request_model, error_type"), "{{gen_ai_request_model}} {{error_type}}")]),
        ("p95 of calls", SECONDS, 8, [(quantile(0.95, "gen_ai_client_operation_duration_seconds", "gen_ai_request_model"), "{{gen_ai_request_model}}")]),
        ("p95 to the first chunk", SECONDS, 8, [(quantile(0.95, "gen_ai_client_operation_time_to_first_chunk_seconds", "gen_ai_request_model"), "{{gen_ai_request_model}}")]),
        ("Tokens", "short", 8, [(rate("cupola_llm_tokens_total", "gen_ai_request_model, gen_ai_token_type"), "{{gen_ai_request_model}} {{gen_ai_token_type}}")]),
        ("Cost an hour", "currencyUSD", 8, [(f"3600 * {rate('gen_ai_client_cost_USD_total', 'gen_ai_request_model')}", "{{gen_ai_request_model}}")]),
        ("Left of the provider's limits", SHARE, 8, [(f"min by (gen_ai_provider_name, gen_ai_request_model, cupola_llm_limit) (cupola_llm_rate_limit_remaining{{{HERE}}} / cupola_llm_rate_limit{{{HERE}}})", "{{gen_ai_provider_name}} {{gen_ai_request_model}} {{cupola_llm_limit}}")]),
    ]),
    ("Machine and process", [
        ("CPU", SHARE, 8, [(f"max by (instance) (system_cpu_utilization_ratio{{{HERE}}})", "machine {{instance}}"), (f"max by (instance) (process_cpu_utilization_ratio{{{HERE}}})", "process {{instance}}")]),
        ("Memory", BYTES, 8, [(f'sum by (instance) (system_memory_usage_bytes{{{HERE}, system_memory_state="used"}})', "machine {{instance}}"), (f"sum by (instance) (process_memory_usage_bytes{{{HERE}}})", "process {{instance}}")]),
        ("File systems", SHARE, 8, [(f'sum by (instance, system_filesystem_mountpoint) (system_filesystem_usage_bytes{{{HERE}, system_filesystem_state="used"}}) / sum by (instance, system_filesystem_mountpoint) (system_filesystem_usage_bytes{{{HERE}}})', "{{instance}} {{system_filesystem_mountpoint}}")]),
        ("Disks", "Bps", 8, [(rate("system_disk_io_bytes_total", "instance, disk_io_direction"), "{{instance}} {{disk_io_direction}}")]),
        ("Network", "Bps", 8, [(rate("system_network_io_bytes_total", "instance, network_io_direction"), "{{instance}} {{network_io_direction}}")]),
        ("Files and threads", COUNT, 8, [(f"sum by (instance) (process_unix_file_descriptor{{{HERE}}})", "files {{instance}}"), (f"sum by (instance) (process_thread{{{HERE}}})", "threads {{instance}}")]),
        ("Tokio: tasks", COUNT, 12, [(f"sum by (instance) (tokio_runtime_alive_tasks{{{HERE}}})", "alive {{instance}}"), (f"sum by (instance) (tokio_runtime_global_queue_depth{{{HERE}}})", "waiting {{instance}}")]),
        ("Tokio: workers that are busy", SHARE, 12, [(f"{rate('tokio_runtime_busy_seconds_total', 'instance')} / sum by (instance) (tokio_runtime_workers{{{HERE}}})", "{{instance}}")]),
    ]),
    ("Telemetry itself", [
        ("Log lines", "ops", 8, [(rate("cupola_log_lines_total", "outcome"), "{{outcome}}")]),
        ("Dropped lines", "ops", 8, [(rate("cupola_log_lines_total", "instance, reason", HERE + ', outcome="dropped"'), "{{instance}} {{reason}}")]),
        ("?Exported spans, points and lines", "ops", 8, [(rate("cupola_otlp_items_total", "signal, outcome, reason"), "{{signal}} {{outcome}} {{reason}}"), (rate("cupola_otlp_retries_total", "signal"), "{{signal}} again")]),
        ("Masked values", "ops", 12, [(rate("cupola_redactions_total", "rule") + " > 0", "{{rule}}")]),
        ("?Series that found no room", "ops", 12, [(rate("cupola_metrics_overflow_total", "instrument") + " > 0", "{{instrument}}"), (rate("cupola_metrics_refused_total") + " > 0", "refused")]),
    ]),
    ("cupola serve", [
        ("Entries", "ops", 8, [("sum by (instance, outcome, reason) (rate(cupola_store_entries_total[$__rate_interval]))", "{{instance}} {{outcome}} {{reason}}")]),
        ("On the disk", BYTES, 8, [("sum by (instance, signal) (cupola_store_bytes)", "{{instance}} {{signal}}")]),
        ("Waiting, and no room", COUNT, 8, [("sum by (instance) (cupola_store_waiting_bytes)", "bytes that wait {{instance}}"), ("sum by (instance) (rate(cupola_store_busy_total[$__rate_interval]))", "messages without room {{instance}}")]),
    ]),
]

SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def panel(number, title, unit, place, asked):
    kind, _, name = title.lstrip("?").rpartition(":") if title.lstrip("?").split(":")[0] in ("stat", "table", "exemplars") else ("", "", title.lstrip("?"))
    targets = []
    for letter, (expression, legend) in zip("ABCDEFGH", asked):
        target = {"refId": letter, "datasource": SOURCE, "expr": expression, "legendFormat": legend or "__auto"}
        if kind == "exemplars":
            target["exemplar"] = True
        if kind == "table":
            target.update(format="table", instant=True, range=False)
        targets.append(target)
    made = {
        "id": number, "title": name, "type": kind if kind in ("stat", "table") else "timeseries", "datasource": SOURCE, "gridPos": place,
        "targets": targets, "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []}, "options": {},
    }
    if title.startswith("?"):
        made["description"] = "Often there is nothing here, and that is well."
    if kind == "stat":
        made["options"] = {"reduceOptions": {"calcs": ["lastNotNull"]}, "graphMode": "area", "colorMode": "value"}
    elif kind == "table":
        names = {f"Value #{letter}": legend for letter, (_, legend) in zip("ABCDEFGH", asked)}
        hidden = {"Time": True}
        made["transformations"] = [{"id": "merge", "options": {}}, {"id": "organize", "options": {"excludeByName": hidden, "renameByName": names}}]
        units = {"requests a second": PER_SECOND, "failed": SHARE, "p50": SECONDS, "p95": SECONDS, "p99": SECONDS}
        made["fieldConfig"]["overrides"] = [
            {"matcher": {"id": "byName", "options": legend}, "properties": [{"id": "unit", "value": units[legend]}]} for _, legend in asked
        ]
        made["options"] = {"sortBy": [{"displayName": "requests a second", "desc": True}]}
    else:
        made["options"] = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
        made["fieldConfig"]["defaults"]["custom"] = {"fillOpacity": 10, "showPoints": "never"}
    return made


def panels():
    number, top = 0, 0
    for row, content in ROWS:
        number += 1
        yield {"id": number, "title": row, "type": "row", "collapsed": False, "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1}, "panels": []}
        left, top, high = 0, top + 1, 0
        for title, unit, width, asked in content:
            height = 4 if title.startswith("stat:") else 8
            if left + width > WIDTH:
                left, top, high = 0, top + high, 0
            number, high = number + 1, max(high, height)
            yield panel(number, title, unit, {"x": left, "y": top, "w": width, "h": height}, asked)
            left += width
        top += high


def variable(name, label, query):
    return {
        "name": name, "label": label, "type": "query", "datasource": SOURCE, "query": {"query": query, "refId": name}, "definition": query,
        "refresh": 2, "includeAll": True, "multi": True, "allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}, "sort": 1,
    }


DASHBOARD = {
    "uid": "cupola", "title": "Cupola", "tags": ["cupola"], "schemaVersion": 39, "version": 1, "editable": True, "graphTooltip": 1,
    "time": {"from": "now-1h", "to": "now"}, "refresh": "30s", "timezone": "browser", "annotations": {"list": []}, "links": [],
    "templating": {"list": [
        {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "current": {}, "hide": 0},
        variable("service", "service", "label_values(target_info, service_name)"),
        variable("instance", "instance", 'label_values(target_info{service_name=~"$service"}, instance)'),
        variable("route", "route", f"label_values({REQUESTS}_count{{instance=~\"$instance\"}}, http_route)"),
    ]},
    "panels": list(panels()),
}

json.dump(DASHBOARD, sys.stdout, indent=1)
sys.stdout.write("\n")

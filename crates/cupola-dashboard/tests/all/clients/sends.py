"""Sends a span, a metric and a log entry by OpenTelemetry's own SDK: `sends.py http|grpc ENDPOINT`."""

import logging
import sys

from opentelemetry import metrics, trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

protocol, endpoint = sys.argv[1:]
headers = {"authorization": "Bearer secret"}
if protocol == "http":
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    def exporter(kind, path):
        return kind(endpoint=f"{endpoint}/v1/{path}", headers=headers, compression=Compression.Gzip)

else:
    from grpc import Compression
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    def exporter(kind, path):
        return kind(endpoint=endpoint, insecure=True, headers=headers, compression=Compression.Gzip)


resource = Resource.create({"service.name": "snake"})
tracers = TracerProvider(resource=resource)
tracers.add_span_processor(BatchSpanProcessor(exporter(OTLPSpanExporter, "traces")))
meters = MeterProvider([PeriodicExportingMetricReader(exporter(OTLPMetricExporter, "metrics"))], resource=resource)
loggers = LoggerProvider(resource=resource)
loggers.add_log_record_processor(BatchLogRecordProcessor(exporter(OTLPLogExporter, "logs")))
log = logging.getLogger("snake.nest")
log.addHandler(LoggingHandler(logger_provider=loggers))

with tracers.get_tracer("snake.nest").start_as_current_span("hatch", kind=trace.SpanKind.SERVER) as span:
    span.set_attribute("http.route", "/eggs/{id}")
    log.warning("egg is cold", extra={"egg": 7})
    try:
        raise ValueError("cracked")
    except ValueError as error:
        span.record_exception(error)
meters.get_meter("snake.nest").create_histogram("egg.weight", unit="g").record(52.5, {"colour": "white"})
for provider in (tracers, meters, loggers):
    provider.shutdown()

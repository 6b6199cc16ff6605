// Sends a span by OpenTelemetry's own SDK, which has JSON in chunks: `sends.js ENDPOINT`.
const { NodeTracerProvider, BatchSpanProcessor } = require("@opentelemetry/sdk-trace-node");
const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-http");
const { resourceFromAttributes } = require("@opentelemetry/resources");

const headers = { authorization: "Bearer secret" };
const exporter = new OTLPTraceExporter({ url: `${process.argv[2]}/v1/traces`, headers });
const resource = resourceFromAttributes({ "service.name": "coffee" });
const provider = new NodeTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] });
const span = provider.getTracer("coffee.pot").startSpan("brew", { attributes: { "http.route": "/cups", cups: 2 } });
span.addEvent("boils", { celsius: 99.5 });
span.setStatus({ code: 2, message: "burnt" });
span.end();
provider.shutdown();

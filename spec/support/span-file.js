// For `node --import`: an OpenTelemetry SDK, set up as an operator would, that writes spans as JSON lines to SPAN_FILE.
import { appendFileSync } from 'node:fs';
import { NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';

const exporter = {
  export(spans, done) {
    for (const span of spans) {
      const { name, attributes, status, parentSpanContext } = span;
      const { traceId } = span.spanContext();
      const parent = parentSpanContext?.spanId;
      appendFileSync(process.env.SPAN_FILE, `${JSON.stringify({ name, attributes, status, parent, traceId })}\n`);
    }
    done({ code: 0 });
  },
  shutdown: async () => undefined,
};
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();

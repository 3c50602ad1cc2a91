import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';

type Processor = NonNullable<
  NonNullable<ConstructorParameters<typeof NodeTracerProvider>[0]>['spanProcessors']
>[number];

/** An OpenTelemetry SDK that is set up as a host would, and keeps what it is told. */
export class SpanExporter {
  readonly #exporter = new InMemorySpanExporter();
  readonly provider: NodeTracerProvider;

  constructor(...further: Processor[]) {
    const spanProcessors = [new SimpleSpanProcessor(this.#exporter), ...further];
    this.provider = new NodeTracerProvider({ spanProcessors });
    this.provider.register();
  }

  get spans() {
    return this.#exporter.getFinishedSpans().map((span) => {
      const { name, kind, status, attributes, events, links, parentSpanContext: parent } = span;
      const { traceId, spanId } = span.spanContext();
      return { name, kind, status, attributes, events, links, parent, traceId, spanId };
    });
  }

  /** The only span of this name. */
  one(name: string) {
    const [span, ...others] = this.spans.filter((each) => each.name === name);
    if (!span || others.length > 0) throw new Error(`${span ? 'several' : 'no'} spans ${name}`);
    return span;
  }

  reset(): void {
    this.#exporter.reset();
  }
}

import { traceWithOpenTelemetry } from '../index.js';

/** Makes spans where an OpenTelemetry SDK has been set up before us, as by `node --import`; nobody else would see them. */
export async function traceWhereSetUp(): Promise<void> {
  if (await isSetUp()) await traceWithOpenTelemetry();
}

async function isSetUp(): Promise<boolean> {
  try {
    const { trace } = await import('@opentelemetry/api');
    const provider = trace.getTracerProvider() as { getDelegateTracer?(name: string): unknown };
    // Until an SDK comes, the API stands in for it with a provider that delegates to nobody.
    return provider.getDelegateTracer === undefined || provider.getDelegateTracer('express-client-auth') !== undefined;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return false;
    throw thrown;
  }
}

declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  /** No types of its own come with it; this is what the specs use. */
  export class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>);
    callback(): RequestListener;
  }
}

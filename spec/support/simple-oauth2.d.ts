declare module 'simple-oauth2' {
  export interface ModuleOptions {
    readonly client: { readonly id: string; readonly secret: string };
    readonly auth: { readonly tokenHost: string; readonly tokenPath: string; readonly authorizePath?: string };
    readonly http?: Record<string, unknown>;
    readonly options?: {
      readonly authorizationMethod?: 'header' | 'body';
      readonly credentialsEncodingMode?: 'strict' | 'loose';
      readonly bodyFormat?: 'form' | 'json';
    };
  }

  export interface AccessToken {
    readonly token: Record<string, unknown>;
    expired(windowSeconds?: number): boolean;
  }

  export class ClientCredentials {
    constructor(options: ModuleOptions);
    getToken(parameters: Record<string, unknown>, http?: Record<string, unknown>): Promise<AccessToken>;
  }

  export class AuthorizationCode {
    constructor(options: ModuleOptions);
    authorizeURL(parameters: Record<string, unknown>): string;
    getToken(parameters: Record<string, unknown>, http?: Record<string, unknown>): Promise<AccessToken>;
  }
}

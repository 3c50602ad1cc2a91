import { describe, expect, it } from '@jest/globals';
import { certificateDigest, parseClientCertificate } from '../../lib/certificates/client-certificate.js';
import type { RegisteredClient } from '../../lib/clients/client.js';
import { OAuthError } from '../../lib/errors.js';
import { confirmation } from '../../lib/tokens/confirmation.js';
import { selfSigned } from '../support/pki.js';

const { der } = selfSigned();
const certificate = parseClientCertificate(der);

function client(method: string, bound: boolean): RegisteredClient {
  return { method, metadata: { tls_client_certificate_bound_access_tokens: bound } } as RegisteredClient;
}

function reasonOf(action: () => unknown): string {
  try {
    action();
  } catch (thrown) {
    return thrown instanceof OAuthError ? thrown.reason : String(thrown);
  }
  return 'no error';
}

describe('confirmation', () => {
  it.each([
    ['tls_client_auth', false],
    ['self_signed_tls_client_auth', false],
    ['tls_client_auth', true],
    ['client_secret_basic', true],
    ['private_key_jwt', true],
    ['none', true],
  ])('BND-01 BND-02 %s, registered %s: bound, or no token', (method, bound) => {
    expect(confirmation(client(method, bound), certificate, undefined)).toEqual({ 'x5t#S256': certificateDigest(der) });
    expect(reasonOf(() => confirmation(client(method, bound), undefined, undefined))).toBe(
      'binding_certificate_missing',
    );
  });

  it.each(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none', 'my_own'])(
    'BND-01 %s without the registration is not bound, certificate or not',
    (method) => {
      expect(confirmation(client(method, false), certificate, undefined)).toBeUndefined();
      expect(confirmation(client(method, false), undefined, undefined)).toBeUndefined();
    },
  );

  it('DPO-05 the key of a proof binds, beside a certificate where that one binds too', () => {
    const digest = certificateDigest(der);
    expect(confirmation(client('client_secret_basic', false), certificate, 'key')).toEqual({ jkt: 'key' });
    expect(confirmation(client('none', false), undefined, 'key')).toEqual({ jkt: 'key' });
    expect(confirmation(client('tls_client_auth', false), certificate, 'key')).toEqual({
      'x5t#S256': digest,
      jkt: 'key',
    });
    expect(reasonOf(() => confirmation(client('none', true), undefined, 'key'))).toBe('binding_certificate_missing');
  });

  it('DPO-06 a client that registered dpop_bound_access_tokens gets no token without a proof', () => {
    const bound = { method: 'client_secret_basic', metadata: { dpop_bound_access_tokens: true } } as RegisteredClient;
    expect(reasonOf(() => confirmation(bound, certificate, undefined))).toBe('dpop_proof_missing');
    expect(confirmation(bound, undefined, 'key')).toEqual({ jkt: 'key' });
  });
});

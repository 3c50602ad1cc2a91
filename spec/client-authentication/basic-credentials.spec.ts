import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseBasicCredentials } from '../../lib/client-authentication/basic-credentials.js';
import { OAuthError } from '../../lib/errors.js';
import { basicHeader } from '../support/methods.js';

const id = fc.stringMatching(/^[\x20-\x7E]{1,40}$/);
const secret = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/\p{Cc}/u.test(text));

it('CSB-04 reads back every id and secret that were form-encoded', () => {
  fc.assert(
    fc.property(id, secret, (clientId, clientSecret) => {
      expect(parseBasicCredentials([basicHeader(clientId, clientSecret)])).toMatchObject({
        clientId,
        secret: clientSecret,
      });
    }),
  );
});

it('CSB-02 answers nothing, credentials or an OAuthError for any header, and never throws', () => {
  const octets = fc.uint8Array().map((bytes) => `Basic ${Buffer.from(bytes).toString('base64')}`);
  fc.assert(
    fc.property(fc.array(fc.oneof(octets, fc.string()), { maxLength: 2 }), (headers) => {
      const answer = parseBasicCredentials(headers);
      if (answer === undefined || answer instanceof OAuthError) return;
      expect(answer.clientId).toMatch(/^[\x20-\x7E]+$/);
      expect(answer.rawSecret).not.toBe('');
      expect(headers).toHaveLength(1);
    }),
  );
});

it('CSB-02 has one spelling of base64 only', () => {
  const right = basicHeader('a', 'b1');
  expect(parseBasicCredentials([right])).toMatchObject({ clientId: 'a', secret: 'b1' });
  for (let at = 'Basic '.length; at <= right.length; at += 1) {
    for (const foreign of ['-', '_', '!', '\u00A0', '=']) {
      const changed = right.slice(0, at) + foreign + right.slice(at);
      expect([changed, parseBasicCredentials([changed])]).toEqual([changed, expect.any(OAuthError)]);
    }
  }
});

it('CSB-06 keeps the raw secret beside a decoded one, and alone where it cannot be decoded', () => {
  const header = (text: string) => [`Basic ${Buffer.from(text).toString('base64')}`];
  expect(parseBasicCredentials(header('a:b+c'))).toEqual({ clientId: 'a', secret: 'b c', rawSecret: 'b+c' });
  expect(parseBasicCredentials(header('a:50%off'))).toEqual({ clientId: 'a', secret: undefined, rawSecret: '50%off' });
});

it('CSB-02 many blanks before a line end are malformed, and at once', () => {
  const start = performance.now();
  expect(parseBasicCredentials([`Basic${' '.repeat(200_000)}\r`])).toMatchObject({
    reason: 'authorization_header_malformed',
  });
  // Tried over and over they would take half a minute.
  expect(performance.now() - start).toBeLessThan(2000);
});

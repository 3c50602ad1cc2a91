import { createPrivateKey, createSecretKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SignJWT } from 'jose';

/** Where an assertion gets its parts from. */
export interface AssertionSources {
  /** The assertion's audience. */
  readonly issuer: string;
  /** Absolute path of the clients' secrets. */
  readonly secrets: string;
  /** Absolute path of the key of demo-private-key-jwt. */
  readonly privateKey: string;
}

const lifetimeSeconds = 60;

/** A fresh client assertion (RFC 7523 2.2), to be used once. Throws for a client that makes none. */
export async function makeAssertion(clientId: string, sources: AssertionSources): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const jwt = new SignJWT()
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(sources.issuer)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setExpirationTime(now + lifetimeSeconds);
  const typ = 'client-authentication+jwt';
  switch (clientId) {
    case 'demo-private-key-jwt':
      return jwt
        .setProtectedHeader({ alg: 'ES256', kid: 'demo', typ })
        .sign(createPrivateKey(readFileSync(sources.privateKey)));
    case 'demo-secret-jwt': {
      const secret: string = JSON.parse(readFileSync(sources.secrets, 'utf8'))[clientId];
      return jwt.setProtectedHeader({ alg: 'HS256', typ }).sign(createSecretKey(Buffer.from(secret)));
    }
    default:
      throw new Error('Name the client: demo-private-key-jwt or demo-secret-jwt');
  }
}

/** What `assertion.js CLIENT` does: prints an assertion, or says why not and ends with exit code 1. */
export async function printAssertion(clientId: string | undefined, sources: AssertionSources): Promise<void> {
  try {
    process.stdout.write(`${await makeAssertion(clientId ?? '', sources)}\n`);
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
    process.exitCode = 1;
  }
}

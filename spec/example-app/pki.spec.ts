import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import forge from 'node-forge';
import { DataDirectory } from '../../example-app/data-directory.js';
import { keepCertificate } from '../../example-app/pki/certificates.js';
import { type ClientPki, keepClientPki, pkcs12Password } from '../../example-app/pki/client-pki.js';
import { makeServerCertificate } from '../../example-app/pki/forge-certificates.js';
import { keepServerPki, type ServerPki } from '../../example-app/pki/server-pki.js';
import { Scratch } from './run-app.js';

const scratch = new Scratch();
const read = (path: string) => new X509Certificate(readFileSync(path));
const aDay = 86_400_000;

let directory: DataDirectory;
let server: ServerPki;
let clients: ClientPki;
beforeAll(async () => {
  directory = await DataDirectory.open(scratch.directory());
  server = await keepServerPki(directory);
  clients = await keepClientPki(directory, server.authority, 'demo-tls', 'demo-self-signed');
});
afterAll(() => scratch.remove());

describe('certificates of the demo', () => {
  it('has a server certificate for every local name, by its own authority', () => {
    const certificate = new X509Certificate(server.cert);
    const authority = new X509Certificate(server.authority.certificate);
    expect(authority.ca).toBe(true);
    expect(certificate.checkIssued(authority) && certificate.verify(authority.publicKey)).toBe(true);
    expect(['localhost', 'mtls.localhost'].filter((name) => !certificate.checkHost(name))).toEqual([]);
    expect(certificate.subjectAltName).toContain('DNS:*.localhost');
    expect(['127.0.0.1', '::1'].filter((name) => !certificate.checkIP(name))).toEqual([]);
    expect(certificate.checkHost('example.com')).toBeUndefined();
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  it.each(['rsa', 'elliptic', 'selfSigned'] as const)('has a client certificate: %s', (name) => {
    const certificate = read(clients[name].certificate);
    const authority = name === 'selfSigned' ? certificate : new X509Certificate(server.authority.certificate);
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.issuer).toBe(authority.subject);
    expect(certificate.checkPrivateKey(createPrivateKey(readFileSync(clients[name].key)))).toBe(true);
    expect(certificate.publicKey.asymmetricKeyType).toBe(name === 'elliptic' ? 'ec' : 'rsa');
    expect(certificate.subject).toBe(`O=Acme Demo\nCN=${name === 'selfSigned' ? 'demo-self-signed' : 'demo-tls'}`);
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(statSync(clients[name].key).mode & 0o777).toBe(0o600);
  });

  it('has a PKCS#12 file that opens with its password and no other', () => {
    const open = (password: string) =>
      forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(readFileSync(clients.pkcs12, 'latin1')), password);
    const bag = forge.pki.oids.certBag as string;
    expect(open(pkcs12Password).getBags({ bagType: bag })[bag]).toHaveLength(2);
    expect(() => open('other')).toThrow();
  });

  it('keeps everything on the next start', async () => {
    const again = await keepServerPki(directory);
    expect(again).toEqual(server);
    const before = readFileSync(clients.elliptic.certificate, 'utf8');
    await keepClientPki(directory, again.authority, 'demo-tls', 'demo-self-signed');
    expect(readFileSync(clients.elliptic.certificate, 'utf8')).toBe(before);
  });

  it('makes the server certificate anew for another name, and when it is about to end', async () => {
    const named = await keepServerPki(directory, ['as.example.com', 'mtls.example.com']);
    expect(new X509Certificate(named.cert).checkHost('as.example.com')).toBe('as.example.com');
    expect(named.authority).toEqual(server.authority);

    const order = (lifetimeDays: number) => ({
      name: 'pki/short.crt',
      privateKey: server.key,
      authority: server.authority.certificate,
      make: () =>
        makeServerCertificate(
          { commonName: 'x', privateKey: server.key, lifetimeDays },
          ['localhost'],
          server.authority,
        ),
    });
    await directory.replace('pki/short.crt', order(0.5).make());
    const renewed = new X509Certificate(await keepCertificate(directory, order(10)));
    expect(Date.parse(renewed.validTo) - Date.now()).toBeGreaterThan(9 * aDay);
    expect(await keepCertificate(directory, order(20))).toBe(renewed.toString());
  });

  it.each([
    ['pki/ca.crt', 'nonsense', 'it is not a certificate'],
    ['pki/server.key', 'nonsense', 'it is not a private key'],
    ['pki/server.key', 'of another', 'it is not for the key beside it'],
    ['pki/ca.key', 'missing', 'it is missing'],
  ])('leaves a damaged %s alone: %s', async (name, what, message) => {
    const damaged = await DataDirectory.open(scratch.directory());
    await keepServerPki(damaged);
    const text = what === 'of another' ? server.key : what;
    if (what === 'missing') rmSync(damaged.file(name));
    else writeFileSync(damaged.file(name), text);
    const kept = keepServerPki(damaged);
    await expect(kept).rejects.toThrow(message);
    await expect(kept).rejects.toThrow(join(damaged.path, 'pki'));
    expect(await damaged.read(name)).toBe(what === 'missing' ? undefined : text);
  });
});

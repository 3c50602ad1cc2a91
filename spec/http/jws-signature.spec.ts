import crypto, { constants, createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CompactSign, compactVerify } from 'jose';
import { readCompactJws } from '../../lib/http/compact-jws.js';
import { isSignedBy } from '../../lib/http/jws-signature.js';
import { signJwt } from '../../lib/tokens/sign-jwt.js';
import { importSigningKey, newPrivateKey, type SigningAlgorithm } from '../../lib/tokens/signing-key.js';

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

// jose exports keys as JWK, and doing that to a fresh key can hang Node 20 while garbage is collected.
function throughPem({ privateKey, publicKey }: Pair): Pair {
  return {
    privateKey: crypto.createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    publicKey: createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
  };
}

const mac = (octets: number): Pair => {
  const key = createSecretKey(Buffer.alloc(octets, 7));
  return { privateKey: key, publicKey: key };
};
const ec = (namedCurve: string) => throughPem(generateKeyPairSync('ec', { namedCurve }));
const rsa = (modulusLength: number) => throughPem(generateKeyPairSync('rsa', { modulusLength }));
const ordinaryRsa = rsa(2048);
const ed25519 = throughPem(generateKeyPairSync('ed25519'));

const pairs: ReadonlyMap<string, Pair> = new Map([
  ['HS256', mac(32)],
  ['HS384', mac(48)],
  ['HS512', mac(64)],
  ['RS256', ordinaryRsa],
  ['RS384', ordinaryRsa],
  ['RS512', ordinaryRsa],
  ['PS256', ordinaryRsa],
  ['PS384', ordinaryRsa],
  ['PS512', ordinaryRsa],
  ['ES256', ec('P-256')],
  ['ES384', ec('P-384')],
  ['ES512', ec('P-521')],
  ['Ed25519', ed25519],
  ['EdDSA', ed25519],
]);
const algorithms = [...pairs.keys()];
const strangers: readonly Pair[] = [
  ...new Set([...pairs.values(), ec('P-256'), ec('secp256k1'), rsa(1024), throughPem(generateKeyPairSync('ed448'))]),
];

const base64url = (text: string | Buffer) => Buffer.from(text).toString('base64url');
const claims = JSON.stringify({ sub: 'someone' });

function signed(alg: string, header: object = {}, payload = claims): Promise<string> {
  const { privateKey } = pairs.get(alg) as Pair;
  return new CompactSign(Buffer.from(payload)).setProtectedHeader({ alg, ...header }).sign(privateKey);
}

/** What a client assertion has to be before its signature is looked at. */
function isReadable(jws: string, alg: string): boolean {
  const read = readCompactJws(jws, 16_384);
  return read.ok && read.header.alg === alg && read.header.crit === undefined && read.header.b64 === undefined;
}

/** Whether the signature is good; what we say and what jose says must be the same. */
async function agreed(jws: string, alg: string, key: KeyObject): Promise<boolean> {
  const theirs = await compactVerify(jws, key, { algorithms: [alg] }).then(
    () => true,
    () => false,
  );
  const ours = isReadable(jws, alg) && isSignedBy(jws, alg, key);
  expect({ jws, alg, accepted: ours }).toEqual({ jws, alg, accepted: theirs && isReadable(jws, alg) });
  return ours;
}

function withSignature(jws: string, signature: Buffer): string {
  return `${jws.slice(0, jws.lastIndexOf('.'))}.${base64url(signature)}`;
}

function signatureOf(jws: string): Buffer {
  return Buffer.from(jws.slice(jws.lastIndexOf('.') + 1), 'base64url');
}

describe.each(algorithms)('isSignedBy agrees with jose on %s', (alg) => {
  const { publicKey } = pairs.get(alg) as Pair;

  it('takes a good signature', async () => {
    expect(await agreed(await signed(alg), alg, publicKey)).toBe(true);
    expect(await agreed(await signed(alg, { typ: 'JWT', kid: '1' }, '{"a":"é"}'), alg, publicKey)).toBe(true);
  });

  it('refuses it under any other algorithm, and by any other key', async () => {
    const jws = await signed(alg);
    for (const other of [...algorithms, 'none', 'HS1', 'RS1', 'ES256K', '__proto__', '']) {
      const fits = other === alg;
      const header = base64url(JSON.stringify({ alg: other }));
      expect(await agreed(jws.replace(/^[^.]*/, header), other, publicKey)).toBe(fits);
      expect(isSignedBy(jws, other, publicKey)).toBe(fits || (alg.startsWith('Ed') && other.startsWith('Ed')));
    }
    for (const { privateKey, publicKey: other } of strangers) {
      if (other === publicKey) continue;
      expect(await agreed(jws, alg, other)).toBe(false);
      expect(isSignedBy(jws, alg, privateKey)).toBe(false);
    }
  });

  it('refuses a public key that signed as if it were a secret (RFC 8725 2.1)', async () => {
    const known = publicKey.type === 'secret' ? ordinaryRsa.publicKey : publicKey;
    const pem = known.export({ type: 'spki', format: 'pem' });
    const secrets = [Buffer.from(pem), known.export({ type: 'spki', format: 'der' })];
    for (const secret of secrets) {
      const input = `${base64url('{"alg":"HS256"}')}.${base64url(claims)}`;
      const forged = `${input}.${crypto.createHmac('sha256', secret).update(input).digest('base64url')}`;
      expect(await agreed(forged, 'HS256', known)).toBe(false);
      expect(await agreed(forged, 'HS256', createSecretKey(secret))).toBe(true);
    }
  });

  it('refuses signatures of any other length, zeros, and ones', async () => {
    const jws = await signed(alg);
    const right = signatureOf(jws);
    const wrong = [
      ...[0, 1, 31, 32, 63, 64, 65, 96, 128, 132, 133, 256, 512].map((length) => Buffer.alloc(length)),
      ...[0, 0x01, 0xff].map((octet) => Buffer.alloc(right.length, octet)),
      right.subarray(1),
      right.subarray(0, -1),
      right.subarray(0, right.length / 2),
      Buffer.concat([right, Buffer.alloc(1)]),
      Buffer.concat([Buffer.alloc(1), right]),
      Buffer.concat([right, right]),
      Buffer.from(right).reverse(),
    ];
    for (const signature of wrong) expect(await agreed(withSignature(jws, signature), alg, publicKey)).toBe(false);
  });

  it('refuses every spelling but the canonical one', async () => {
    const jws = await signed(alg);
    const [header, payload, signature] = jws.split('.') as [string, string, string];
    const spellings = [
      ...[' ', '\n', '\t', '=', '==', '.', '\0', '%3D', 'é', '+', '/', '*'].flatMap((extra) => [
        jws + extra,
        extra + jws,
        `${header}${extra}.${payload}.${signature}`,
        `${header}.${payload}${extra}.${signature}`,
        `${header}.${payload}.${signature.slice(0, 5)}${extra}${signature.slice(5)}`,
      ]),
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${header}..${signature}`,
      `.${payload}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -1)}`,
      `${header}.${payload}.${Buffer.from(signature, 'base64url').toString('base64')}=`,
      JSON.stringify({ protected: header, payload, signature }),
    ];
    for (const spelling of spellings) expect(await agreed(spelling, alg, publicKey)).toBe(false);
  });

  it('agrees on whatever one changed octet makes of it', async () => {
    const jws = await signed(alg);
    await fc.assert(
      fc.asyncProperty(fc.nat(jws.length - 1), fc.nat(127), async (at, code) => {
        const changed = jws.slice(0, at) + String.fromCharCode(code) + jws.slice(at + 1);
        expect(await agreed(changed, alg, publicKey)).toBe(changed === jws);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses critical headers, members that come twice and what is too long, however well signed', async () => {
    const { privateKey } = pairs.get(alg) as Pair;
    const sign = (header: string, payload = claims) => {
      const input = `${base64url(header)}.${base64url(payload)}`;
      return `${input}.${base64url(rawSignature(alg, privateKey, input))}`;
    };
    expect(await agreed(sign(`{"alg":"${alg}"}`), alg, publicKey)).toBe(true);
    const hostile = [
      sign(`{"alg":"${alg}","crit":["b64"],"b64":true}`),
      sign(`{"alg":"${alg}","crit":["exp"],"exp":1}`),
      sign(`{"alg":"${alg}","b64":false}`),
      sign(`{"alg":"${alg}","crit":[]}`),
      sign(`{"alg":"none","alg":"${alg}"}`),
      sign(`{"alg":"${alg}"}`, '{"sub":"a","sub":"b"}'),
      sign(`{"alg":"${alg}"}`, '"text"'),
      sign(`{"alg":"${alg}"}`, JSON.stringify({ long: 'x'.repeat(20_000) })),
      sign(`\uFEFF{"alg":"${alg}"}`),
    ];
    for (const jws of hostile) expect(await agreed(jws, alg, publicKey)).toBe(false);
  });
});

function rawSignature(alg: string, key: KeyObject, input: string): Buffer {
  if (key.type === 'secret')
    return crypto
      .createHmac(`sha${alg.slice(2)}`, key)
      .update(input)
      .digest();
  if (alg.startsWith('Ed')) return crypto.sign(null, Buffer.from(input), key);
  const padding = alg.startsWith('PS') ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
  const options = alg.startsWith('ES') ? {} : { padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return crypto.sign(`sha${alg.slice(2)}`, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363', ...options });
}

/** The order of each curve's base point (FIPS 186-4 D.1.2). */
const curves = [
  ['ES256', 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n],
  ['ES384', 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n],
  [
    'ES512',
    0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  ],
] as const;

describe.each(curves)('isSignedBy agrees with jose on the numbers of %s', (alg, order) => {
  const { privateKey, publicKey } = pairs.get(alg) as Pair;
  const bytes = (value: bigint, length: number) => Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex');

  it('refuses r and s of zero, of the order and beyond, and DER', async () => {
    const jws = await signed(alg);
    const right = signatureOf(jws);
    const half = right.length / 2;
    const [r, s] = [right.subarray(0, half), right.subarray(half)];
    const outside = [0n, order, order + 1n, 2n ** BigInt(half * 8) - 1n].map((value) => bytes(value, half));
    for (const number of outside) {
      for (const signature of [
        Buffer.concat([number, s]),
        Buffer.concat([r, number]),
        Buffer.concat([number, number]),
      ]) {
        expect(await agreed(withSignature(jws, signature), alg, publicKey)).toBe(false);
      }
    }
    const input = jws.slice(0, jws.lastIndexOf('.'));
    const der = crypto.sign(`sha${alg === 'ES512' ? 512 : alg.slice(2)}`, Buffer.from(input), privateKey);
    expect(await agreed(withSignature(jws, der), alg, publicKey)).toBe(false);
  });

  it('takes the other s of the same signature, as ECDSA does', async () => {
    const jws = await signed(alg);
    const right = signatureOf(jws);
    const half = right.length / 2;
    const other = order - BigInt(`0x${right.subarray(half).toString('hex')}`);
    const mirrored = Buffer.concat([right.subarray(0, half), bytes(other, half)]);
    expect(await agreed(withSignature(jws, mirrored), alg, publicKey)).toBe(true);
  });
});

describe('isSignedBy agrees with jose on RSA', () => {
  const { privateKey, publicKey } = ordinaryRsa;
  const input = (alg: string) => `${base64url(JSON.stringify({ alg }))}.${base64url(claims)}`;

  it.each(['PS256', 'PS384', 'PS512'])('takes %s with a salt as long as the hash alone (RFC 7518 3.5)', async (alg) => {
    const octets = Number(alg.slice(2)) / 8;
    for (const saltLength of [0, 20, octets - 1, octets, octets + 1, constants.RSA_PSS_SALTLEN_MAX_SIGN]) {
      const text = input(alg);
      const key = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
      const signature = crypto.sign(`sha${alg.slice(2)}`, Buffer.from(text), key);
      expect(await agreed(`${text}.${base64url(signature)}`, alg, publicKey)).toBe(saltLength === octets);
    }
  });

  it('refuses a key below 2048 bits (RFC 7518 3.3), and one for PSS alone', async () => {
    for (const alg of ['RS256', 'PS256']) {
      const weak = rsa(1024);
      const text = input(alg);
      expect(await agreed(`${text}.${base64url(rawSignature(alg, weak.privateKey, text))}`, alg, weak.publicKey)).toBe(
        false,
      );
    }
    const pss = generateKeyPairSync('rsa-pss', {
      modulusLength: 2048,
      hashAlgorithm: 'sha256',
      mgf1HashAlgorithm: 'sha256',
    });
    const text = input('PS256');
    const signature = crypto.sign('sha256', Buffer.from(text), pss.privateKey);
    expect(isSignedBy(`${text}.${base64url(signature)}`, 'PS256', pss.publicKey)).toBe(false);
  });
});

describe('isSignedBy agrees with jose on Ed25519', () => {
  it('refuses an s that is as large as the order or larger (RFC 8032 5.1.7)', async () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const jws = await signed('Ed25519');
    const right = signatureOf(jws);
    const s = BigInt(`0x${Buffer.from(right.subarray(32)).reverse().toString('hex')}`) + order;
    const larger = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
    const mirrored = Buffer.concat([right.subarray(0, 32), larger]);
    expect(await agreed(withSignature(jws, mirrored), 'Ed25519', ed25519.publicKey)).toBe(false);
  });
});

describe('signJwt', () => {
  it.each<SigningAlgorithm>(['ES256', 'RS256', 'PS256', 'Ed25519'])('makes what jose verifies by %s', async (alg) => {
    const key = await importSigningKey(alg, await newPrivateKey(alg));
    for (const typ of ['at+jwt', 'JWT', 'at+jwt']) {
      const jwt = await signJwt({ sub: 'zoë', scope: '', left: undefined, nested: { list: [1, null] } }, typ, key);
      const { payload, protectedHeader } = await compactVerify(jwt, key.publicKey, { algorithms: [alg] });
      expect(protectedHeader).toEqual({ alg, kid: key.kid, typ });
      expect(JSON.parse(Buffer.from(payload).toString())).toEqual({
        sub: 'zoë',
        scope: '',
        nested: { list: [1, null] },
      });
      expect(isSignedBy(jwt, alg, key.publicKey)).toBe(true);
    }
  });

  it('names each key by its own id', async () => {
    const [one, other] = await Promise.all(
      [1, 2].map(async () => importSigningKey('ES256', await newPrivateKey('ES256'))),
    );
    const kidOf = async (key: typeof one) => {
      const [header = ''] = (await signJwt({}, 'JWT', key as NonNullable<typeof key>)).split('.');
      return JSON.parse(Buffer.from(header, 'base64url').toString()).kid;
    };
    expect([await kidOf(one), await kidOf(other), await kidOf(one)]).toEqual([one?.kid, other?.kid, one?.kid]);
  });
});

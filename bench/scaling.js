// A second of token requests as keys of a Redis Cluster: `node bench/scaling.js [REQUESTS] [PRIMARIES]`. What a request
// asks is read from the table of docs/scaling.md, which a spec holds to the code. The same numbers every time.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [requests = 100_000, primaries = 6] = process.argv.slice(2).map(Number);
const slots = 16_384;

/** Who asks for what, in parts of all requests. Clients are busy by Zipf's law, people all alike. */
const mix = [
  { request: 'client_credentials, private_key_jwt', token: 'JWT', share: 0.6 },
  { request: 'client_credentials, client_secret_basic', token: 'JWT', share: 0.25 },
  { request: 'refresh_token', token: 'JWT', share: 0.1 },
  { request: 'authorization_code, with a refresh token', token: 'JWT', share: 0.05 },
];
const clients = 10_000;
const people = 10_000_000;
/** CPU of a server per verb, in ES256 signatures: see bench/store-operations.js. */
const costs = { get: 0.03, set: 0.12, claim: 0.15, increment: 0.1 };
const postgresCosts = { get: 2.3, set: 5.9, claim: 4.6, increment: 4.6 };
/** CPU of our own process: for a request without its verbs, for an assertion beside that, and for each verb. */
const own = { request: 9, assertion: 5, redis: 0.3, postgres: 5.3 };

const page = readFileSync(new URL('../docs/scaling.md', import.meta.url), 'utf8');
const asked = new Map(
  [...page.matchAll(/^\| ([^|]+) \| (opaque|JWT|none) \| \d+ \| \d+ \| ([^|]*) \|$/gm)].map(
    ([, request, token, verbs]) => [`${request} ${token}`, verbs.split(', ').map((each) => each.split(' '))],
  ),
);

const random = generator(1);
const busy = zipf(clients);
const load = new Array(primaries).fill(0);
const counts = { get: 0, set: 0, claim: 0, increment: 0 };
const keys = new Map();
for (const { request, token, share } of mix) {
  const verbs = asked.get(`${request} ${token}`);
  for (let count = requests * share; count > 0; count -= 1) {
    const client = `client-${busy()}`;
    const isMachine = request.startsWith('client_credentials');
    const subject = isMachine ? client : digest(Math.floor(random() * people)).slice(0, 32);
    for (const [verb, kind] of verbs) {
      const key = `eca:acme/demo/${name(kind, client, subject)}`;
      const at = Math.floor((slotOf(key) * primaries) / slots);
      load[at] += costs[verb];
      counts[verb] += 1;
      if (kind.startsWith('revoked-')) keys.set(key, (keys.get(key) ?? 0) + 1);
    }
  }
}

const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);
const verbs = sum(Object.values(counts));
const used = Object.entries(counts).filter(([, count]) => count > 0);
const mean = sum(load) / primaries;
const times = (number) => `${(number / mean).toFixed(2)} of the mean`;
const signatures = (number) => `${Math.round(number / 1000)} thousand signatures`;
const assertions = sum(mix.filter(({ request }) => request.includes('_jwt')).map(({ share }) => share * requests));
const ourWork = (perVerb) => signatures(requests * own.request + assertions * own.assertion + verbs * perVerb);
console.log(`requests a second   ${requests}`);
console.log(`verbs a second      ${verbs}: ${used.map(([verb, count]) => `${count} ${verb}`).join(', ')}`);
console.log(`Redis, all          ${signatures(sum(load))}`);
console.log(
  `Redis, primaries    ${primaries}; the busiest ${times(Math.max(...load))}, the idlest ${times(Math.min(...load))}`,
);
console.log(`Redis, hottest key  ${((Math.max(...keys.values()) / verbs) * 100).toFixed(1)} % of the verbs`);
console.log(`PostgreSQL, all     ${signatures(sum(used.map(([verb, count]) => count * postgresCosts[verb])))}`);
console.log(`our processes       ${ourWork(own.redis)} with Redis, ${ourWork(own.postgres)} with PostgreSQL`);

/** The shapes of keys in the store. */
function name(kind, client, subject) {
  if (kind === 'revoked-client') return `revoked-client/${client}`;
  if (kind === 'revoked-subject') return `revoked-subject/${subject}`;
  return `${kind}${kind.startsWith('code') ? ':' : '/'}${digest(random())}`;
}

function digest(text) {
  return createHash('sha256').update(String(text)).digest('base64url');
}

/** What the Redis Cluster specification says: CRC16 (XMODEM) of a key without a hash tag. */
function slotOf(key) {
  let crc = 0;
  for (const byte of Buffer.from(key)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc % slots;
}

/** Numbers from 0 to 1, the same in every run (mulberry32). */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A number from 0 to count - 1; each comes in proportion to 1 / (number + 1). */
function zipf(count) {
  const sums = [];
  let sum = 0;
  for (let number = 0; number < count; number += 1) {
    sum += 1 / (number + 1);
    sums.push(sum);
  }
  return () => {
    const wanted = random() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

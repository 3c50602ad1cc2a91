// A workload for several contenders, in rounds of turns: all servers are up, one at a time is asked.
import { Entrant } from './entrant.js';

/** Requests that each server answers before anything counts, for the compiler of its engine: the third thousand is still slow. */
const warmUpRequests = 8000;
/** Of those that the load generator needs most of the time for. */
const slowWarmUpRequests = 4000;
/** Seconds. Where the host of a virtual machine takes a core away for a while, it spoils one of many turns. */
const shortTurn = 0.25;
/** A handshake is little of our code, and much time. */
const handshakeWarmUpRequests = 1000;

/**
 * Answers a summary for each contender: `{ name, cpu, least, most, perSecond, p50, p99, resident, requests }`, or `{ name,
 * failed }`. `cpu`: microseconds per request, the median of the rounds, `least` and `most` of them. Milliseconds, bytes.
 * A contender with a `workload` of its own has that one.
 * `atLoad`: with further turns at this share of what the server can do, the medians of which are `loadP50` and `loadP99`.
 */
export async function contest(workload, contenders, { fixtures, rounds, seconds, most, atLoad, warmUp, env }) {
  const runs = [];
  for (const [name, contender] of Object.entries(contenders)) {
    runs.push(await entered(name, contender, contender.workload ?? workload, { fixtures, env }));
  }
  try {
    for (const run of runs) await during(run, (entrant) => warm(entrant, run.workload, warmUp));
    for (let round = 0; round < rounds; round += 1) {
      for (const run of round % 2 ? runs.toReversed() : runs) {
        await during(run, async (entrant) => run.turns.push(await entrant.burst({ seconds, most })));
      }
    }
    for (const run of atLoad ? runs : []) await during(run, (entrant) => loaded(run, entrant, { atLoad, seconds }));
    return runs.map(summary);
  } finally {
    await Promise.all(runs.map(({ entrant }) => entrant?.stop()));
  }
}

async function entered(name, contender, workload, options) {
  try {
    return { name, workload, turns: [], entrant: await Entrant.start(name, contender, workload, options) };
  } catch (error) {
    return { name, turns: [], failed: error.message };
  }
}

async function during(run, work) {
  if (run.failed) return;
  try {
    await work(run.entrant);
  } catch (error) {
    run.failed = error.message;
  }
}

async function warm(entrant, { alg, grant, tls }, count) {
  const isSlow = alg === 'RS256' || grant === 'authorization_code';
  const standard = tls === 'handshake' ? handshakeWarmUpRequests : isSlow ? slowWarmUpRequests : warmUpRequests;
  await entrant.burst({ most: count ?? standard });
}

async function loaded(run, entrant, { atLoad, seconds }) {
  const perSecond = median(run.turns.map((turn) => turn.requests / turn.seconds)) * atLoad;
  const turns = [];
  for (let left = seconds * 4; left > 0; left -= shortTurn) {
    turns.push(sorted(await entrant.openLoop({ perSecond, seconds: shortTurn })));
  }
  const typical = (share) => median(turns.map((latencies) => percentile(latencies, share)));
  run.atLoad = { loadP50: typical(0.5), loadP99: typical(0.99) };
}

function summary({ name, entrant, turns, failed, atLoad }) {
  if (failed) return { name, failed };
  const cpu = turns.map((turn) => turn.cpu / turn.requests);
  const latencies = sorted(turns.flatMap((turn) => turn.latencies));
  return {
    name,
    cpu: median(cpu),
    turns: cpu,
    least: Math.min(...cpu),
    most: Math.max(...cpu),
    perSecond: median(turns.map((turn) => turn.requests / turn.seconds)),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    resident: entrant.server.residentMemory,
    requests: latencies.length,
    ...atLoad,
  };
}

export function median(numbers) {
  const ordered = sorted(numbers);
  const middle = ordered.length >> 1;
  return ordered.length % 2 ? ordered[middle] : (ordered[middle - 1] + ordered[middle]) / 2;
}

const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
const percentile = (ordered, share) => ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))];

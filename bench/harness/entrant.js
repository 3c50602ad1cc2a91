// One contender in one workload: its server, and the connections that ask it.
import { readFileSync } from 'node:fs';
import { Connection } from './connection.js';
import { Replies } from './replies.js';
import { Requests } from './requests.js';
import { ServerProcess } from './server-process.js';

export const connectionCount = 16;

export class Entrant {
  #workload;
  #secure;
  #connections = [];
  #requests;
  #replies;
  #perSecond = 0;

  /** Rejects where the server does not start, or its first replies are not as they must be. */
  static async start(name, contender, workload, { fixtures, env }) {
    const server = await ServerProcess.start(contender, workload, { fixtures, env });
    const entrant = new Entrant(name, server, contender, workload, fixtures);
    try {
      await entrant.#begin(contender, fixtures);
      return entrant;
    } catch (error) {
      await entrant.stop();
      throw error;
    }
  }

  constructor(name, server, contender, workload, fixtures) {
    this.name = name;
    this.server = server;
    this.#workload = workload;
    const { credentials } = fixtures.clients(workload, contender.clients);
    this.#secure = (index) => {
      if (!workload.tls) return undefined;
      const { key, cert } = credentials[index % credentials.length].certificate;
      return { key, cert, ca: readFileSync(fixtures.tls.ca), minVersion: 'TLSv1.3' };
    };
    const paths = contender.paths ?? { token: '/token', introspection: '/introspect' };
    this.#requests = new Requests({
      workload,
      credentials,
      path: paths[workload.endpoint ?? 'token'],
      port: server.port,
      seed: (kind, clientIds) => server.seed(kind, clientIds),
    });
  }

  /**
   * As many requests as the connections carry one after the other, for some seconds, or `most`. Answers `{ requests, cpu,
   * seconds, latencies }`: cpu in microseconds, latencies in milliseconds. Rejects with the first reply that is not as it must be.
   */
  async burst({ seconds = Number.POSITIVE_INFINITY, most = Number.POSITIVE_INFINITY }) {
    const guess = Math.min(most, Math.ceil(this.#perSecond * seconds * 1.1) || 500);
    const left = { count: Math.min(most, await this.#requests.prepare(guess)) };
    await this.#connect();
    const latencies = [];
    const [start, before] = [performance.now(), this.server.cpuTime];
    const end = start + seconds * 1000;
    const worker = async (_, index) => {
      while (performance.now() < end && left.count-- > 0) {
        const request = this.#requests.take(index);
        if (!request) return;
        latencies.push(await this.#exchange(index, request));
      }
    };
    await awake(() => Promise.all(Array.from({ length: connectionCount }, worker)));
    const [elapsed, cpu] = [(performance.now() - start) / 1000, this.server.cpuTime - before];
    this.#perSecond = latencies.length / elapsed;
    this.#replies.forget();
    return { requests: latencies.length, cpu, seconds: elapsed, latencies };
  }

  /** Requests that fall due at fixed times, so many a second. Latencies count from then. */
  async openLoop({ perSecond, seconds }) {
    const count = Math.min(
      Math.floor(perSecond * seconds),
      await this.#requests.prepare(Math.floor(perSecond * seconds)),
    );
    await this.#connect();
    const latencies = [];
    const under = new Set();
    const start = performance.now();
    for (let due = 0; due < count; ) {
      const at = start + (due * 1000) / perSecond;
      const index = performance.now() < at ? -1 : this.#connections.findIndex((each) => !each.isBusy);
      const request = index === -1 ? undefined : this.#requests.take(index);
      if (request) {
        due += 1;
        const done = this.#exchange(index, request).then(() => latencies.push(performance.now() - at));
        under.add(done);
        done.then(
          () => under.delete(done),
          () => undefined,
        );
      } else await new Promise(setImmediate);
    }
    await Promise.all(under);
    this.#replies.forget();
    return latencies;
  }

  async stop() {
    for (const connection of this.#connections) connection.close();
    await this.server.stop();
  }

  async #begin({ paths }, fixtures) {
    this.#replies = new Replies(this.#workload, await this.#publicKeys(paths, fixtures));
    await this.#connect();
    if (this.#workload.endpoint === 'introspection') this.#requests.introspect(await this.#someTokens(fixtures, paths));
    await this.#requests.prepare(2);
    const request = this.#requests.take(0);
    await this.#exchange(0, request);
    if (this.#workload.alg || this.#workload.grant === 'authorization_code') await this.#refusesAgain(request);
  }

  async #connect() {
    if (this.#workload.tls === 'handshake') return;
    const all = Array.from({ length: connectionCount }, (_, index) => {
      const standing = this.#connections[index];
      if (standing?.isFresh) return standing;
      standing?.close();
      return this.#open(index);
    });
    this.#connections = await Promise.all(all);
  }

  async #publicKeys(paths, fixtures) {
    if (!paths?.keys) return [JSON.parse(readFileSync(fixtures.signingKeyFile, 'utf8'))];
    const connection = await this.#open(0);
    const { text } = await connection.send(`GET ${paths.keys} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    connection.close();
    return JSON.parse(text).keys;
  }

  async #someTokens(fixtures, paths) {
    const { credentials } = fixtures.clients(this.#workload);
    const url = `http://127.0.0.1:${this.server.port}${paths?.token ?? '/token'}`;
    const tokens = credentials.slice(0, 100).map(async ({ id, secret }) => {
      const headers = { Authorization: `Basic ${btoa(`${id}:${secret}`)}` };
      const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'read' });
      const reply = await (await fetch(url, { method: 'POST', headers, body })).json();
      return reply.access_token;
    });
    return Promise.all(tokens);
  }

  async #refusesAgain({ bytes }) {
    const { status } = await this.#connections[0].send(bytes);
    if (status < 400 || status > 403) throw new Error(`what was used once was taken again: ${status}`);
  }

  /** Answers how many milliseconds it took. */
  async #exchange(index, { bytes, credentials }) {
    const start = performance.now();
    const isFresh = this.#workload.tls === 'handshake';
    const connection = isFresh ? await this.#open(index) : this.#connections[index];
    const reply = await connection.send(bytes);
    const took = performance.now() - start;
    if (isFresh) connection.close();
    this.#requests.heard(this.#replies.checked(reply), credentials);
    return took;
  }

  #open(index) {
    return Connection.open({ port: this.server.port, secure: this.#secure(index) });
  }
}

/**
 * Does work without ever waiting idly for replies. Whoever writes to a process that sleeps pays for waking it, up to a
 * third of a request: a server that is fast enough to keep us busy would be spared what every slower one pays.
 */
async function awake(work) {
  let done = false;
  const again = () => done || setImmediate(again);
  again();
  try {
    return await work();
  } finally {
    done = true;
  }
}

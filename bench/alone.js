// CPU per token request of our router beside a bare node:http server that answers a fixed token, in turn. One process
// serves, this one asks; only the server's CPU time counts.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'bench-'));
const port = 4310;
const requests = 20_000;
const rounds = 3;
const clients = Array.from({ length: 100 }, (_, index) => ({
  client_id: `client-${index}`,
  client_secret: randomBytes(32).toString('base64url'),
}));
writeFileSync(join(directory, 'clients.json'), JSON.stringify(clients));

const bare = `import http from 'node:http';
http.createServer((request, response) => {
  request.on('data', () => {}).on('end', () => {
    const reply = JSON.stringify({ access_token: 'x'.repeat(43), token_type: 'Bearer', expires_in: 3600, scope: 'read' });
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': reply.length }).end(reply);
  });
}).listen(${port}, '127.0.0.1');`;
writeFileSync(join(directory, 'bare.mjs'), bare);

const contenders = {
  'node:http, fixed reply': { file: join(directory, 'bare.mjs') },
  'grantRouter, opaque tokens': { file: join(here, 'servers/express-client-auth.js'), env: { TOKEN_FORMAT: 'opaque' } },
  'grantRouter, JWT access tokens': {
    file: join(here, 'servers/express-client-auth.js'),
    env: { TOKEN_FORMAT: 'jwt' },
  },
};
const results = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const [name, contender] of Object.entries(contenders)) results[name].push(await measure(contender));
}
const [floor] = Object.values(results).map(median);
for (const [name, figures] of Object.entries(results)) {
  const cpu = median(figures);
  console.log(
    `${name.padEnd(32)} ${cpu.toFixed(0).padStart(5)} µs CPU per request   ${(cpu / floor).toFixed(2)} x node:http`,
  );
}
rmSync(directory, { recursive: true, force: true });

async function measure({ file, env = {} }) {
  const child = spawn(process.execPath, [file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      PORT: String(port),
      ISSUER: `http://127.0.0.1:${port}`,
      CLIENTS_FILE: join(directory, 'clients.json'),
      ...env,
    },
  });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  await untilReady(agent);
  await load(agent, requests / 4);
  const before = cpuTime(child.pid);
  await load(agent, requests);
  const used = cpuTime(child.pid) - before;
  agent.destroy();
  child.kill('SIGTERM');
  await new Promise((done) => child.once('exit', done));
  return used / requests;
}

async function untilReady(agent) {
  for (let attempt = 0; ; attempt++) {
    try {
      await token(agent, 0);
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}

async function load(agent, count) {
  let next = 0;
  const worker = async () => {
    while (next < count) await token(agent, next++);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

function token(agent, index) {
  const { client_id: id, client_secret: secret } = clients[index % clients.length];
  const headers = {
    Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
    'Content-Type': 'application/x-www-form-urlencoded',
  };
  return new Promise((done, failed) => {
    const request = http.request(
      { agent, port, host: '127.0.0.1', path: '/oauth2/token', method: 'POST', headers },
      (reply) => {
        reply
          .resume()
          .on('end', () => (reply.statusCode === 200 ? done() : failed(new Error(`status ${reply.statusCode}`))));
      },
    );
    request.on('error', failed);
    request.end('grant_type=client_credentials&scope=read');
  });
}

/** Microseconds of CPU a process has used, from Linux's /proc. */
function cpuTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const ticksPerSecond = 100;
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6;
}

function median(figures) {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)];
}

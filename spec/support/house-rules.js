// The rules of the house that a compiler does not know. Run by `npm run check`; prints each breach and exits 1.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const maximumLines = 400;
const breaches = [];

const sources = new Map(
  ['index.ts', ...['lib', 'strategies', 'testing', 'example-app', 'command-line'].flatMap(filesBelow)].map((path) => [
    path,
    read(path),
  ]),
);

for (const [path, { text, imports }] of sources) {
  checkLayers(path, imports);
  checkStore(path, imports);
  checkName(path);
  const lines = text.split('\n').length;
  if (lines > maximumLines) breaches.push(`${path}: ${lines} lines; no file passes ${maximumLines}`);
  // Router and strategies must work without Express, so nothing below lib/ may lean on what it adds to a response.
  if (/^(lib|strategies)\//.test(path) && /\b(res|response)\.(json|send|status|set|redirect|cookie)\(/.test(text)) {
    breaches.push(`${path}: uses a member of Express's response`);
  }
}
checkCycles();

if (breaches.length > 0) {
  console.error(`The rules of the house are broken:\n  ${breaches.join('\n  ')}`);
  process.exit(1);
}
console.log(`The rules of the house hold in ${sources.size} files.`);

function filesBelow(directory) {
  return readdirSync(join(root, directory), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function read(path) {
  const text = readFileSync(join(root, path), 'utf8');
  const imports = [...text.matchAll(/^(?:import|export)\s([^'";]*?from\s*)?'([^']+)'|\bimport\('([^']+)'\)/gm)].map(
    ([statement, , from, dynamic]) => ({ target: from ?? dynamic, type: /^(import|export) type /.test(statement) }),
  );
  return { text, imports: imports.map((each) => ({ ...each, path: local(path, each.target) })) };
}

/** The source file a relative import means, or undefined for a package. */
function local(importer, target) {
  if (!target.startsWith('.')) return undefined;
  return normalize(join(dirname(importer), target)).replace(/\.js$/, '.ts');
}

// command-line -> example-app -> index.ts -> strategies -> lib; never back. Nothing knows what is for tests.
function checkLayers(path, imports) {
  const mayImport = {
    lib: ['lib'],
    strategies: ['lib', 'strategies'],
    testing: ['lib', 'testing'],
    'index.ts': ['lib', 'strategies'],
    'example-app': ['example-app', 'index.ts'],
    'command-line': ['command-line', 'example-app', 'index.ts'],
  }[path.split('/')[0]];
  for (const { path: target } of imports) {
    if (target === undefined) continue;
    if (!mayImport.includes(target.split('/')[0])) breaches.push(`${path}: imports ${target}`);
    if (!sources.has(target)) breaches.push(`${path}: imports ${target}, which does not exist`);
  }
}

// A store knows only stores/store.ts and the files of its own name: redis.ts may import redis-address.ts.
function checkStore(path, imports) {
  const [, family] = /^lib\/stores\/(memory|lmdb|redis|postgres)(?:-[a-z-]+)?\.ts$/.exec(path) ?? [];
  if (family === undefined) return;
  for (const { path: target } of imports) {
    if (target !== undefined && !new RegExp(`^lib/stores/(store|${family}(-[a-z-]+)?)\\.ts$`).test(target)) {
      breaches.push(`${path}: a store knows only stores/store.ts and files named ${family}-*.ts, not ${target}`);
    }
  }
}

function checkName(path) {
  if (/(^|\/)(utils?|helpers?|common|misc|shared)(\.ts|\/)/.test(path)) breaches.push(`${path}: the name says nothing`);
}

// Types vanish at run time, so a type may point back; code may not.
function checkCycles() {
  const done = new Set();
  const visit = (path, trail) => {
    if (trail.includes(path)) {
      breaches.push(`import cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' -> ')}`);
      return;
    }
    if (done.has(path)) return;
    for (const { path: target, type } of sources.get(path)?.imports ?? []) {
      if (target !== undefined && !type) visit(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const path of sources.keys()) visit(path, []);
}

#!/usr/bin/env node
import { run } from './run.js';

// Who reads only the first lines must not end the work.
process.stdout.on('error', () => undefined);

void run(process.argv.slice(2), process.env, {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
}).then((code) => {
  process.exitCode = code;
});

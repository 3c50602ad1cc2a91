// `npm run reference`: writes docs/reference/ from the compiled package in the directory that is named, or in dist/. The
// second argument names another place to write to.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exportsPage } from './reference/exports-page.js';
import { optionPages } from './reference/option-pages.js';

const [compiled = 'dist', target = 'docs/reference'] = process.argv.slice(2);
const pages = { ...(await optionPages(resolve(compiled))), 'exports.md': exportsPage(resolve(compiled)) };
mkdirSync(target, { recursive: true });
for (const [name, text] of Object.entries(pages)) writeFileSync(join(target, name), text);

import { join } from 'node:path';
import { exportsOf } from './declarations.js';
import { sectionOf } from './sections.js';

const head = `# Every export, with its signature

Generated from the declarations of the package by \`npm run reference\`. By what you want to do:
[Every name](../names.md).
`;

/** The page of everything that \`import { ... } from 'express-client-auth'\` gives. */
export function exportsPage(compiled) {
  const names = [...exportsOf(join(compiled, 'index.d.ts'))].sort(([one], [other]) => one.localeCompare(other, 'en'));
  return `${[head, ...names.map(([name, declarations]) => entry(name, declarations))].join('\n')}`;
}

function entry(name, declarations) {
  const docs = declarations.map(({ doc }) => doc).filter(Boolean);
  const signature = declarations.map(({ text }) => shortened(text)).join('\n');
  const section = sectionOf(name);
  return [
    `## ${name}\n`,
    ...docs.map((doc) => `${doc}\n`),
    ...(section ? [`Members: [${section.title}](${section.page}#${section.anchor}).\n`] : []),
    `\`\`\`ts\n${signature}\n\`\`\`\n`,
  ].join('\n');
}

/** A schema has its members in the tables of the options; what is private is nobody's business. */
function shortened(text) {
  const schema = /^(export declare const \w+: z\.\w+)<\{\n/.exec(text);
  if (schema) return `${schema[1]}<...>;`;
  return text
    .split('\n')
    .filter((line) => !/^\s+(#private|private )/.test(line))
    .join('\n')
    .replace(/^export (declare )?/gm, '');
}

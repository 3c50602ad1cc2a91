import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { partOf, rowsOf } from './members.js';
import { sections } from './sections.js';

const titles = {
  'configuration.md': 'Every member of the configuration file',
  'clients.md': 'Every member of a client',
  'options.md': 'Every option in code',
};

const beside = {
  'configuration.md': 'What the server is and how it starts: [Configuration](../configuration.md).',
  'clients.md': 'How clients come in: [Registering clients](../registering-clients.md).',
  'options.md': 'With a word more where one is needed: [Options](../options.md).',
};

/** The pages of options, by file name. */
export async function optionPages(compiled) {
  const pages = {};
  for (const section of sections) {
    const text = await sectionText(section, compiled);
    pages[section.page] = `${pages[section.page] ?? headOf(section.page)}\n${text}`;
  }
  return pages;
}

function headOf(page) {
  return `# ${titles[page]}\n\nGenerated from the schemas of the options by \`npm run reference\`. ${beside[page]}\n`;
}

async function sectionText({ title, about, schema: [file, name], at, page, elsewhere, hasStanding }, compiled) {
  const module = await import(pathToFileURL(join(compiled, file)));
  const schema = partOf(z.toJSONSchema(module[name], { io: 'input', unrepresentable: 'any' }), at);
  const others = sections.filter((each) => each.schema[1] === name && each.at.length > at.length);
  const linkOf = (path) =>
    linkTo(
      others.find((each) => each.at.join('.') === [...at, ...path].join('.')) ??
        sections.find((each) => each.title === elsewhere?.[path.join('.')]),
      page,
    );
  const rows = rowsOf(schema, linkOf);
  const silent = rows.filter(({ meaning }) => meaning === undefined).map(({ member }) => `\`${member}\``);
  if (silent.length > 0 && !hasStanding) throw new Error(`${title}: nothing describes ${silent.join(', ')}`);
  const table = rows.filter(({ meaning }) => meaning !== undefined).map(rowText);
  return [
    `## ${title}\n`,
    `${about}\n`,
    '| member | type | default | meaning |\n| --- | --- | --- | --- |',
    ...table,
    ...(silent.length > 0 ? [`\nKnown, kept and answered, and without effect here: ${silent.join(', ')}.`] : []),
    '',
  ].join('\n');
}

function linkTo(other, page) {
  return other && `[${other.title}](${other.page === page ? '' : other.page}#${other.anchor})`;
}

function rowText({ member, type, fallback, meaning }) {
  return `| \`${member}\` | ${cell(type)} | ${cell(fallback)} | ${cell(withLinks(meaning))} |`;
}

function cell(text) {
  return text.replaceAll('|', '\\|');
}

/** A page that a description names, as a link by its title. */
function withLinks(text) {
  return text.replace(/docs\/([\w.-]+\.(?:md|json))(#[\w-]+)?/g, (_, page, anchor = '') => {
    if (page.endsWith('.json')) return `[${page}](../${page})`;
    const [, title] = /^# (.+)$/m.exec(readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8'));
    return `[${title}](../${page}${anchor})`;
  });
}

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The statements of a declaration file as tsc writes it: each begins in the first column, and whatever else does is a
 * closing bracket or its docstring. Answers `{ text, doc }`.
 */
export function statementsOf(source) {
  const statements = [];
  let lines = [];
  let doc;
  let isInDoc = false;
  for (const line of source.split('\n')) {
    if (lines.length === 0 && line.startsWith('/**')) {
      doc = [];
      isInDoc = true;
    }
    if (isInDoc) {
      doc.push(line);
      isInDoc = !line.endsWith('*/');
      continue;
    }
    if (line === '' && lines.length === 0) continue;
    lines.push(line);
    const closes = /[;}]$/.test(line) && (lines.length === 1 ? !line.endsWith('{') : /^[}\])]/.test(line));
    if (!closes) continue;
    statements.push({ text: lines.join('\n'), doc: doc && prose(doc) });
    lines = [];
    doc = undefined;
  }
  if (lines.length > 0) throw new Error(`A declaration does not end: ${lines[0]}`);
  return statements;
}

function prose(lines) {
  return lines
    .map((line) =>
      line
        .replace(/^\s*\/?\*\*?\/?/, '')
        .replace(/\*\/$/, '')
        .trim(),
    )
    .join('\n')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .trim();
}

const declared = /^export (?:declare )?(?:abstract )?(?:class|const|function|interface|type) (\w+)/;

/** The exports of a declaration file: the statements that declare it, by name. Re-exports are followed. */
export function exportsOf(file) {
  const all = statementsOf(readFileSync(file, 'utf8')).flatMap(({ text }) => {
    const path = reexported(text, file);
    if (path && text.startsWith('export *')) return [...exportsOf(path)];
    const names = path ? namesIn(text) : (declared.exec(text)?.slice(1) ?? []);
    return names.map((name) => [name, declarationsOf(path ?? file, name)]);
  });
  return new Map(all);
}

/** The file that a statement exports from, or undefined. */
function reexported(text, file) {
  const [, from] = /^export .*from '(\.[^']+)\.js';$/s.exec(text) ?? [];
  return from && join(dirname(file), `${from}.d.ts`);
}

function namesIn(text) {
  const names = text.slice(text.indexOf('{') + 1, text.indexOf('}')).split(',');
  return names.map((name) => name.trim().replace(/^type /, '')).filter(Boolean);
}

function declarationsOf(file, name) {
  const statements = statementsOf(readFileSync(file, 'utf8'));
  const own = statements.filter(({ text }) => declared.exec(text)?.[1] === name);
  if (own.length > 0) return own;
  const other = statements.find(({ text }) => reexported(text, file) && namesIn(text).includes(name));
  if (!other) throw new Error(`${file} declares no ${name}`);
  return declarationsOf(reexported(other.text, file), name);
}

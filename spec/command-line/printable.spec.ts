import { describe, expect, it } from '@jest/globals';
import { printableJson, printableText } from '../../command-line/printable.js';
import { columns } from '../../command-line/table.js';
import { runHere } from './run-here.js';

const [esc, csi] = ['\u001b', '\u009b'];
/** What moves a cursor, colours, turns text around or breaks a line elsewhere than at a line end. */
const steering = [esc, csi, '\u0007', '\r', '\u007f', '\u202e', '\u2066', '\u200f', '\u2028', '\ufeff', '\u{e0001}'];

describe('what strangers chose', () => {
  it.each(steering.map((each) => [`U+${each.codePointAt(0)?.toString(16)}`, each]))(
    '%s never reaches a terminal',
    (_name, character) => {
      expect(printableText(`a${character}b\n\tc`)).toBe('a?b\n\tc');
      const json = printableJson({ [character]: `a${character}b` });
      expect(json).not.toContain(character);
      expect(JSON.parse(json)).toEqual({ [character]: `a${character}b` });
    },
  );

  it('no cell of a table begins a line of its own', () => {
    expect(
      columns([
        ['a\nadmin', `b${esc}`],
        ['c', 'd\te'],
      ]),
    ).toEqual(['a?admin  b?', 'c        d?e']);
  });

  it('words of every language stay as they are', () => {
    const words = 'Bücher 書籍 كتب 📚';
    expect(printableText(words)).toBe(words);
    expect(printableJson(words)).toBe(JSON.stringify(words));
  });

  it('holds for what a command says of a mistake too', async () => {
    const { code, error } = await runHere('client', 'show', `a${esc}[2J`, `b${csi}`);
    expect(code).toBe(2);
    const unknown = await runHere(`stop${esc}[2J`);
    expect(unknown).toMatchObject({ code: 2, out: '' });
    expect(unknown.error + error).not.toMatch(new RegExp(steering.join('|'), 'u'));
    expect(unknown.error).toContain('stop?[2J');
  });
});

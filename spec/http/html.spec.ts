import { describe, expect, it } from '@jest/globals';
import { escapeHtml, type Html, html } from '../../lib/http/html.js';

describe('html', () => {
  it('AUT-02 escapes every character that could end a text or an attribute', () => {
    expect(escapeHtml(`<a href="x" title='y'>&\``)).toBe('&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;&#96;');
  });

  it('escapes what is put in and leaves its own text alone', () => {
    const { markup } = html`<p title="${'" onclick="x'}">${'<script>'}</p>`;
    expect(markup).toBe('<p title="&quot; onclick=&quot;x">&lt;script&gt;</p>');
  });

  it('takes markup of its own, lists of it and nothing at all', () => {
    const items = ['a', '<'].map((text) => html`<li>${text}</li>`);
    expect(html`<ul>${items}${undefined}${false}</ul>${3}`.markup).toBe('<ul><li>a</li><li>&lt;</li></ul>3');
  });

  it('does not take an object from outside for markup', () => {
    const foreign: Html = { markup: '<script>' };
    expect(html`<p>${foreign}</p>`.markup).toBe('<p></p>');
    expect(html`<p>${[foreign]}</p>`.markup).toBe('<p></p>');
  });
});

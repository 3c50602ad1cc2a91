import { describe, expect, it } from '@jest/globals';
import { html } from '../../example-app/pages/html.js';

describe('markup', () => {
  it('escapes what is put into it, and nothing twice', () => {
    const item = html`<b>${`<&"'>`}</b>`;
    expect(html`<p title="${'"'}">${[item, 'a<b']}${undefined}${1}</p>`.text).toBe(
      '<p title="&quot;"><b>&lt;&amp;&quot;&#39;&gt;</b>a&lt;b1</p>',
    );
  });
});

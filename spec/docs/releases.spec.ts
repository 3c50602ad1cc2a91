import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { safeLoad } from 'js-yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const page = read('docs/releases.md');
const manifest = JSON.parse(read('package.json'));
const spoken = page.replaceAll('\n', ' ');

interface Workflow {
  readonly permissions: object;
  readonly jobs: { readonly publish: { readonly permissions: object; readonly steps: readonly { run?: string }[] } };
}

describe('docs/releases.md', () => {
  it('says what package.json says', () => {
    expect(manifest.engines.node).toBe('>=20.19');
    expect(spoken).toContain('Node | 20.19 or newer, as `engines` says');
    expect(manifest.peerDependencies.express).toBe('^4.18.0 || ^5.0.0');
    expect(spoken).toContain('Express | 4.18 or newer, and 5.');
    expect(manifest.publishConfig).toEqual({ access: 'public', provenance: true });
    for (const name of Object.keys(manifest.dependencies).filter((each) => !each.startsWith('@types/'))) {
      expect(spoken).toMatch(new RegExp(`Six packages of code are dependencies: [^.]*\\b${name}\\b`));
    }
  });

  it('has a workflow that checks everything, then publishes with provenance and without a stored token', () => {
    const { permissions, jobs } = safeLoad(/```yaml\n(.*?)```/s.exec(page)?.[1] ?? '') as Workflow;
    expect(permissions).toEqual({});
    expect(jobs.publish.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    const commands = jobs.publish.steps.flatMap(({ run }) => run ?? []);
    expect([commands.at(0), commands.at(-1)]).toEqual(['.ci/run', 'npm publish --provenance']);
    expect(commands.join('\n')).not.toContain('TOKEN');
    expect(existsSync(join(root, '.ci/run'))).toBe(true);
    expect(manifest.scripts).toHaveProperty('sbom');
  });
});

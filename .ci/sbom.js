// `npm run sbom`: the bill of materials of what adopters install, CycloneDX JSON on stdout. `npm sbom --omit dev` leaves
// out whatever a development package needs too, such as jose, so the whole list is taken and cut here.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { name, version, dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const command = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'library', '--package-lock-only'];
const bill = JSON.parse(execFileSync('npm', command, { maxBuffer: 2 ** 26, stdio: ['ignore', 'pipe', 'inherit'] }));
const root = bill.metadata.component['bom-ref'];
const needs = new Map(bill.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
const isOurs = (ref) => Object.hasOwn(dependencies, ref.slice(0, ref.lastIndexOf('@')));

const direct = needs.get(root).filter(isOurs);
const shipped = new Set(direct);
for (const ref of shipped) for (const next of needs.get(ref) ?? []) shipped.add(next);

const cut = {
  ...bill,
  metadata: { ...bill.metadata, component: { ...bill.metadata.component, name, version } },
  components: bill.components.filter((component) => shipped.has(component['bom-ref'])),
  dependencies: [
    { ref: root, dependsOn: direct },
    ...bill.dependencies.filter(({ ref }) => ref !== root && shipped.has(ref)),
  ],
};
process.stdout.write(`${JSON.stringify(cut, null, 2)}\n`);

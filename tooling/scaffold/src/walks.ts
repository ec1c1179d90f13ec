import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { guideSteps, type Step } from './guide.ts';
import { REPOSITORY } from './published-packages.ts';

/** A way from an empty folder to a device at work in Linux. */
export interface Walk {
  readonly name: string;
  readonly steps: readonly Step[];
}

const GUIDE = 'docs/guides/virtio-device-in-ten-minutes.md';

const here = (script: string, output: string): readonly Step[] => [
  { kind: 'run', line: 0, script },
  { kind: 'see', line: 0, output },
];

// The count goes up by what is written, and at the limit the status says so.
const COUNTER = `
node=$(echo /proc/device-tree/soc/counter@*)
base=0x\${node##*@}
busybox devmem $((base + 0x04)) 32 2
busybox devmem $((base + 0x04)) 32 3
for register in 0x00 0x04 0x08 0x0c; do busybox devmem $((base + register)) 32; done
`;

/** Every kind of plugin once, the virtio device by way of its guide. */
export const walks = (): readonly Walk[] => [
  { name: `the guide, ${GUIDE}`, steps: guideSteps(readFileSync(join(REPOSITORY, GUIDE), 'utf8')) },
  {
    name: 'a memory-mapped device',
    steps: [
      {
        kind: 'run',
        line: 0,
        script: `
mkdir lamp
cd lamp
pnpm create vivarium-plugin . --name @me/lamp --kind device --license Apache-2.0 --yes
pnpm install
pnpm lint
pnpm test
pnpm build
`,
      },
      ...here(
        `pnpm --silent viv run debian --plugin .,limit=5 --exec '${COUNTER}'`,
        '0x434E5452\n0x00000005\n0x00000005\n0x00000001\n',
      ),
    ],
  },
];

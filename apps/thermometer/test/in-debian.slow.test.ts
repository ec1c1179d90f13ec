import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Runs a command in Debian with a thermometer, by the command line that anybody has. */
const inDebian = (options: string, command: string): string =>
  execFileSync(
    process.execPath,
    [
      ...['--conditions=@vivarium/source', path('../../../packages/cli/src/main.ts'), 'run', 'debian'],
      ...['--timeout', '300', '--plugin', `${path('..')}${options}`, `--exec=${command}`],
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );

const NODE = 'node=$(echo /proc/device-tree/soc/thermometer@*)';

describe('the thermometer inside Linux', () => {
  it('is found by its name in the device tree, and read', () => {
    const read = `${NODE}; printf "%d\\n" "$(busybox devmem $((0x\${node##*@} + 4)) 32)"`;
    expect(inDebian(',millidegrees=36600', read)).toBe('36600\n');
  });

  it('says what it is', () => {
    const output = inDebian('', `${NODE}; tr '\\0' '\\n' <$node/compatible; busybox devmem 0x\${node##*@} 32`);
    expect(output).toBe('vivarium,thermometer\n0x4D524854\n');
  });
});

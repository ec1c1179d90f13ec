import { describe, expect, it } from 'vitest';
import { checkExamples, codeBlocks } from '../src/documents/check-examples.ts';
import { checkLinks } from '../src/documents/check-links.ts';
import { ScratchWorkspace } from './scratch-workspace.ts';

/** What the check says about this example in the README of a device that may import the contracts. */
const found = (code: string): string[] => {
  using scratch = new ScratchWorkspace();
  scratch.write('packages/devices/lamp/README.md', `# Lamp\n\n\`\`\`ts\n${code}\`\`\`\n`);
  return checkExamples(scratch.read())
    .map(({ what }) => what)
    .filter((what) => !what.includes("'node'"));
};

describe('examples', () => {
  it('are the blocks of TypeScript', () => {
    expect(codeBlocks('```sh\nls\n```\n\n```ts\nconst a = 1;\n```\ntext\n```ts\nb();\n```\n')).toEqual([
      'const a = 1;\n',
      'b();\n',
    ]);
  });

  it('may import what their package can', () => {
    expect(
      found("import { name } from '@vivarium/contracts';\nexport const upper: string = name.toUpperCase();\n"),
    ).toEqual([]);
  });

  it('may import their own package', () => {
    expect(
      found("import { name } from '@vivarium/device-lamp';\nexport const upper: string = name.toUpperCase();\n"),
    ).toEqual([]);
  });

  it('must compile', () => {
    expect(found("import { name } from '@vivarium/contracts';\nexport const wrong: number = name;\n")).toEqual([
      "line 2 of its example: Type 'string' is not assignable to type 'number'.",
    ]);
    expect(found("import { name } from '@vivarium/kernel';\nname;\n").join()).toContain(
      "Cannot find module '@vivarium/kernel'",
    );
  });
});

describe('links', () => {
  it('lead somewhere', () => {
    using scratch = new ScratchWorkspace();
    scratch.write(
      'docs/page.md',
      '[kernel](../packages/kernel) [web](https://www.debian.org/) [here](#part) [gone](gone.md#part)\n',
    );
    expect(checkLinks(scratch.read()).map(({ what }) => what)).toEqual(['leads nowhere: gone.md']);
  });
});

/** One thing that a reader of a guide does, or sees. `line` is where it stands in the Markdown. */
export type Step =
  | { readonly kind: 'run'; readonly line: number; readonly script: string }
  /** What the commands just before print. */
  | { readonly kind: 'see'; readonly line: number; readonly output: string }
  | { readonly kind: 'write'; readonly line: number; readonly file: string; readonly text: string };

/**
 * The steps of a guide, from its blocks of code: `sh` is run, `text` after it is what it prints, and a block with
 * `file=path` behind its language is the whole of that file. Any other block is refused: a guide shows nothing that is
 * not tried.
 */
export const guideSteps = (markdown: string): readonly Step[] => {
  const steps: Step[] = [];
  for (const { index, 1: info = '', 2: body = '' } of markdown.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)) {
    const line = markdown.slice(0, index).split('\n').length;
    const [language, file] = info.split(/\s+file=/);
    if (file !== undefined) steps.push({ kind: 'write', line, file, text: body });
    else if (language === 'sh') steps.push({ kind: 'run', line, script: body });
    else if (language === 'text' && steps.at(-1)?.kind === 'run') steps.push({ kind: 'see', line, output: body });
    else throw new Error(`line ${line}: nothing is done with a block "${info}" here`);
  }
  return steps;
};

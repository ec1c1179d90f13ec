import type { Ending, Problem } from '../protocol.ts';

/** What the overlay says. */
export interface OverlayText {
  readonly title: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly code?: string;
}

export const problemText = (title: string, { code, message, hint }: Problem): OverlayText => ({
  title,
  message,
  hint,
  code,
});

export const endingText = (ending: Ending): OverlayText => {
  switch (ending.kind) {
    case 'power-off':
      return { title: 'Powered off', message: 'The guest has shut itself down.' };
    case 'stopped':
      return { title: 'Switched off', message: 'The machine was switched off.' };
    case 'failure':
      return {
        title: 'Powered off with a failure',
        message: `The guest ended with failure code ${ending.code}.`,
        hint: 'It says why on its console.',
      };
    case 'fault':
      return problemText('The guest has crashed', ending.problem);
  }
};

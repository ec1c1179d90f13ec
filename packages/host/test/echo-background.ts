import type { BackgroundModule } from '@vivarium/contracts';

/** Gives back what it gets, and dies of `die`. */
export const openBackground: BackgroundModule['openBackground'] = (answer) => (message) => {
  if (message === 'die') throw new Error('it was asked to');
  answer({ echo: message });
};
